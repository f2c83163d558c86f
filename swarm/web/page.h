#pragma once

// The page and its files as responses.

#include <optional>
#include <string_view>

#include "http/wire/message.h"
#include "swarm/web/test_control.h"

namespace triggers::swarm {

/// `GET /`: index.html with the data that the page starts with. It may load only what this server has.
[[nodiscard]] http::Response index_page(const TestView& view, const TestSettings& settings);
/// The login form. `message` says why it is there again; empty at first.
[[nodiscard]] http::Response login_page(std::string_view message);
/// A file of the page; nothing if there is none with this path.
[[nodiscard]] std::optional<http::Response> page_file(std::string_view path, const http::Request& request);

}  // namespace triggers::swarm
