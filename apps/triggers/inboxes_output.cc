#include "inboxes_output.h"

#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <vector>

#include "api_client.h"
#include "config/printable.h"
#include "text_table.h"

namespace triggers {
namespace {

namespace json = boost::json;

constexpr std::size_t text_bytes_max = 10'000;

/// A value for a person: text without quotes, `-` for nothing.
std::string text_of(const json::value* value) {
  if (value == nullptr || value->is_null()) return "-";
  if (!value->is_string()) return config::printable(json::serialize(*value), text_bytes_max);
  const std::string text = config::printable(std::string_view(value->get_string()), text_bytes_max);
  return text.empty() ? "-" : text;
}

/// A member of the inbox, or of its counts.
std::string cell(const json::object& inbox, std::string_view name) {
  const auto* counts = inbox.if_contains("counts");
  const auto* value = inbox.if_contains(name);
  if (value == nullptr && counts != nullptr && counts->is_object()) value = counts->get_object().if_contains(name);
  return text_of(value);
}

void print_table(const json::array& inboxes) {
  constexpr std::array<std::string_view, 8> columns = {
      "name", "available", "leased", "delayed", "dead", "oldest_available_at", "last_consumed_at", "description"};
  std::vector<std::vector<std::string>> rows;
  for (const auto& inbox : inboxes) {
    auto& row = rows.emplace_back();
    for (const auto column : columns) row.push_back(inbox.is_object() ? cell(inbox.get_object(), column) : "-");
  }
  print_text_table(columns, rows);
}

void print_field(std::string_view name, const std::string& text) {
  std::printf("%-19s %s\n", std::string(name).c_str(), text.c_str());
}

void print_fields(const json::object& object) {
  for (const auto& member : object) {
    if (!member.value().is_object() || member.key() == "filter") {
      print_field(member.key(), text_of(&member.value()));
      continue;
    }
    for (const auto& inner : member.value().get_object()) print_field(inner.key(), text_of(&inner.value()));
  }
}

/// False if an entry was not found.
bool print_results(const json::array& results) {
  bool found = true;
  for (const auto& result : results) {
    const auto* object = result.if_object();
    const std::string status = text_of(object == nullptr ? nullptr : object->if_contains("status"));
    const std::string id = text_of(object == nullptr ? nullptr : object->if_contains("event_id"));
    std::printf("%s\t%s\n", id.c_str(), status.c_str());
    found = found && status != "not_found";
  }
  return found;
}

const json::array* array_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_array();
}

bool all_found(const json::object& object) {
  const auto* results = array_in(object, "results");
  return results == nullptr || json::serialize(*results).find("\"status\":\"not_found\"") == std::string::npos;
}

}  // namespace

int print_inboxes_response(const http::ClientResponse& answer, const InboxesPrint& print) {
  if (answer.status / 100 != 2) {
    const std::string text = print.as_json ? answer.body : "triggers: " + problem_of(answer) + "\n";
    std::fputs(text.c_str(), stderr);
    return 1;
  }
  json::error_code error;
  const auto value = json::parse(answer.body.empty() ? "{}" : answer.body, error);
  if (error || !value.is_object()) {
    std::fprintf(stderr, "triggers: %s\n", problem_of(answer).c_str());
    return 1;
  }
  const auto& object = value.get_object();
  if (print.as_json) {
    std::fputs(answer.body.empty() ? "{}\n" : answer.body.c_str(), stdout);
    return all_found(object) ? 0 : 1;
  }
  if (!print.sentence.empty()) std::printf("%s\n", print.sentence.c_str());
  if (const auto* inboxes = array_in(object, "inboxes")) {
    print_table(*inboxes);
  } else if (const auto* results = array_in(object, "results")) {
    return print_results(*results) ? 0 : 1;
  } else {
    print_fields(object);
    if (const auto tag = answer.headers.find("ETag")) print_field("etag", config::printable(*tag));
  }
  return 0;
}

}  // namespace triggers
