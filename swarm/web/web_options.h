#pragma once

// The options of the page and its API. The command line sets them in run/declare_web.h.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace triggers::swarm {

struct WebOptions {
  std::string host = "127.0.0.1";  ///< Address or name to listen on.
  std::uint16_t port = 8089;
  std::string base_path;  ///< `/swarm`: the page is below this path. Empty or begins with a slash; no slash at its end.
  std::string login;      ///< `USER:PASSWORD`; empty: anybody may use the page.
  bool login_page = false;  ///< Browsers get a form, not the dialog of HTTP Basic.
  std::string tls_cert_path, tls_key_path;
  bool class_picker = false;
  bool autostart = false;
  std::optional<std::chrono::seconds> autoquit;
};

}  // namespace triggers::swarm
