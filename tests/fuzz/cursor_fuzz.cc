// Fuzzes the cursors of GET /inbox (api/endpoints/inbox/cursor.h). The input is a line with the cursor, a line with the
// tenant, and the event type, or nothing for no filter.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/endpoints/inbox/cursor.h"
#include "base/invariant.h"

namespace {

using triggers::api::CursorScope;
using triggers::api::decode_cursor;
using triggers::api::encode_cursor;
using triggers::event::EventId;
using triggers::store::continue_after;

constexpr std::string_view secret = "0123456789abcdef0123456789abcdef";
/// No input can know it: whatever this secret takes was forged.
constexpr std::string_view other_secret = "another secret of thirty-two byte";

std::string_view take_line(std::string_view& rest) {
  const auto line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(line.size() == rest.size() ? line.size() : line.size() + 1);
  return line;
}

/// Every cursor of ours comes back, and no other text than itself leads to its place.
void check_made(const CursorScope& scope, std::string_view seed) {
  std::string id(16, '\0');
  for (std::size_t i = 0; i != seed.size(); ++i) id[i % id.size()] = static_cast<char>(id[i % id.size()] ^ seed[i]);
  const auto made = continue_after(EventId::from_bytes(id));
  const std::string cursor = encode_cursor(secret, scope, made);
  INVARIANT(decode_cursor(secret, scope, cursor) == made);
  INVARIANT(!decode_cursor(other_secret, scope, cursor));
  INVARIANT(!decode_cursor(secret, scope, cursor + "A"));
  INVARIANT(!decode_cursor(secret, {scope.tenant, scope.inbox, "another type"}, cursor) ||
            scope.event_type == "another type");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto text = take_line(rest);
  CursorScope scope{take_line(rest), "default", {}};
  if (!rest.empty()) scope.event_type = rest;
  // What is taken is what encode_cursor() writes, so one place has one cursor.
  if (const auto after = decode_cursor(secret, scope, text)) INVARIANT(encode_cursor(secret, scope, *after) == text);
  INVARIANT(!decode_cursor(other_secret, scope, text));
  check_made(scope, text);
  return 0;
}
