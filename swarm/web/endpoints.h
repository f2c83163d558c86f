#pragma once

// The endpoints of the web API: their paths, methods and answers. The page's own files are in page_files.h; who may
// call is decided in web_server.cc.

#include <span>
#include <string_view>

#include "http/wire/message.h"
#include "swarm/web/form.h"
#include "swarm/web/test_control.h"

namespace triggers::swarm {

struct Endpoint {
  std::string_view path;
  bool get = true, post = false;
  bool changes = false;    ///< The test; so another site may not ask for it.
  bool is_polled = false;  ///< Its answer may be half a second old, if no figure has changed.
  /// On the owner's thread. `form` has the fields of the query and, for POST, of the body.
  http::Response (*answer)(TestControl& control, const Form& form);
};

[[nodiscard]] std::span<const Endpoint> endpoints();

/// A response with this text. `content_type` is static.
[[nodiscard]] http::Response text_response(unsigned status, std::string_view content_type, std::string body);

}  // namespace triggers::swarm
