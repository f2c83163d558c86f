#include "api/cursor.h"

#include "auth/mac.h"
#include "base/encoding.h"

namespace triggers::api {
namespace {

constexpr char cursor_version = 1;
constexpr std::size_t id_bytes = 16;
constexpr std::size_t mac_bytes = 16;

std::string mac(std::string_view secret, const CursorScope& scope, std::string_view id) {
  std::string message{cursor_version};
  const auto add = [&](std::string_view part) {
    message += std::to_string(part.size());
    message += ':';
    message += part;
  };
  add(scope.tenant);
  add(scope.inbox);
  message += scope.event_type ? 'f' : 'a';
  if (scope.event_type) add(*scope.event_type);
  message += id;
  return auth::hmac_sha256(secret, message).substr(0, mac_bytes);
}

}  // namespace

std::string encode_cursor(std::string_view secret, const CursorScope& scope, const event::EventId& after) {
  return to_base64url(cursor_version + std::string{after.view()} + mac(secret, scope, after.view()));
}

std::optional<event::EventId> decode_cursor(std::string_view secret, const CursorScope& scope, std::string_view text) {
  const auto bytes = from_base64url(text);
  if (!bytes || bytes->size() != 1 + id_bytes + mac_bytes || bytes->front() != cursor_version) return std::nullopt;
  const std::string_view id = std::string_view{*bytes}.substr(1, id_bytes);
  if (!auth::equal_constant_time(std::string_view{*bytes}.substr(1 + id_bytes), mac(secret, scope, id)))
    return std::nullopt;
  return event::EventId::from_bytes(id);
}

}  // namespace triggers::api
