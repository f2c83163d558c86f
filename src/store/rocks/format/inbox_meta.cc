#include "store/rocks/format/inbox_meta.h"

#include "store/rocks/format/layout.h"

namespace triggers::store {
namespace {

using event::EventId;

constexpr std::size_t number_bytes = 8;
constexpr std::size_t id_bytes = 16;
constexpr std::size_t bytes_before_3 = number_bytes + id_bytes;
constexpr std::size_t meta_bytes = bytes_before_3 + id_bytes + 2 * number_bytes;

std::uint64_t take_number(std::string_view& bytes) {
  const auto number = layout::read_u64(bytes.substr(0, number_bytes));
  bytes.remove_prefix(number_bytes);
  return number;
}

EventId take_id(std::string_view& bytes) {
  const auto id = EventId::from_bytes(bytes.substr(0, id_bytes));
  bytes.remove_prefix(id_bytes);
  return id;
}

}  // namespace

std::string encode_inbox_meta(const InboxMeta& meta) {
  std::string bytes;
  bytes.reserve(meta_bytes);
  layout::append_u64(bytes, meta.count);
  bytes.append(meta.head.view());
  bytes.append(meta.fresh_after.view());
  layout::append_u64(bytes, static_cast<std::uint64_t>(meta.last_consumed_at.time_since_epoch().count()));
  layout::append_u64(bytes, meta.dead);
  return bytes;
}

std::optional<InboxMeta> decode_inbox_meta(std::string_view bytes) {
  if (bytes.size() != meta_bytes && bytes.size() != bytes_before_3) return std::nullopt;
  InboxMeta meta;
  meta.count = take_number(bytes);
  meta.head = take_id(bytes);
  if (bytes.empty()) return meta;
  meta.fresh_after = take_id(bytes);
  meta.last_consumed_at = UnixMillis{std::chrono::milliseconds{static_cast<std::int64_t>(take_number(bytes))}};
  meta.dead = take_number(bytes);
  return meta;
}

}  // namespace triggers::store
