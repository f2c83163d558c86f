#pragma once

// Refuses requests that another web site makes in the name of the person at the page.

#include <optional>
#include <string>
#include <string_view>

#include "http/wire/message.h"

namespace triggers::swarm {

/// A page of another site can send requests to this server with the browser of its visitor (cross-site request
/// forgery), and can have its own name resolve to this machine's address (DNS rebinding).
class SiteGuard {
 public:
  /// `own_host` is the name that the server listens on. With `any_name`, the Host field may have every name, because
  /// a browser sends no login to a name that it was not given for.
  SiteGuard(std::string own_host, bool any_name) : own_host_(std::move(own_host)), any_name_(any_name) {}

  /// Why the request is refused, for a person; nothing if it is not. `changes`: it changes the test.
  [[nodiscard]] std::optional<std::string> refusal(const http::Request& request, bool changes) const;

 private:
  [[nodiscard]] bool names_this_machine(std::string_view host) const;

  std::string own_host_;
  bool any_name_;
};

}  // namespace triggers::swarm
