#include "store/dynamo/events/found.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/random.h"

namespace triggers::store::dynamo {
namespace {

constexpr std::chrono::hours fence_kept{1};

/// Of a pending item that was written with its item of the log: not by the first attempt of a plain tenant's writer.
constexpr const char* managed_token = "managed";

}  // namespace

std::string new_token() {
  const std::uint64_t number = random_u64();
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

Item event_attributes(const IncomingEvent& event) {
  Item item;
  item["t"] = text_value(event.event_type);
  item["p"] = text_value(event.payload);
  if (event.source) item["s"] = text_value(*event.source);
  if (!event.metadata.empty()) item["m"] = text_value(event.metadata);
  return item;
}

Result<Found> read_found(const Item& item, Found::State state) {
  const auto id = bytes_of(item, "i");
  if (!id || id->size() != 16) return Error{ErrorCode::internal, "a stored event has no id"};
  Found found;
  found.event.id = EventId::from_bytes(*id);
  if (item.contains("z")) {
    found.state = Found::State::fenced;
    return found;
  }
  const auto type = text_of(item, "t");
  const auto payload = text_of(item, "p");
  const auto acknowledged = number_of(item, "d");
  found.elsewhere = state == Found::State::pending && number_of(item, "g") == 1;
  if (!type || (!payload && !found.elsewhere)) {
    return Error{ErrorCode::internal, "a stored event cannot be read: " + found.event.id.text()};
  }
  found.state = state;
  if (state != Found::State::pending) found.state = acknowledged ? Found::State::acknowledged : Found::State::logged;
  found.event.event_type = *type;
  found.event.payload = payload.value_or("");
  if (const auto source = text_of(item, "s")) found.event.source = *source;
  if (const auto metadata = text_of(item, "m")) found.event.metadata = *metadata;
  if (acknowledged) found.event.acknowledged_at = UnixMillis{std::chrono::milliseconds{*acknowledged}};
  found.token = bytes_of(item, "h").value_or(item.contains("g") ? managed_token : "");
  const auto bytes = found.elsewhere ? number_of(item, "b").value_or(0) : 0;
  found.content_bytes = found.elsewhere ? static_cast<std::size_t>(std::max<std::int64_t>(bytes, 0))
                                        : found.event.payload.size() + found.event.metadata.size();
  return found;
}

void add_fence(Item& key, UnixMillis now) {
  key["z"] = number_value(1);
  const auto until = std::chrono::ceil<std::chrono::seconds>(now.time_since_epoch() + fence_kept);
  key["x"] = number_value(until.count());
}

}  // namespace triggers::store::dynamo
