#include "store/dynamo/events/shown.h"

#include <algorithm>

namespace triggers::store::dynamo {
namespace {

constexpr std::size_t time_bytes = 6;

std::uint64_t time_of(const EventId& id) { return static_cast<std::uint64_t>(id.time().time_since_epoch().count()); }

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  out += static_cast<char>(value);
}

std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 63 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

}  // namespace

PageMark to_mark(const Place& place) {
  PageMark mark = place.settled;
  if (place.shown.empty() && place.looked_at <= place.settled) return mark;
  mark.shown = place.looked_at.view();
  std::uint64_t time = time_of(place.settled);
  for (const EventId& id : place.shown) {
    append_varint(mark.shown, time_of(id) - time);
    time = time_of(id);
    mark.shown += id.view().substr(time_bytes);
  }
  return mark;
}

std::optional<Place> from_mark(const PageMark& mark) {
  Place place;
  place.settled = place.looked_at = mark.after;
  std::string_view bytes = mark.shown;
  if (bytes.empty()) return place;
  if (bytes.size() < 16) return std::nullopt;
  place.looked_at = EventId::from_bytes(bytes.substr(0, 16));
  bytes.remove_prefix(16);
  std::uint64_t time = time_of(place.settled);
  while (!bytes.empty()) {
    const auto since = take_varint(bytes);
    if (!since || bytes.size() < 16 - time_bytes) return std::nullopt;
    time += *since;
    EventId id;
    for (std::size_t i = 0; i < time_bytes; ++i) {
      id.bytes[i] = static_cast<unsigned char>(time >> (8 * (time_bytes - 1 - i)) & 0xff);
    }
    std::copy_n(bytes.begin(), 16 - time_bytes, id.bytes.begin() + time_bytes);
    bytes.remove_prefix(16 - time_bytes);
    place.shown.insert(place.shown.end(), id);
  }
  return place;
}

}  // namespace triggers::store::dynamo
