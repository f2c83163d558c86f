#include "keys_command.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <charconv>
#include <cstdio>

#include "auth/validate.h"
#include "base/clock.h"
#include "base/percent_encoding.h"
#include "base/timestamp.h"
#include "duration_text.h"
#include "keys_output.h"
#include "operator_client.h"

namespace triggers {
namespace {

namespace json = boost::json;

/// Words ignore case, as in the configuration.
bool is_word(const std::string& text, std::string_view word) { return http::equal_ignoring_case(text, word); }

/// A rate as the API takes it: a number, or the word.
json::value rate_json(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size()) return number;
  return json::value(is_word(text, "unlimited") ? "unlimited" : text);
}

/// Blanks around an entry come from how people write lists.
json::array list_json(const std::vector<std::string>& texts) {
  constexpr std::string_view blanks = " \t\r\n";
  json::array list;
  for (const auto& text : texts) {
    const auto first = text.find_first_not_of(blanks);
    if (first != std::string::npos) list.emplace_back(text.substr(first, text.find_last_not_of(blanks) - first + 1));
  }
  return list;
}

/// What is wrong with the text of a flag; empty if nothing is.
std::string expiry_problem(const std::string& text) {
  constexpr std::chrono::days span_max{36'500};
  const auto span = parse_duration(text);
  if (is_word(text, "never") || (span ? *span <= span_max : parse_timestamp(text).has_value())) return {};
  return "it takes an RFC 3339 time, how long from now (90s, 15m, 12h, 30d, at most 36500d), or never";
}

std::string grace_problem(const std::string& text) {
  constexpr std::chrono::days grace_max{30};
  const auto span = parse_duration(text);
  return span && *span <= grace_max ? "" : "it takes a duration: 0, 90s, 15m, 24h, at most 30d";
}

std::string text_problem(const std::string& text) { return auth::is_utf8(text) ? "" : "it must be UTF-8"; }

/// An invisible blank at an end would make another tenant.
std::string tenant_problem(const std::string& text) {
  const bool blank = !text.empty() && (text.front() == ' ' || text.back() == ' ');
  return blank ? "it must not begin or end with a blank" : text_problem(text);
}

/// A time, or how long from now.
json::value expiry_json(const std::string& text) {
  if (const auto span = parse_duration(text)) return json::value(format_timestamp(Clock::system().now() + *span));
  return json::value(text);
}

/// Every page of a list as one answer.
Result<http::ClientResponse> list_all(const config::Config& config, http::Request request) {
  const std::string first = request.target + (request.target.find('?') == std::string::npos ? "?" : "&");
  json::array keys;
  for (;;) {
    auto answer = send_as_operator(config, request);
    if (!answer || answer->status != 200) return answer;
    json::error_code error;
    auto page = json::parse(answer->body, error);
    const auto* next = error || !page.is_object() ? nullptr : page.get_object().if_contains("next_after");
    auto* found = next == nullptr ? nullptr : page.get_object().if_contains("keys");
    if (found == nullptr || !found->is_array()) return answer;  // Whoever prints it says that it is no list.
    for (auto& key : found->get_array()) keys.push_back(std::move(key));
    if (!next->is_string()) break;
    request.target = first + "after=" + percent_encode(std::string{next->get_string()});
  }
  json::object all;
  all["keys"] = std::move(keys);
  all["has_more"] = false;
  all["next_after"] = nullptr;
  return http::ClientResponse{200, {}, json::serialize(all) + "\n"};
}

/// Whether no key of this user is known. Only of the embedded store: a look through DynamoDB's table costs money.
bool is_new_tenant(const config::Config& config, const std::string& user_id) {
  if (config.store != config::Store::embedded || !store_exists(config)) return false;
  http::Request request;
  request.target = "/admin/keys?limit=1&user_id=" + percent_encode(user_id);
  const auto answer = send_as_operator(config, std::move(request));
  return answer && answer->status == 200 && answer->body.find("\"key_id\"") == std::string::npos;
}

}  // namespace

/// Where CLI11 puts what was given, and which options were given at all.
struct KeysCommand::Flags {
  CLI::App* create = nullptr;
  CLI::App* list = nullptr;
  CLI::App* show = nullptr;
  CLI::App* update = nullptr;
  CLI::App* rotate = nullptr;
  CLI::App* revoke = nullptr;

  std::string key_id, user_id, user_email, role, rate_limit, expires, description, status, grace = "24h";
  std::vector<std::string> event_types, inboxes;
  bool all_tenants = false;
  bool as_json = false;

