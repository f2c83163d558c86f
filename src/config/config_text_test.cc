// The texts of configuration: files, environment, printable text, and errors that say where a value was set. Precedence
// and bounds of options are in config_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"
#include "config/file.h"
#include "config/printable.h"

namespace triggers::config {
namespace {

using testing::HasSubstr;

/// The value of the file's one line; `error: …` if it is refused.
std::string value_in(const std::string& text) {
  const auto lines = parse_lines(text, "file");
  if (!lines) return "error: " + lines.error().message;
  return lines->empty() ? "no line" : lines->front().value;
}

TEST(FileText, CommentsQuotesAndBlanksAreRemovedFromAValue) {
  for (const auto& [text, value] :
       std::vector<std::pair<std::string, std::string>>{{"data-dir = /x   # main disk", "/x"},
                                                        {"data-dir=/x\t#main disk", "/x"},
                                                        {"  data-dir\t=\t/x \r\n", "/x"},
                                                        {"data-dir = \"/x y\"   # main disk", "/x y"},
                                                        {"data-dir = '/x y'", "/x y"},
                                                        {"data-dir = '/x \"y\"'", "/x \"y\""},
                                                        {"data-dir = \" /x # y \"", " /x # y "},
                                                        {"data-dir = /x#y", "/x#y"},
                                                        {"data-dir = it's", "it's"},
                                                        {"data-dir =", ""},
                                                        {"data-dir = # nothing", ""},
                                                        {"data-dir = \"\"", ""},
                                                        {"\xef\xbb\xbf"
                                                         "data-dir = /x",
                                                         "/x"},
                                                        {"\xef\xbb\xbf# a comment", "no line"}}) {
    EXPECT_EQ(value_in(text), value) << text;
  }
}

TEST(FileText, AmbiguousTextIsRefusedWithItsLine) {
  const std::string quote = "error: file:2: a quoted value ends with the same quote, and only a comment follows it";
  for (const auto* text :
       {"\ndata-dir = \"/x", "\ndata-dir = '/x\"", "\ndata-dir = \"/x\" y", "\ndata-dir = \"a\"b\""}) {
    EXPECT_EQ(value_in(text), quote) << text;
  }
  EXPECT_EQ(value_in(std::string("\xff\xfe"
                                 "d\0",
                                 4)),
            "error: file: is not UTF-8: save it as UTF-8");
  EXPECT_EQ(value_in(std::string("p\0o\0", 4)), "error: file: is not UTF-8: save it as UTF-8");
}

TEST(FileText, InvisibleCharactersInANameAreShownEscaped) {
  EXPECT_EQ(value_in("\xc2\xa0port = 1"), "error: file:1: unknown option `\\u{00a0}port`; did you mean `port`?");
  EXPECT_EQ(value_in("port\xe2\x80\x8b = 1"), "error: file:1: unknown option `port\\u{200b}`; did you mean `port`?");
  EXPECT_EQ(value_in("po\x1brt = 1"), "error: file:1: unknown option `po\\x1brt`; did you mean `port`?");
}

TEST(FileText, AFileThatCannotBeReadSaysWhy) {
  EXPECT_EQ(read_file("/nope").error().message, "/nope: cannot be read: No such file or directory");
  EXPECT_EQ(read_file("/tmp").error().message, "/tmp: cannot be read: Is a directory");
}

TEST(Printable, ShowsInvisibleCharacters) {
  EXPECT_EQ(printable("Größe 1"), "Größe 1");
  EXPECT_EQ(printable("a\r\n\t\x7f"), "a\\x0d\\x0a\\x09\\x7f");
  EXPECT_EQ(printable("a\xff"
                      "ö"),
            "a\\xff\\xc3\\xb6");
  EXPECT_EQ(printable("\xef\xbb\xbf"
                      "a\xe2\x80\xae"
                      "b\xe3\x80\x80"),
            "\\u{feff}a\\u{202e}b\\u{3000}");
  EXPECT_EQ(printable(std::string(1000, 'x')).size(), 200U);
}

/// Settings of an environment.
Settings settings_of(std::vector<std::pair<std::string, std::string>> variables, const NamedValues& flags = {}) {
  auto settings = load(flags, [variables](const std::string& name) -> std::optional<std::string> {
    for (const auto& [known, value] : variables) {
      if (known == name) return value;
    }
    return std::nullopt;
  });
  EXPECT_TRUE(settings.ok()) << (settings.ok() ? "" : settings.error().message);
  return settings.ok() ? *std::move(settings) : Settings{};
}

TEST(EnvironmentText, QuotesAreRemovedFromAValue) {
  EXPECT_EQ(settings_of({{"PORT", "\"9000\""}}).config.port, 9000);
  EXPECT_EQ(settings_of({{"DATA_DIR", "'/x y'"}}).config.data_dir, "/x y");
  EXPECT_EQ(settings_of({{"API_TITLE", "\"Best\" API"}}).config.api_title, "\"Best\" API");
  EXPECT_EQ(settings_of({{"DATA_DIR", "/x\r"}}).config.data_dir, "/x");
}

TEST(EnvironmentText, LevelsAndSchemesIgnoreCase) {
  EXPECT_EQ(settings_of({{"LOG_LEVEL", "WARN"}}).config.log_level, log::Level::warning);
  EXPECT_EQ(settings_of({{"LOG_LEVEL", "Error"}}).config.log_level, log::Level::error);
  EXPECT_EQ(settings_of({{"DYNAMODB_ENDPOINT_URL", "HTTP://localhost:8001"}}).config.dynamodb_endpoint_url,
            "http://localhost:8001");
  EXPECT_EQ(settings_of({{"CORS_ALLOW_ORIGINS", "HTTPS://App.Example"}}).config.cors_allow_origins,
            std::vector<std::string>{"https://app.example"});
}

TEST(Origins, AreAddedForTheValuesThatAMessageNames) {
  const auto settings = settings_of({{"HOST", "x86_64-conda-linux-gnu"}, {"PORT", "80"}, {"DATA_DIR", "/data"}});
  EXPECT_EQ(with_origins("cannot listen on x86_64-conda-linux-gnu:8000: Host not found", settings),
            "cannot listen on x86_64-conda-linux-gnu:8000: Host not found (host is set by environment HOST)");
  EXPECT_EQ(with_origins("cannot listen on ::1:80: Address in use", settings),
            "cannot listen on ::1:80: Address in use (port is set by environment PORT)");
  EXPECT_EQ(with_origins("cannot make /data/db", settings),
            "cannot make /data/db (data-dir is set by environment DATA_DIR)");
  EXPECT_EQ(with_origins("cannot make /database", settings), "cannot make /database");
  EXPECT_EQ(with_origins("cannot listen on x:1", settings_of({}, {{"host", "x"}})), "cannot listen on x:1");
  EXPECT_EQ(with_origins("cannot reach 10.0.0.1:4566: refused",
                         settings_of({{"DYNAMODB_ENDPOINT_URL", "http://10.0.0.1:4566"}})),
            "cannot reach 10.0.0.1:4566: refused (dynamodb-endpoint-url is set by environment DYNAMODB_ENDPOINT_URL)");
  EXPECT_EQ(with_origins("status 80, true", settings_of({{"PORT", "80"}, {"ACCESS_LOG", "true"}})), "status 80, true");
}

TEST(Origins, AMessageIsOneLineWhateverIsInItsValues) {
  EXPECT_EQ(with_origins("no a\nb\x1b", settings_of({})), "no a\\x0ab\\x1b");
  const auto error = load({{"config", "/no\nwhere"}}, {}).error();
  EXPECT_EQ(error.message, "/no\\x0awhere: cannot be read: No such file or directory");
}

TEST(Values, HostAndDataDirAreNotEmpty) {
  for (const auto* name : {"host", "data-dir"}) {
    const auto refused = load({{name, " "}}, {});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().message,
              std::string(name) + " =   (flag --" + name + ") is refused: it must be one line of text, not empty");
  }
}

TEST(Origins, AreAddedForOptionsThatDependOnEachOther) {
  const auto refusal = [](const char* name, const char* value) {
    return load({},
                [=](const std::string& asked) {
                  return asked == name ? std::optional<std::string>(value) : std::nullopt;
                })
        .error()
        .message;
  };
  EXPECT_THAT(refusal("TLS_CERT", "a.pem"), HasSubstr("beside tls-cert (environment TLS_CERT), tls-key is missing"));
  EXPECT_THAT(refusal("MAX_PAYLOAD_SIZE_BYTES", "999999"), HasSubstr("(environment MAX_PAYLOAD_SIZE_BYTES) = 999999"));
  EXPECT_THAT(refusal("STORE", "dynamodb"), HasSubstr("store (environment STORE)"));
  EXPECT_EQ(refusal("TRIGGERS_CONFIG", "/nope"),
            "/nope: cannot be read: No such file or directory (environment TRIGGERS_CONFIG)");
}

}  // namespace
}  // namespace triggers::config
