#include "api/endpoints/inbox/cursor.h"

#include "auth/mac.h"
#include "base/encoding.h"

namespace triggers::api {
namespace {

constexpr char cursor_version = 1;
constexpr std::size_t mac_bytes = 16;

std::string mac(std::string_view secret, const CursorScope& scope, std::string_view place) {
  std::string message{cursor_version};
  const auto add = [&](std::string_view part) {
    message += std::to_string(part.size());
    message += ':';
    message += part;
  };
  add(scope.tenant);
  add(scope.inbox);
  const bool newest_first = scope.order == store::PageOrder::newest_first;
  message += scope.event_type ? (newest_first ? 'F' : 'f') : (newest_first ? 'A' : 'a');
  if (scope.event_type) add(*scope.event_type);
  if (!scope.state.empty()) {
    message += 's';
    add(scope.state);
  }
  message += place;
  return auth::hmac_sha256(secret, message).substr(0, mac_bytes);
}

}  // namespace

std::string encode_cursor(std::string_view secret, const CursorScope& scope, const store::Continuation& place) {
  return to_base64url(cursor_version + place.bytes + mac(secret, scope, place.bytes));
}

std::optional<store::Continuation> decode_cursor(std::string_view secret, const CursorScope& scope,
                                                 std::string_view text) {
  const auto bytes = from_base64url(text);
  constexpr std::size_t least = 1 + mac_bytes;
  if (!bytes || bytes->size() < least || bytes->size() > least + store::continuation_bytes_max ||
      bytes->front() != cursor_version) {
    return std::nullopt;
  }
  const std::string_view place = std::string_view{*bytes}.substr(1, bytes->size() - least);
  const std::string_view given = std::string_view{*bytes}.substr(1 + place.size());
  if (!auth::equal_constant_time(given, mac(secret, scope, place))) return std::nullopt;
  return store::Continuation{std::string{place}};
}

}  // namespace triggers::api
