#include "keys_output.h"

#include <array>
#include <boost/json.hpp>
#include <cstdio>

#include "output.h"
#include "text_table.h"

namespace triggers {
namespace {

namespace json = boost::json;

/// A field for a person: text without quotes, a list with commas, `-` for nothing.
std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || value->is_null()) return "-";
  if (value->is_string()) return value->get_string().empty() ? "-" : std::string{value->get_string()};
  if (!value->is_array()) return json::serialize(*value);
  std::string list;
  for (const auto& entry : value->get_array()) {
    if (!list.empty()) list += ',';
    list += entry.is_string() ? std::string{entry.get_string()} : json::serialize(entry);
  }
  return list.empty() ? "all" : list;
}

void print_table(const json::array& keys) {
  constexpr std::array<std::string_view, 7> columns = {"key_id",     "user_id",    "role",        "status",
                                                       "rate_limit", "expires_at", "last_used_at"};
  std::vector<std::vector<std::string>> rows;
  for (const auto& key : keys) {
    auto& row = rows.emplace_back();
    for (const auto column : columns) row.push_back(text_of(key.get_object(), column));
  }
  print_text_table(columns, rows);
}

void print_fields(const json::object& key) {
  for (const auto& member : key) {
    if (member.key() == "api_key") continue;
    const std::string name{member.key()};
    std::printf("%-14s %s\n", name.c_str(), text_of(key, name).c_str());
  }
  if (const auto* secret = key.if_contains("api_key")) {
    std::printf("\nThe API key, which is shown only now:\n%s\n", secret->get_string().c_str());
  }
}

int print_error(const json::object& error) {
  std::fprintf(stderr, "triggers: %s\n", text_of(error, "message").c_str());
  return 1;
}

/// The output was lost, and a secret cannot be shown again.
int print_loss(const json::object& answer) {
  if (!answer.contains("api_key")) {
    std::fputs("triggers: cannot write to standard output\n", stderr);
    return 1;
  }
  const std::string id = text_of(answer, "key_id");
  std::fprintf(stderr,
               "triggers: cannot write to standard output, so the new secret of %s is lost: make another with "
               "`triggers keys rotate %s`, or end the key with `triggers keys revoke %s`\n",
               id.c_str(), id.c_str(), id.c_str());
  return 1;
}

}  // namespace

void print_new_tenant(const std::string& user_id) {
  std::printf(
      "This is the first key of the user %s, whose inbox is new and empty. For another key to an existing "
      "inbox, use the --user-id of its other keys: `triggers keys list` shows them.\n\n",
      user_id.c_str());
}

int print_keys_response(const http::ClientResponse& answer, bool as_json) {
  const bool failed = answer.status >= 400;
  if (failed && as_json) {
    std::fputs(answer.body.c_str(), stderr);
    return 1;
  }
  json::error_code error;
  const auto value = json::parse(answer.body, error);
  if (error || !value.is_object()) {
    std::fprintf(stderr, "triggers: the server answered with status %u and no JSON\n", answer.status);
    return 1;
  }
  const auto& object = value.get_object();
  if (failed) return print_error(object);
  if (as_json) {
    std::fputs(answer.body.c_str(), stdout);
  } else if (const auto* keys = object.if_contains("keys"); keys != nullptr && keys->is_array()) {
    print_table(keys->get_array());
  } else {
    print_fields(object);
  }
  return flush_output() ? 0 : print_loss(object);
}

}  // namespace triggers
