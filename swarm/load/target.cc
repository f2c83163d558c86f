#include "swarm/load/target.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>

#include "http/wire/message.h"
#include "swarm/load/failure_text.h"

namespace triggers::swarm {
namespace {

Error not_a_url(std::string_view url) {
  return Error{ErrorCode::invalid_argument,
               python_repr_ascii(url) + " is not the URL of a service; for instance http://localhost:8000"};
}

/// Takes the scheme off, in any case (RFC 3986, section 3.1).
bool take_scheme(std::string_view& url, std::string_view scheme) {
  if (!http::equal_ignoring_case(url.substr(0, scheme.size()), scheme)) return false;
  url.remove_prefix(scheme.size());
  return true;
}

/// Of a host or path: it goes into a request as it is.
bool has_odd_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c <= 0x20 || c >= 0x7f; }) ||
         text.find_first_of("?#\\\"<>^`{|}") != std::string_view::npos;
}

}  // namespace

Result<Target> Target::parse(std::string_view url) {
  Target target;
  target.url = url;
  std::string_view rest = url;
  if (take_scheme(rest, "https://")) {
    target.tls = true;
  } else if (!take_scheme(rest, "http://")) {
    return not_a_url(url);
  }
  const auto path_at = std::min(rest.find('/'), rest.size());
  target.base_path = rest.substr(path_at);
  while (target.base_path.ends_with('/')) target.base_path.pop_back();
  if (has_odd_character(target.base_path)) return not_a_url(url);
  std::string_view authority = rest.substr(0, path_at);
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return not_a_url(url);
    target.host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
  } else {
    const auto colon = std::min(authority.find(':'), authority.size());
    target.host = authority.substr(0, colon);
    port = authority.substr(colon);
  }
  if (target.host.empty() || has_odd_character(target.host) || target.host.find('@') != std::string::npos)
    return not_a_url(url);
  target.port = target.tls ? 443 : 80;
  if (!port.empty()) {
    if (port.front() != ':') return not_a_url(url);
    port.remove_prefix(1);
    const auto read = std::from_chars(port.data(), port.data() + port.size(), target.port);
    if (read.ec != std::errc{} || read.ptr != port.data() + port.size() || target.port == 0) return not_a_url(url);
  }

  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(target.host.c_str(), std::to_string(target.port).c_str(), &hints, &found);
  if (failed != 0) {
    return Error{ErrorCode::unavailable, "cannot find the host of " + target.url + ": " + ::gai_strerror(failed)};
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    Address& added = target.addresses.emplace_back();
    added.family = address->ai_family;
    added.bytes.resize(address->ai_addrlen);
    std::memcpy(added.bytes.data(), address->ai_addr, address->ai_addrlen);
  }
  return target;
}

}  // namespace triggers::swarm
