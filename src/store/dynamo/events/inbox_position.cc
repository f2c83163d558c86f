#include "store/dynamo/events/inbox_position.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "store/dynamo/events/varint.h"

namespace triggers::store::dynamo {
namespace {

constexpr std::size_t id_bytes = 16;
constexpr std::size_t time_bytes = 6;

std::uint64_t time_of(const EventId& id) { return static_cast<std::uint64_t>(id.time().time_since_epoch().count()); }

}  // namespace

Continuation to_continuation(const InboxPosition& position) {
  Continuation continuation = continue_after(position.settled);
  if (position.returned.empty() && position.scanned_to <= position.settled) return continuation;
  std::string& bytes = continuation.bytes;
  bytes += position.scanned_to.view();
  std::uint64_t time = time_of(position.settled);
  for (const EventId& id : position.returned) {
    append_varint(bytes, time_of(id) - time);
    time = time_of(id);
    bytes += id.view().substr(time_bytes);
  }
  return continuation;
}

std::optional<InboxPosition> from_continuation(const Continuation& continuation) {
  std::string_view bytes = continuation.bytes;
  if (bytes.size() < id_bytes) return std::nullopt;
  InboxPosition position;
  position.settled = position.scanned_to = EventId::from_bytes(bytes.substr(0, id_bytes));
  bytes.remove_prefix(id_bytes);
  if (bytes.empty()) return position;
  if (bytes.size() < id_bytes) return std::nullopt;
  position.scanned_to = EventId::from_bytes(bytes.substr(0, id_bytes));
  bytes.remove_prefix(id_bytes);
  std::uint64_t time = time_of(position.settled);
  while (!bytes.empty()) {
    const auto since = take_varint(bytes);
    if (!since || bytes.size() < id_bytes - time_bytes) return std::nullopt;
    time += *since;
    EventId id;
    for (std::size_t i = 0; i < time_bytes; ++i) {
      id.bytes[i] = static_cast<unsigned char>(time >> (8 * (time_bytes - 1 - i)) & 0xff);
    }
    std::copy_n(bytes.begin(), id_bytes - time_bytes, id.bytes.begin() + time_bytes);
    bytes.remove_prefix(id_bytes - time_bytes);
    position.returned.insert(position.returned.end(), id);
  }
  return position;
}

}  // namespace triggers::store::dynamo