  void add_fields(CLI::App& app);
  [[nodiscard]] json::object fields(const CLI::App& app) const;
  [[nodiscard]] http::Request request() const;
};

void KeysCommand::Flags::add_fields(CLI::App& app) {
  app.add_option("--user-email", user_email, "Email address of the person to contact about this key")
      ->check(text_problem);
  app.add_option("--role", role, "A viewer reads; a creator also sends and acknowledges; an admin also manages keys")
      ->transform(CLI::IsMember({"viewer", "creator", "admin"}, CLI::ignore_case));
  app.add_option("--rate-limit", rate_limit, "Requests per minute, 1 to 10000000, or unlimited")->check(text_problem);
  app.add_option(
         "--event-types", event_types,
         "Event types that the key may send, comma-separated; a trailing * matches any ending; empty allows all")
      ->delimiter(',')
      ->check(text_problem)
      ->allow_extra_args(false);  // What follows may be the key's id.
  app.add_option("--inbox", inboxes,
                 "Inboxes that the key may use, comma-separated or one for each --inbox; empty allows all")
      ->delimiter(',')
      ->check(text_problem)
      ->allow_extra_args(false);
  app.add_option("--expires", expires,
                 "When the key expires: an RFC 3339 time, a time from now (12h, up to 36500d), or never")
      ->check(expiry_problem);
  app.add_option("--description", description, "What the key is for")->check(text_problem);
  app.add_flag("--all-tenants,!--own-tenant", all_tenants,
               "The key manages the keys of every user; needs the role admin");
}

json::object KeysCommand::Flags::fields(const CLI::App& app) const {
  json::object body;
  if (app.count("--user-email") > 0) body["user_email"] = user_email;
  if (app.count("--role") > 0) body["role"] = role;
  if (app.count("--rate-limit") > 0) body["rate_limit"] = rate_json(rate_limit);
  if (app.count("--event-types") > 0) body["event_types"] = list_json(event_types);
  if (app.count("--inbox") > 0) body["inboxes"] = list_json(inboxes);
  if (app.count("--expires") > 0)
    body["expires_at"] = is_word(expires, "never") ? json::value(nullptr) : expiry_json(expires);
  if (app.count("--description") > 0) body["description"] = description;
  if (app.count("--all-tenants") > 0) body["all_tenants"] = all_tenants;
  return body;
}

http::Request KeysCommand::Flags::request() const {
  http::Request request;
  request.target = "/admin/keys";
  json::object body;
  if (create->parsed()) {
    request.method = http::Method::post;
    body = fields(*create);
    body["user_id"] = user_id;
  } else if (list->parsed()) {
    if (!user_id.empty()) request.target += "?user_id=" + percent_encode(user_id);
  } else {
    request.target += "/" + percent_encode(key_id);
    if (update->parsed()) {
      request.method = http::Method::patch;
      body = fields(*update);
      if (update->count("--status") > 0) body["status"] = status;
    } else if (rotate->parsed()) {
      request.method = http::Method::post;
      request.target += "/rotate";
      body["grace_seconds"] = parse_duration(grace).value().count();
    } else if (revoke->parsed()) {
      request.method = http::Method::del;
    }
  }
  if (request.method == http::Method::post || request.method == http::Method::patch) {
    request.headers.add("Content-Type", "application/json");
    request.body = json::serialize(body);
  }
  return request;
}

KeysCommand::KeysCommand(CLI::App& app) : flags_(std::make_unique<Flags>()) {
  Flags& flags = *flags_;
  app.require_subcommand(1);
  flags.create = app.add_subcommand("create", "Creates a key, and prints it once");
  flags.create->add_option("--user-id", flags.user_id, "Tenant that owns the events sent with the key")
      ->required()
      ->check(tenant_problem);
  flags.add_fields(*flags.create);

  flags.list = app.add_subcommand("list", "Lists keys, without their secrets");
  flags.list->add_option("--user-id", flags.user_id, "Lists only this user's keys")->check(text_problem);

  const auto with_id = [&](std::string name, std::string help) {
    auto* command = app.add_subcommand(std::move(name), std::move(help));
    command->add_option("key_id", flags.key_id, "Key id, as create and list print it")
        ->required()
        ->check([](const std::string& text) { return std::string{text.empty() ? "it is empty" : ""}; });
    return command;
  };
  flags.show = with_id("show", "Shows a key");
  flags.update = with_id("update", "Changes the given fields of a key, and keeps the rest");
  flags.add_fields(*flags.update);
  flags.update->add_option("--status", flags.status, "active or inactive")
      ->transform(CLI::IsMember({"active", "inactive"}, CLI::ignore_case));
  flags.update->final_callback([&flags] {
    if (flags.fields(*flags.update).empty() && flags.update->count("--status") == 0)
      throw CLI::ValidationError("keys update", "name a field to change, for instance --rate-limit 600");
  });
  flags.rotate =
      with_id("rotate", "Makes a new secret, and prints it once; the old one stays valid for the grace period");
  flags.rotate->add_option("--grace", flags.grace, "How long the old secret stays valid: 0, 90s, 15m, 24h, up to 30d")
      ->check(grace_problem)
      ->capture_default_str();
  flags.revoke = with_id("revoke", "Revokes a key permanently and at once");
  for (auto* command : app.get_subcommands({})) command->add_flag("--json", flags.as_json, "Prints JSON");
}

KeysCommand::~KeysCommand() = default;

int KeysCommand::run(const config::Settings& settings) const {
  const config::Config& config = settings.config;
  const bool lists = flags_->list->parsed();
  const bool new_tenant = flags_->create->parsed() && !flags_->as_json && is_new_tenant(config, flags_->user_id);
  const auto answer = lists ? list_all(config, flags_->request()) : send_as_operator(config, flags_->request());
  if (!answer) {
    std::fprintf(stderr, "triggers: %s\n", config::with_origins(answer.error().message, settings).c_str());
    return 1;
  }
  if (new_tenant && answer->status < 400) print_new_tenant(flags_->user_id);
  return print_keys_response(*answer, flags_->as_json);
}

}  // namespace triggers
