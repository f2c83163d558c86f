#include "store/rocks/format/holding.h"

#include "store/rocks/format/layout.h"
#include "store/rocks/format/varint.h"

namespace triggers::store {

std::string encode_holding(const Holding& holding) {
  std::string bytes;
  append_varint(bytes, holding.count);
  layout::append_u64(bytes, static_cast<std::uint64_t>(holding.freed_at.time_since_epoch().count()));
  return bytes;
}

std::optional<Holding> decode_holding(std::string_view bytes) {
  const auto count = take_varint(bytes);
  if (!count || bytes.size() != sizeof(std::uint64_t)) return std::nullopt;
  Holding holding;
  holding.count = *count;
  holding.freed_at = UnixMillis{std::chrono::milliseconds{static_cast<std::int64_t>(layout::read_u64(bytes))}};
  return holding;
}

}  // namespace triggers::store
