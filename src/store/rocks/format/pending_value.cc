#include "store/rocks/format/pending_value.h"

#include "base/invariant.h"
#include "store/rocks/format/varint.h"

namespace triggers::store {
namespace {

/// No type begins with it, because no UTF-8 text contains it.
constexpr char mark = '\xff';
constexpr char again_flag = 1;

}  // namespace

void append_pending_value(std::string& out, const PendingValue& value) {
  INVARIANT(value.record_bytes, "a pending entry without the size of its event");
  out.push_back(mark);
  out.push_back(value.again ? again_flag : '\0');
  append_varint(out, *value.record_bytes);
  out.append(value.event_type);
}

std::optional<PendingValue> decode_pending_value(std::string_view bytes) {
  PendingValue value;
  if (bytes.starts_with(mark)) {
    bytes.remove_prefix(1);
    const bool flags_are_known = bytes.starts_with('\0') || bytes.starts_with(again_flag);
    if (!flags_are_known) return std::nullopt;
    value.again = bytes.front() == again_flag;
    bytes.remove_prefix(1);
    value.record_bytes = take_varint(bytes);
    if (!value.record_bytes) return std::nullopt;
  }
  value.event_type = bytes;
  return value;
}

}  // namespace triggers::store
