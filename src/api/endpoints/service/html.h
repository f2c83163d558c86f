#pragma once

// For the pages and the OpenAPI document: replaces placeholders, escapes text for HTML, and tells whether a client
// prefers HTML. The pages are in embedded.h; the address to insert is in exchange/public_address.h.

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "http/wire/message.h"

namespace triggers::api {

/// The placeholders for the API's address in the pages and in the OpenAPI document.
inline constexpr std::string_view address_in_pages = "http://localhost:8000";
inline constexpr std::string_view address_in_openapi = "http://127.0.0.1:8000";

/// `text` with each `first` replaced by its `second` wherever it occurs. Inserted text is not searched again.
[[nodiscard]] std::string replaced(std::string_view text,
                                   std::initializer_list<std::pair<std::string_view, std::string_view>> replacements);

/// `text` as HTML shows it, in an attribute too.
[[nodiscard]] std::string html_escaped(std::string_view text);

/// The request prefers HTML to JSON (RFC 9110, section 12.5.1). `*/*` does not ask for HTML.
[[nodiscard]] bool prefers_html(const http::Request& request);

}  // namespace triggers::api
