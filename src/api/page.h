#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "http/wire/message.h"

namespace triggers::api {

/// What stands for the address of the API in the source of the pages, and in that of the OpenAPI document.
inline constexpr std::string_view address_in_pages = "http://localhost:8000";
inline constexpr std::string_view address_in_openapi = "http://127.0.0.1:8000";

/// `text` with each `first` replaced by its `second` wherever it occurs; what was put in is not looked at again.
[[nodiscard]] std::string replaced(std::string_view text,
                                   std::initializer_list<std::pair<std::string_view, std::string_view>> replacements);

/// `text` as HTML shows it, in an attribute too.
[[nodiscard]] std::string html_escaped(std::string_view text);

/// The request asks for HTML before it asks for JSON (RFC 9110, section 12.5.1). `*/*` is no wish for HTML.
[[nodiscard]] bool prefers_html(const http::Request& request);

}  // namespace triggers::api
