#include "config/config.h"

#include <algorithm>
#include <cstdlib>

#include "base/invariant.h"
#include "config/file.h"
#include "config/printable.h"

namespace triggers::config {
namespace {

/// A text for an option, and where it came from in words.
struct Given {
  std::string text;
  Source source = Source::default_value;
  std::string origin;
};

Error refuse(std::string message) { return {ErrorCode::invalid_argument, std::move(message)}; }

/// A URL with a user's name may hold a password.
bool holds_secret(const Option& option, std::string_view text) {
  return option.secret || (option.type == Type::url && text.find('@') != std::string_view::npos);
}

Error bad_value(const Option& option, const Given& given) {
  const auto bounds = bounds_text(option);
  std::string message(option.name);
  message.append(" = ").append(holds_secret(option, given.text) ? "(redacted)" : printable(given.text));
  message.append(" (").append(given.origin).append(") is refused: it must be ");
  message.append(bounds.empty() ? "one line of text" : bounds);
  if (!option.unit.empty()) message.append(" ").append(option.unit);
  return refuse(std::move(message));
}

std::optional<std::string> from_environment(const Option& option, const Environment& environment) {
  auto value = environment ? environment(std::string(option.env)) : std::nullopt;
  if (!value || value->empty()) return std::nullopt;
  // As in the file: what fills the environment from lines (docker --env-file, some CI) may leave the quotes in.
  const bool quoted =
      value->size() >= 2 && (value->front() == '"' || value->front() == '\'') && value->front() == value->back();
  if (quoted) value = value->substr(1, value->size() - 2);
  return value;
}

Given find_given(const Option& option, const NamedValues& flags, const Environment& environment,
                 const std::string& path, const std::vector<FileLine>& lines) {
  const auto flag = std::find_if(flags.rbegin(), flags.rend(), [&](const auto& f) { return f.first == option.name; });
  if (flag != flags.rend()) return {flag->second, Source::flag, std::string("flag --").append(option.name)};
  if (auto value = from_environment(option, environment)) {
    return {*std::move(value), Source::environment, std::string("environment ").append(option.env)};
  }
  const auto line = std::find_if(lines.begin(), lines.end(), [&](const auto& l) { return l.name == option.name; });
  if (line != lines.end()) return {line->value, Source::file, path + ":" + std::to_string(line->number)};
  return {std::string(option.default_value), Source::default_value, "default"};
}

Result<std::vector<FileLine>> read_lines(const std::string& path) {
  if (path.empty()) return std::vector<FileLine>{};
  return read_file(path);
}

/// A configuration that names a table or an endpoint of DynamoDB means this store.
void choose_store(Settings& settings) {
  Setting* store = nullptr;
  const Setting* given = nullptr;
  Setting* region = nullptr;
  for (auto& setting : settings.values) {
    if (setting.option->name == "store") store = &setting;
    if (setting.option->name == "aws-region") region = &setting;
    if (setting.option->name.starts_with("dynamodb-") && setting.source != Source::default_value) given = &setting;
  }
  INVARIANT(store != nullptr && region != nullptr);
  if (store->source == Source::default_value && given != nullptr) {
    store->value = "dynamodb";
    store->source = given->source;
    store->origin = given->origin;
    settings.config.store = Store::dynamodb;
  }
  // A local endpoint has no regions, but a signature must name one.
  if (settings.config.aws_region.empty() && !settings.config.dynamodb_endpoint_url.empty()) {
    settings.config.aws_region = region->value = "us-east-1";
  }
}

/// `NAME (where it is set)`; the name alone if it is set by a flag or not set.
std::string named(const Settings& settings, std::string_view name) {
  const auto setting = std::ranges::find(settings.values, name, [](const Setting& s) { return s.option->name; });
  INVARIANT(setting != settings.values.end(), "no option has the name %.*s", static_cast<int>(name.size()),
            name.data());
  std::string text(name);
  const bool hidden = setting->source == Source::environment || setting->source == Source::file;
  if (hidden) text.append(" (").append(setting->origin).append(")");
  return text;
}

Result<Done> check_together(const Settings& settings) {
  const auto& config = settings.config;
  if (config.tls_cert_path.empty() != config.tls_key_path.empty()) {
    const bool no_cert = config.tls_cert_path.empty();
    return refuse("tls-cert and tls-key must be given together; beside " +
                  named(settings, no_cert ? "tls-key" : "tls-cert") + ", " + (no_cert ? "tls-cert" : "tls-key") +
                  " is missing");
  }
  if (config.payload_bytes_max > config.request_bytes_max) {
    return refuse(named(settings, "max-payload-size-bytes") + " = " + std::to_string(config.payload_bytes_max) +
                  " must be at most " + named(settings, "max-request-size-bytes") + " = " +
                  std::to_string(config.request_bytes_max));
  }
  // A body that comes in chunks grows by doubling, and may take almost twice its size.
  const std::size_t largest = std::max(config.request_bytes_max, config.batch_bytes_max);
  if (config.bodies_bytes_max < 2 * largest) {
    return refuse(named(settings, "max-bodies-size-bytes") + " = " + std::to_string(config.bodies_bytes_max) +
                  " must be at least twice the larger of " + named(settings, "max-request-size-bytes") + " and " +
                  named(settings, "max-batch-size-bytes") + " = " + std::to_string(largest));
  }
  if (config.store == Store::dynamodb && config.aws_region.empty()) {
    return refuse("aws-region must be given with store = dynamodb" +
                  (named(settings, "store") == "store" ? std::string() : ": " + named(settings, "store")));
  }
  return Done{};
}

}  // namespace

std::string_view source_name(Source source) noexcept {
  switch (source) {
    case Source::default_value: return "default";
    case Source::file: return "file";
    case Source::environment: return "environment";
    case Source::flag: return "flag";
  }
  return {};
}

std::string display_value(const Setting& setting) {
  return setting.option->secret && !setting.value.empty() ? "(redacted)" : setting.value;
}

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const auto* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

Result<Settings> load(const NamedValues& flags, const Environment& environment) {
  for (const auto& [name, value] : flags) {
    if (find_option(name) == nullptr) return refuse(std::string("unknown option --").append(name));
  }
  const auto* config_option = find_option("config");
  INVARIANT(config_option != nullptr);
  const auto file = find_given(*config_option, flags, environment, "", {});
  const std::string& path = file.text;
  const auto lines = read_lines(path);
  if (!lines)
    return refuse(printable(lines.error().message, 4096) +
                  (file.source == Source::environment ? " (" + file.origin + ")" : ""));

  Settings settings;
  for (const auto& option : options()) {
    const auto given = find_given(option, flags, environment, path, *lines);
    auto value = parse_value(option, given.text);
    if (!value) return bad_value(option, given);
    option.set(settings.config, *value);
    settings.values.push_back({&option, std::move(value->text), given.source, given.origin});
  }
  choose_store(settings);
  if (auto sound = check_together(settings); !sound) return std::move(sound).error();
  return settings;
}

}  // namespace triggers::config
