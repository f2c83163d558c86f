#include "swarm/verify/lease_answers.h"

#include <algorithm>
#include <array>
#include <utility>

#include "swarm/verify/json_members.h"

namespace triggers::swarm {
namespace {

namespace ondemand = simdjson::ondemand;
using json::each_member;
using json::each_object;
using json::read_object;
using json::read_text;

bool is_lease_id(std::string_view text) {
  constexpr std::size_t bytes_max = 64;
  return !text.empty() && text.size() <= bytes_max && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

bool read_id(ondemand::value value, std::optional<Uuid7>& id) {
  std::string_view text;
  if (!read_text(value, text)) return false;
  id = Uuid7::parse(text);
  return id.has_value();
}

bool read_leased(ondemand::object object, std::vector<LeasedEvent>& events) {
  std::optional<Uuid7> id;
  std::uint64_t attempt = 0;
  const bool readable = each_member(object, [&](std::string_view name, ondemand::value value) {
    if (name == "event_id") return read_id(value, id);
    if (name == "attempt") return value.get_uint64().get(attempt) == simdjson::SUCCESS;
    return true;
  });
  if (!readable || !id || attempt < 1 || attempt > UINT32_MAX) return false;
  events.push_back({*id, static_cast<std::uint32_t>(attempt)});
  return true;
}

constexpr std::array<std::pair<std::string_view, EntryResult>, 5> names{{
    {"acknowledged", EntryResult::acknowledged},
    {"already_acknowledged", EntryResult::already_acknowledged},
    {"released", EntryResult::released},
    {"lease_lost", EntryResult::lease_lost},
    {"not_found", EntryResult::not_found},
}};

bool read_result(ondemand::object object, std::vector<EventResult>& results) {
  std::optional<Uuid7> id;
  std::string_view status;
  const bool readable = each_member(object, [&](std::string_view name, ondemand::value value) {
    if (name == "event_id") return read_id(value, id);
    if (name == "status") return read_text(value, status);
    return true;
  });
  const auto* const found =
      std::find_if(names.begin(), names.end(), [&](const auto& one) { return one.first == status; });
  if (!readable || !id || found == names.end()) return false;
  results.push_back({*id, found->second});
  return true;
}

}  // namespace

std::optional<EntryResult> entry_result(char letter) {
  for (const auto& [name, result] : names) {
    if (static_cast<char>(result) == letter) return result;
  }
  return std::nullopt;
}

std::optional<LeaseAnswer> read_lease(std::string_view text) {
  LeaseAnswer lease;
  bool has_lease = false, has_events = false;
  const bool whole = read_object(text, [&](ondemand::object object) {
    return each_member(object, [&](std::string_view name, ondemand::value value) {
      if (name == "lease_id") {
        has_lease = true;
        std::string_view id;
        if (value.is_null()) return true;
        if (!read_text(value, id) || !is_lease_id(id)) return false;
        lease.lease_id = id;
        return true;
      }
      if (name != "events") return true;
      return has_events = each_object(value, [&](ondemand::object event) { return read_leased(event, lease.events); });
    });
  });
  if (!whole || !has_lease || !has_events || lease.lease_id.empty() != lease.events.empty()) return std::nullopt;
  return lease;
}

std::optional<std::vector<EventResult>> read_results(std::string_view text) {
  std::vector<EventResult> results;
  bool has_results = false;
  const bool whole = read_object(text, [&](ondemand::object object) {
    return each_member(object, [&](std::string_view name, ondemand::value value) {
      if (name != "results") return true;
      return has_results = each_object(value, [&](ondemand::object one) { return read_result(one, results); });
    });
  });
  return whole && has_results ? std::optional{std::move(results)} : std::nullopt;
}

}  // namespace triggers::swarm
