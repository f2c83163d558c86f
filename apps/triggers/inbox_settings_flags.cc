#include "inbox_settings_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>

#include "auth/validate.h"
#include "json_argument.h"

namespace triggers {
namespace {

/// As many digits as every whole number that JSON readers keep exactly.
constexpr std::size_t digits_max = 15;

std::string text_problem(const std::string& text) { return auth::is_utf8(text) ? "" : "it must be UTF-8"; }

bool is_number(const std::string& text) {
  const bool digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  // JSON has no numbers such as 007.
  return digits && !text.empty() && text.size() <= digits_max && (text.size() == 1 || text.front() != '0');
}

std::string number_problem(const std::string& text) { return is_number(text) ? "" : "it must be a whole number"; }

std::string attempts_problem(const std::string& text) {
  return text == "unlimited" || is_number(text) ? "" : "it must be a whole number, or unlimited";
}

std::string days_problem(const std::string& text) {
  return text == "forever" || is_number(text) ? "" : "it must be a whole number, or forever";
}

}  // namespace

void InboxSettingsFlags::declare(CLI::App& app) {
  app.add_option("--description", description_, "What the inbox is for")->check(text_problem);
  app.add_option("--filter", filter_,
                 R"(Which events the inbox takes, as an EventBridge pattern: '{"event_type":[{"prefix":"order."}]}'; )"
                 "{} takes all")
      ->check(object_problem);
  app.add_flag("--collect{true},--no-collect{false}", collect_, "Whether the inbox takes new events");
  app.add_option("--lease-seconds", lease_seconds_,
                 "How long a lease lasts if the consumer does not set it, in seconds")
      ->check(number_problem);
  app.add_option("--max-attempts", max_attempts_, "How many leases an entry gets before it is dead, or unlimited")
      ->check(attempts_problem);
  app.add_option("--retention-days", retention_days_, "After how many days undelivered entries are removed, or forever")
      ->check(days_problem);
  app.add_option("--dead-retention-days", dead_retention_days_, "After how many days dead entries are removed")
      ->check(number_problem);
}

std::string InboxSettingsFlags::body(const CLI::App& app) const {
  std::string body;
  const auto add = [&](const char* flag, const char* member, const std::string& value) {
    if (app.count(flag) > 0) body.append(body.empty() ? "\"" : ",\"").append(member).append("\":").append(value);
  };
  add("--description", "description", boost::json::serialize(boost::json::value(description_)));
  add("--filter", "filter", filter_);
  add("--collect", "collect", collect_ ? "true" : "false");
  add("--lease-seconds", "lease_seconds", lease_seconds_);
  add("--max-attempts", "max_attempts", max_attempts_ == "unlimited" ? "null" : max_attempts_);
  add("--retention-days", "retention_days", retention_days_ == "forever" ? "null" : retention_days_);
  add("--dead-retention-days", "dead_retention_days", dead_retention_days_);
  return "{" + body + "}";
}

}  // namespace triggers
