#include "swarm/web/site_guard.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "swarm/load/failure_text.h"

namespace triggers::swarm {
namespace {

/// `localhost` of `localhost:8089`; an IPv6 address keeps its brackets.
std::string_view without_port(std::string_view authority) {
  const std::size_t address_end = authority.starts_with('[') ? authority.find(']') : 0;
  return authority.substr(0, authority.find(':', std::min(address_end, authority.size())));
}

/// `localhost:8089` of `http://localhost:8089/path`. Empty if the text is no such URL, as `null`.
std::string_view authority_of_url(std::string_view url) {
  const std::size_t begin = url.find("://");
  if (begin == std::string_view::npos) return {};
  url.remove_prefix(begin + 3);
  return url.substr(0, url.find('/'));
}

bool is_address(std::string_view host) {
  std::string text{host};
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  if (text.starts_with('[') && text.ends_with(']')) {
    return ::inet_pton(AF_INET6, text.substr(1, text.size() - 2).c_str(), bytes.data()) == 1;
  }
  return ::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1;
}

}  // namespace

bool SiteGuard::names_this_machine(std::string_view host) const {
  // An address cannot be rebound, and browsers resolve these names themselves.
  if (is_address(host) || http::equal_ignoring_case(host, own_host_)) return true;
  constexpr std::string_view local = "localhost";
  if (host.size() < local.size() || !http::equal_ignoring_case(host.substr(host.size() - local.size()), local)) {
    return false;
  }
  return host.size() == local.size() || host[host.size() - local.size() - 1] == '.';
}

std::optional<std::string> SiteGuard::refusal(const http::Request& request, bool changes) const {
  const auto host = request.headers.find("Host");
  if (!host || request.headers.count("Host") != 1) return "A request needs one Host field";
  if (!any_name_ && !names_this_machine(without_port(*host))) {
    return "This server does not answer to the name " + python_repr_ascii(without_port(*host)) +
           ", because another site could use that name. Open it by its IP address or as localhost, start swarm with "
           "--web-host set to that name, or give it a login (--web-auth)";
  }
  if (const auto origin = request.headers.find("Origin"); origin && authority_of_url(*origin) != *host) {
    return "A page of another site (" + python_repr_ascii(*origin) + ") may not use this server";
  }
  if (!changes) return std::nullopt;
  const auto fetch_site = request.headers.find("Sec-Fetch-Site");
  if (fetch_site && *fetch_site != "same-origin" && *fetch_site != "none") {
    return "A page of another site may not change a test";
  }
  // For browsers without Sec-Fetch-Site: a GET of Locust's API changes the test too, and has no Origin.
  const auto referrer = request.headers.find("Referer");
  if (!fetch_site && referrer && authority_of_url(*referrer) != *host)
    return "A page of another site may not change a test";
  return std::nullopt;
}

}  // namespace triggers::swarm
