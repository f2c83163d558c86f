#pragma once

// Percent-encoding of URLs. Taking a URL apart is in http/wire/url.h.

#include <optional>
#include <string>
#include <string_view>

namespace triggers {

/// RFC 3986's unreserved characters: letters, digits, and `-._~`.
[[nodiscard]] bool is_unreserved(char c) noexcept;

/// Appends `%` and the byte's two digits.
void append_percent_escape(std::string& out, char c);

/// Percent-encodes (RFC 3986, section 2.1) all but the unreserved characters and those in `kept`.
[[nodiscard]] std::string percent_encode(std::string_view text, std::string_view kept = {});

/// Percent-decodes a name or value of a query, where `+` is a blank. Nothing if an escape is broken.
[[nodiscard]] std::optional<std::string> decode_query_text(std::string_view text);

}  // namespace triggers
