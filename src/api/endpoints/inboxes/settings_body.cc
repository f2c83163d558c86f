#include "api/endpoints/inboxes/settings_body.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "api/exchange/input.h"
#include "api/exchange/raw_members.h"
#include "filter/bounds.h"
#include "inbox/bounds.h"

namespace triggers::api {
namespace {

namespace json = boost::json;

/// `{}` takes all, as no filter does.
bool is_empty_object(std::string_view text) {
  std::string dense(text);
  std::erase_if(dense, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
  return dense == "{}";
}

/// Reads the settings one by one, and keeps the first refusal.
class SettingsReader {
 public:
  explicit SettingsReader(const std::vector<RawMember>& members) : members_(members) {}

  std::optional<std::string> description() {
    const auto value = member("description");
    if (!value) return std::nullopt;
    if (!value->is_string()) return refuse("description", "must be a string");
    std::string text(value->get_string());
    if (const auto fault = inbox::check_text("description", text, inbox::description_chars_max)) {
      return refuse(fault->field, fault->message);
    }
    return text;
  }

  std::optional<std::string> filter() {
    const auto* text = find(members_, "filter");
    if (text == nullptr) return std::nullopt;
    if (auto parsed = parse_filter(*text); !parsed) {
      keep(std::move(parsed).error());
      return std::nullopt;
    }
    return is_empty_object(*text) ? std::string() : std::string(*text);
  }

  std::optional<bool> truth(std::string_view name) {
    const auto value = member(name);
    if (!value) return std::nullopt;
    if (!value->is_bool()) return refuse(name, "must be true or false");
    return value->get_bool();
  }

  std::optional<std::int64_t> number(std::string_view name, inbox::Range range) {
    const auto value = member(name);
    if (!value) return std::nullopt;
    return number(name, *value, range, "");
  }

  /// For `null`, an empty inner value.
  std::optional<std::optional<std::int64_t>> number_or_null(std::string_view name, inbox::Range range) {
    const auto value = member(name);
    if (!value) return std::nullopt;
    if (value->is_null()) return std::optional<std::int64_t>{};
    return number(name, *value, range, ", or null for no limit");
  }

  [[nodiscard]] const std::optional<Refusal>& refusal() const noexcept { return refusal_; }

 private:
  std::optional<json::value> member(std::string_view name) {
    const auto* text = find(members_, name);
    if (text == nullptr) return std::nullopt;
    json::error_code error;
    json::value value = json::parse(*text, error);
    if (!error) return value;
    return refuse(name, fmt::format("cannot be read: {}", error.message()));
  }

  std::optional<std::int64_t> number(std::string_view name, const json::value& value, inbox::Range range,
                                     std::string_view or_else) {
    if (value.is_int64() && value.get_int64() >= range.min && value.get_int64() <= range.max) return value.get_int64();
    return refuse(name, fmt::format("must be a whole number from {} to {}{}", range.min, range.max, or_else));
  }

  std::nullopt_t refuse(std::string_view field, std::string_view message) {
    keep(invalid(field, message));
    return std::nullopt;
  }
  void keep(Refusal refusal) {
    if (!refusal_) refusal_ = std::move(refusal);
  }

  const std::vector<RawMember>& members_;
  std::optional<Refusal> refusal_;
};

}  // namespace

void NamedSettings::apply_to(inbox::Settings& settings) const {
  const auto set = [](auto& to, const auto& named) {
    if (named) to = *named;
  };
  set(settings.description, description);
  set(settings.filter, filter);
  set(settings.collect, collect);
  set(settings.lease_duration, lease_duration);
  set(settings.max_attempts, max_attempts);
  set(settings.retention, retention);
  set(settings.dead_retention, dead_retention);
}

OrRefusal<NamedSettings> parse_settings(const http::Request& request) {
  if (const auto json = require_json(request); !json) return json.error();
  const auto members = raw_members(
      request, filter::pattern_levels_max + 1,
      {"description", "filter", "collect", "lease_seconds", "max_attempts", "retention_days", "dead_retention_days"});
  if (!members) return members.error();
  SettingsReader reader(*members);
  NamedSettings named;
  named.description = reader.description();
  named.filter = reader.filter();
  named.collect = reader.truth("collect");
  if (const auto seconds = reader.number("lease_seconds", inbox::lease_seconds_range)) {
    named.lease_duration = std::chrono::seconds(*seconds);
  }
  if (const auto attempts = reader.number_or_null("max_attempts", inbox::max_attempts_range)) {
    named.max_attempts = *attempts ? inbox::MaxAttempts(static_cast<std::uint32_t>(**attempts)) : std::nullopt;
  }
  if (const auto days = reader.number_or_null("retention_days", inbox::retention_days_range)) {
    named.retention = *days ? std::optional(std::chrono::days(**days)) : std::nullopt;
  }
  if (const auto days = reader.number("dead_retention_days", inbox::dead_retention_days_range)) {
    named.dead_retention = std::chrono::days(*days);
  }
  if (reader.refusal()) return *reader.refusal();
  return named;
}

OrRefusal<filter::Filter> parse_filter(std::string_view text) {
  auto parsed = filter::Filter::parse(text);
  if (parsed) return *std::move(parsed);
  const filter::Fault& fault = parsed.error();
  return Refusal{Code::validation_error,
                 fmt::format("filter: at {}: {}", fault.path, fault.message),
                 Details().text("field", "filter").text("path", fault.path).text("problem", fault.message).json(),
                 {},
                 {}};
}

Refusal filter_does_not_fit(const Error& error) { return invalid("filter", error.message); }

}  // namespace triggers::api
