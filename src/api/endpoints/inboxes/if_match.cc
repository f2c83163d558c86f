#include "api/endpoints/inboxes/if_match.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace triggers::api {
namespace {

constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

/// As RFC 9110 has them: visible characters without quotes, and anything beyond ASCII.
bool of_a_tag(char c) { return c == '!' || (c > '"' && c != '\x7f') || static_cast<unsigned char>(c) >= 0x80; }

/// The text within the quotes; nothing if `field` is not exactly one tag.
std::optional<std::string_view> opaque_tag(std::string_view field) {
  if (field.starts_with("W/")) field.remove_prefix(2);
  if (field.size() < 2 || field.front() != '"' || field.back() != '"') return std::nullopt;
  const auto text = field.substr(1, field.size() - 2);
  return std::ranges::all_of(text, of_a_tag) ? std::optional(text) : std::nullopt;
}

std::optional<store::InboxTag> parse_tag(std::string_view text) {
  store::InboxTag tag;
  const char* const end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), text.data() + text.size(), tag.number);
  if (number.ec != std::errc{} || number.ptr == end || *number.ptr != '-') return std::nullopt;
  const auto revision = std::from_chars(number.ptr + 1, end, tag.revision);
  if (revision.ec != std::errc{} || revision.ptr != end) return std::nullopt;
  return tag;
}

/// A weak tag never matches (RFC 9110, section 13.1.1), however often the client reads the settings again.
Refusal weak_tag() {
  return {Code::precondition_failed,
          "A weak ETag in If-Match never matches: send the ETag without W/. A proxy that compresses responses may have "
          "made it weak.",
          Details().text("field", "If-Match").json(),
          {},
          {}};
}

}  // namespace

std::string etag_of(const store::InboxTag& tag) {
  return '"' + std::to_string(tag.number) + '-' + std::to_string(tag.revision) + '"';
}

OrRefusal<std::optional<store::InboxTag>> if_match(const http::Request& request) {
  const auto field = request.headers.find("If-Match");
  if (!field) return std::optional<store::InboxTag>{};
  const auto text = request.headers.count("If-Match") == 1 ? opaque_tag(*field) : std::nullopt;
  if (!text) {
    return invalid("If-Match", "must be one ETag in double quotes, as GET /inboxes/{name} returned it");
  }
  if (field->starts_with("W/")) return weak_tag();
  // Tags are compared as text.
  const auto tag = parse_tag(*text);
  return std::optional(tag && etag_of(*tag) == *field ? *tag : store::InboxTag{never, never});
}

Refusal settings_have_changed(const std::optional<store::InboxTag>& now) {
  Details details;
  details.text("field", "If-Match");
  if (now) details.text("etag", etag_of(*now));
  return {Code::precondition_failed,
          now ? "The settings of this inbox have changed since: read them again, and send If-Match with the new ETag."
              : "There is no such inbox: to create it, leave If-Match out.",
          details.json(),
          {},
          {}};
}

}  // namespace triggers::api
