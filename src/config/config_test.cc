// Options, their bounds and their sources (config.h), flags (flags.h) and the printed configuration (render.h). How
// texts of files and the environment are read is in config_text_test.cc.

#include "config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <boost/json.hpp>
#include <fstream>
#include <map>
#include <set>

#include "config/file.h"
#include "config/flags.h"
#include "config/render.h"

namespace triggers::config {
namespace {

using testing::HasSubstr;

Environment environment(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

Settings loaded(const NamedValues& flags, std::map<std::string, std::string> env = {}) {
  auto settings = load(flags, environment(std::move(env)));
  EXPECT_TRUE(settings.ok()) << (settings.ok() ? "" : settings.error().message);
  return settings.ok() ? *std::move(settings) : Settings{};
}

std::string refusal(const NamedValues& flags, std::map<std::string, std::string> env = {}) {
  const auto settings = load(flags, environment(std::move(env)));
  EXPECT_FALSE(settings.ok());
  return settings.ok() ? "" : settings.error().message;
}

Source source_of(const Settings& settings, std::string_view name) {
  for (const auto& setting : settings.values) {
    if (setting.option->name == name) return setting.source;
  }
  ADD_FAILURE() << name;
  return Source::default_value;
}

class ConfigFile : public testing::Test {
 protected:
  std::string write(std::string_view text) {
    std::ofstream(path_, std::ios::binary) << text;
    return path_;
  }
  void TearDown() override { std::remove(path_.c_str()); }

 private:
  std::string path_ = testing::TempDir() + "triggers_config_test_" +
                      testing::UnitTest::GetInstance()->current_test_info()->name() + "_" + std::to_string(::getpid());
};

TEST(Options, DefaultsAreWithinTheirOwnBounds) {
  const auto config = loaded({}).config;
  EXPECT_EQ(config.host, "0.0.0.0");
  EXPECT_EQ(config.port, 8000);
  EXPECT_EQ(config.data_dir, "./data");
  EXPECT_EQ(config.request_bytes_max, 512U * 1024);
  EXPECT_EQ(config.batch_bytes_max, 5U * 1024 * 1024);
  EXPECT_EQ(config.payload_bytes_max, 256U * 1024);
  EXPECT_EQ(config.dedup_window, std::chrono::seconds{300});
  EXPECT_EQ(config.event_ttl, std::chrono::days{30});
  EXPECT_EQ(config.default_rate_limit_per_minute, 100U);
  EXPECT_EQ(config.memory_budget_bytes, 192U * 1024 * 1024);
  EXPECT_EQ(config.api_title, "Triggers API");
  EXPECT_EQ(config.api_version, TRIGGERS_VERSION);
  EXPECT_TRUE(config.access_log);
  EXPECT_TRUE(config.trusted_proxies.empty());
}

TEST(Options, AreCompleteAndUnique) {
  std::set<std::string_view> names, variables;
  for (const auto& option : options()) {
    EXPECT_TRUE(names.insert(option.name).second) << option.name;
    EXPECT_TRUE(variables.insert(option.env).second) << option.env;
    EXPECT_FALSE(option.help.empty()) << option.name;
    EXPECT_FALSE(option.section.empty()) << option.name;
    EXPECT_NE(option.set, nullptr) << option.name;
  }
}

TEST(Options, KeepTheEnvironmentNamesOfTheProduct) {
  for (const auto* name :
       {"AWS_REGION", "DYNAMODB_ENDPOINT_URL", "DYNAMODB_TABLE_EVENTS", "DYNAMODB_TABLE_API_KEYS", "LOG_LEVEL",
        "EVENT_TTL_DAYS", "DEDUPLICATION_WINDOW_SECONDS", "DEFAULT_RATE_LIMIT_PER_MINUTE", "MAX_REQUEST_SIZE_BYTES",
        "MAX_PAYLOAD_SIZE_BYTES", "API_TITLE", "API_VERSION", "HOST", "PORT", "DATA_DIR"}) {
    EXPECT_TRUE(std::any_of(options().begin(), options().end(), [&](const Option& o) { return o.env == name; }))
        << name;
  }
}

TEST(Options, BoundsAreInclusive) {
  const auto& port = *find_option("port");
  EXPECT_TRUE(parse_value(port, "0"));
  EXPECT_TRUE(parse_value(port, " 65535 "));
  for (const auto* text : {"65536", "-1", "", "8000x", "0x50", "8e3", "8000.0", "+1", "99999999999999999999"}) {
    EXPECT_FALSE(parse_value(port, text)) << text;
  }
}

TEST(Options, WordsCompareWithoutCase) {
  EXPECT_EQ(loaded({{"log-level", "WARNING"}}).config.log_level, log::Level::warning);
  EXPECT_EQ(loaded({{"log-format", "Text"}}).config.log_format, log::Format::text);
  EXPECT_EQ(loaded({}).config.log_format, log::Format::automatic);
  EXPECT_FALSE(loaded({{"access-log", "Off"}}).config.access_log);
  EXPECT_FALSE(loaded({{"default-rate-limit-per-minute", "Unlimited"}}).config.default_rate_limit_per_minute);
  EXPECT_EQ(loaded({{"metrics-access", "open"}}).config.metrics_access, MetricsAccess::open);
}

TEST(Options, ListsAreChecked) {
  EXPECT_EQ(loaded({{"trusted-proxies", "10.0.0.0/8, ::1"}}).config.trusted_proxies.size(), 2U);
  EXPECT_EQ(loaded({{"cors-allow-origins", "https://a.example, http://localhost:3000"}}).config.cors_allow_origins,
            (std::vector<std::string>{"https://a.example", "http://localhost:3000"}));
  EXPECT_EQ(loaded({{"cors-allow-origins", "*"}}).config.cors_allow_origins, std::vector<std::string>{"*"});
  for (const auto* text :
       {"a.example", "https://a.example/", "https://", "*,https://a.example", "https://a.example,"}) {
    EXPECT_THAT(refusal({{"cors-allow-origins", text}}), HasSubstr("cors-allow-origins"));
  }
  EXPECT_THAT(refusal({{"trusted-proxies", "proxy"}}), HasSubstr("trusted-proxies = proxy"));
}

TEST(Options, OriginIsAsABrowserSendsItWithoutItsSchemesOwnPort) {
  EXPECT_EQ(loaded({{"cors-allow-origins",
                     "https://a.example:443, http://b.example:80,https://c.example:80,http://d.example:443"}})
                .config.cors_allow_origins,
            (std::vector<std::string>{"https://a.example", "http://b.example", "https://c.example:80",
                                      "http://d.example:443"}));
  for (const auto* text : {"https://:443", "http://:80"}) {
    EXPECT_THAT(refusal({{"cors-allow-origins", text}}), HasSubstr("cors-allow-origins"));
  }
}

TEST(Options, BasePathIsSegmentsThatNeedNoEscape) {
  const auto base_path = [](const char* text) { return loaded({{"base-path", text}}).config.base_path; };
  EXPECT_EQ(base_path(""), "");
  EXPECT_EQ(base_path("/"), "");
  EXPECT_EQ(base_path("/triggers"), "/triggers");
  EXPECT_EQ(base_path("/triggers/"), "/triggers");
  EXPECT_EQ(base_path("/team-a/v1.0_x~y"), "/team-a/v1.0_x~y");
  for (const auto* text : {"triggers", "//", "/a//b", "/a b", "/%61", "/../x", "/.", "/a?b", "/\xc3\xa9"}) {
    EXPECT_THAT(refusal({{"base-path", text}}), HasSubstr("base-path")) << text;
  }
}

TEST_F(ConfigFile, FlagWinsOverEnvironmentOverFileOverDefault) {
  const auto path = write("port = 1\nthreads = 1\nevent-ttl-days = 1\n");
  const auto settings = loaded({{"config", path}, {"port", "3"}}, {{"PORT", "2"}, {"THREADS", "2"}});
  EXPECT_EQ(settings.config.port, 3);
  EXPECT_EQ(settings.config.threads, 2U);
  EXPECT_EQ(settings.config.event_ttl, std::chrono::days{1});
  EXPECT_EQ(source_of(settings, "port"), Source::flag);
  EXPECT_EQ(source_of(settings, "threads"), Source::environment);
  EXPECT_EQ(source_of(settings, "event-ttl-days"), Source::file);
  EXPECT_EQ(source_of(settings, "host"), Source::default_value);
}

TEST_F(ConfigFile, IsFoundByTheEnvironmentToo) {
  EXPECT_EQ(loaded({}, {{"TRIGGERS_CONFIG", write("port = 7")}}).config.port, 7);
}

TEST_F(ConfigFile, TakesCommentsQuotesAndWindowsLines) {
  const auto path = write("# a comment\r\n\r\n  api-title = \"My # API = good\"  \r\nhost=localhost\r\ntls-cert =\r\n");
  const auto config = loaded({{"config", path}}).config;
  EXPECT_EQ(config.api_title, "My # API = good");
  EXPECT_EQ(config.host, "localhost");
}

TEST_F(ConfigFile, UnknownNameIsRefusedWithItsLineAndTheNearest) {
  const auto message = refusal({{"config", write("port = 1\n\nmax-conections = 5\n")}});
  EXPECT_THAT(message, HasSubstr(":3: unknown option `max-conections`; did you mean `max-connections`?"));
  EXPECT_THAT(refusal({{"config", write("LOG_LEVEL = info")}}), HasSubstr("did you mean `log-level`?"));
  EXPECT_THAT(refusal({{"config", write("zzzzzzzzzzz = 1")}}), testing::Not(HasSubstr("did you mean")));
}

TEST_F(ConfigFile, EveryBadLineIsRefusedWithItsNumber) {
  EXPECT_THAT(refusal({{"config", write("port 8000")}}), HasSubstr(":1: expected `name = value`"));
  EXPECT_THAT(refusal({{"config", write("[server]\nport = 1")}}), HasSubstr(":1: expected `name = value`"));
  EXPECT_THAT(refusal({{"config", write("port = 1\nport = 2")}}), HasSubstr(":2: `port` was already set in line 1"));
  EXPECT_THAT(refusal({{"config", write("config = other")}}), HasSubstr(":1: `config` cannot be set"));
  const auto path = write("\nport = 70000");
  EXPECT_THAT(refusal({{"config", path}}), HasSubstr("port = 70000 (" + path + ":2) is refused: it must be 0..65535"));
}

TEST(Load, MissingFileAndDirectoryAreRefused) {
  EXPECT_THAT(refusal({{"config", "/nonexistent/triggers.conf"}}), HasSubstr("/nonexistent/triggers.conf"));
  EXPECT_THAT(refusal({{"config", "/tmp"}}), HasSubstr("/tmp"));
}

TEST(Load, BadValueIsRefusedWithNameValueSourceAndBounds) {
  EXPECT_EQ(refusal({{"event-ttl-days", "0"}}),
            "event-ttl-days = 0 (flag --event-ttl-days) is refused: it must be 1..3650 days");
  EXPECT_EQ(refusal({}, {{"LOG_LEVEL", "loud"}}),
            "log-level = loud (environment LOG_LEVEL) is refused: it must be debug|info|warning|error");
  EXPECT_THAT(refusal({{"no-such", "1"}}), HasSubstr("--no-such"));
}

TEST(Load, InvalidTextIsRefusedInOneLineThatSaysWhatIsValid) {
  EXPECT_EQ(
      refusal({}, {{"API_TITLE", "a\xff\x1b[31m"}}),
      "api-title = a\\xff\\x1b[31m (environment API_TITLE) is refused: it must be UTF-8 without control characters");
  EXPECT_EQ(refusal({{"api-version", "1\n2"}}),
            "api-version = 1\\x0a2 (flag --api-version) is refused: it must be UTF-8 without control characters");
  EXPECT_EQ(refusal({{"host", "a\nb"}}),
            "host = a\\x0ab (flag --host) is refused: it must be one line of text, not empty");
  EXPECT_EQ(loaded({{"api-title", "Größe \"1\""}}).config.api_title, "Größe \"1\"");
  for (const auto& text : {std::string("ab"), std::string(256, 'a'), std::string("a b c"), std::string("tablé")}) {
    EXPECT_THAT(refusal({{"dynamodb-table-events", text}}), HasSubstr("it must be 3 to 255 of a-z A-Z 0-9 _ . -"));
  }
  EXPECT_TRUE(parse_value(*find_option("dynamodb-table-api-keys"), "My_table.2-" + std::string(244, 'x')));
}

TEST(Load, UrlWithAUserOrOfAnotherSchemeIsRefusedAndAPasswordIsNotPrinted) {
  for (const auto* text : {"http://anna:hunter2@localhost:8001", "ftp://anna:hunter2@x", "anna:hunter2@localhost"}) {
    EXPECT_EQ(refusal({{"dynamodb-endpoint-url", text}}),
              "dynamodb-endpoint-url = (redacted) (flag --dynamodb-endpoint-url) is refused: it must be "
              "http(s)://host[:port] without a user");
  }
  for (const auto* text : {"ftp://x", "localhost:8001", "http://", "http://x:99999"}) {
    EXPECT_THAT(refusal({{"dynamodb-endpoint-url", text}}), HasSubstr(std::string(" = ") + text + " ("));
  }
  EXPECT_EQ(loaded({{"dynamodb-endpoint-url", "https://[::1]:8001"}}).config.dynamodb_endpoint_url,
            "https://[::1]:8001");
  EXPECT_TRUE(parse_value(*find_option("dynamodb-endpoint-url"), ""));
}

TEST(Load, EmptyVariableIsUnset) { EXPECT_EQ(loaded({}, {{"PORT", ""}}).config.port, 8000); }

TEST(Load, OptionsThatDependOnEachOtherAreChecked) {
  EXPECT_THAT(refusal({{"tls-cert", "a.pem"}}), HasSubstr("tls-key is missing"));
  EXPECT_THAT(refusal({{"tls-key", "a.pem"}}), HasSubstr("tls-cert is missing"));
  EXPECT_EQ(loaded({{"tls-cert", "a"}, {"tls-key", "b"}}).config.tls_key_path, "b");
  EXPECT_THAT(refusal({{"max-request-size-bytes", "2048"}, {"max-payload-size-bytes", "2049"}}),
              HasSubstr("max-payload-size-bytes = 2049 must be at most max-request-size-bytes = 2048"));
  EXPECT_THAT(refusal({{"max-batch-size-bytes", "6000000"}, {"max-bodies-size-bytes", "11999999"}}),
              HasSubstr("max-bodies-size-bytes = 11999999 must be at least twice"));
  EXPECT_THAT(refusal({{"store", "dynamodb"}}), HasSubstr("aws-region must be given"));
}

TEST(Load, StoreIsDynamodbWhenOneOfItsOptionsIsGiven) {
  EXPECT_EQ(loaded({}, {}).config.store, Store::embedded);
  EXPECT_EQ(loaded({}, {{"AWS_REGION", "eu-west-1"}}).config.store, Store::embedded);
  const auto chosen = loaded({}, {{"AWS_REGION", "eu-west-1"}, {"DYNAMODB_TABLE_API_KEYS", "keys"}});
  EXPECT_EQ(chosen.config.store, Store::dynamodb);
  EXPECT_EQ(chosen.config.dynamodb_table_api_keys, "keys");
  EXPECT_EQ(chosen.config.dynamodb_table_events, "triggers-events");
  EXPECT_EQ(loaded({{"store", "embedded"}}, {{"DYNAMODB_TABLE_EVENTS", "events"}}).config.store, Store::embedded);
  EXPECT_EQ(loaded({}, {{"DYNAMODB_ENDPOINT_URL", "http://localhost:8001"}}).config.aws_region, "us-east-1");
}

TEST(Flags, ContainOnlyWhatWasOnTheCommandLine) {
  CLI::App app;
  Flags flags;
  flags.declare(*app.add_subcommand("serve"));
  flags.declare(*app.add_subcommand("config"));
  app.parse("config --port 9 --no-access-log --host ::1");
  EXPECT_EQ(flags.given(), (NamedValues{{"host", "::1"}, {"port", "9"}, {"access-log", "false"}}));
  const auto settings = flags.load(environment({}));
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(settings->config.port, 9);
  EXPECT_FALSE(settings->config.access_log);
}

TEST(Flags, BooleanTakesAValueToo) {
  for (const auto& [line, wanted] : {std::pair{"--access-log", "true"}, {"--access-log=off", "off"}}) {
    CLI::App app;
    Flags flags;
    flags.declare(app);
    app.parse(line);
    EXPECT_EQ(flags.given(), (NamedValues{{"access-log", wanted}}));
  }
}

TEST(Flags, MayBeASubset) {
  CLI::App app;
  Flags flags;
  constexpr std::array<std::string_view, 1> only{"data-dir"};
  flags.declare(app, only);
  EXPECT_THROW(app.parse("--port 9"), CLI::ParseError);
  app.parse("--data-dir /x --config /y");
  EXPECT_EQ(flags.given().size(), 2U);
}

TEST(Render, SecretsAreRedactedEverywhere) {
  constexpr Option secret{.name = "token", .env = "TOKEN", .type = Type::integer, .max = 5, .secret = true};
  Settings settings;
  settings.values.push_back({&secret, "hunter2", Source::flag});
  EXPECT_EQ(render_text(settings).find("hunter2"), std::string::npos);
  EXPECT_EQ(render_json(settings).find("hunter2"), std::string::npos);
  EXPECT_THAT(render_text(settings), HasSubstr("(redacted)"));
}

TEST(Render, TextAndJsonHaveEveryOption) {
  const auto settings = loaded({{"api-title", "a \"b\" \\ c"}});
  const auto text = render_text(settings);
  const auto parsed = boost::json::parse(render_json(settings));
  const auto& entries = parsed.at("options").as_array();
  ASSERT_EQ(entries.size(), options().size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(std::string_view(entries[i].at("name").as_string().c_str()), options()[i].name);
    EXPECT_THAT(text, HasSubstr(std::string(options()[i].name)));
  }
  EXPECT_THAT(render_json(settings), HasSubstr(R"("value":"a \"b\" \\ c","source":"flag")"));
}

TEST(Render, MarkdownHasOneRowForEachOptionWithItsCellsEscaped) {
  const auto markdown = render_markdown();
  for (const auto& option : options()) {
    EXPECT_THAT(markdown, HasSubstr("| `--" + std::string(option.name) + "` | `" + std::string(option.env) + "` |"));
  }
  EXPECT_THAT(markdown, HasSubstr("debug\\|info\\|warning\\|error"));
  EXPECT_THAT(markdown, HasSubstr("| `--port` | `PORT` | `8000` |  | 0..65535 | TCP port; 0 takes a free one. |"));
}

}  // namespace
}  // namespace triggers::config
