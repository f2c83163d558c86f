#include "swarm/load/target.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "http/wire/url.h"
#include "swarm/load/failure_text.h"

namespace triggers::swarm {
namespace {

Error not_a_url(std::string_view url) {
  std::string message = python_repr_ascii(without_user(url)) + " is not the URL of a service; for instance ";
  message += "http://localhost:8000";
  if (url.find('@') != std::string_view::npos) message += ". It must not have a user or a password";
  return Error{ErrorCode::invalid_argument, std::move(message)};
}

/// Checks a character of a host or path, which are copied into requests unchanged.
bool has_odd_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c <= 0x20 || c >= 0x7f; }) ||
         text.find_first_of("?#\\\"<>^`{|}") != std::string_view::npos;
}

}  // namespace

std::string without_user(std::string_view url) {
  // The last one, because a password may contain others.
  const auto at = url.rfind('@');
  if (at == std::string_view::npos) return std::string{url};
  const auto scheme = url.substr(0, at).find("://");
  const std::string_view shown = scheme == std::string_view::npos ? "" : url.substr(0, scheme + 3);
  return std::string{shown}.append("***").append(url.substr(at));
}

Result<Target> Target::parse(std::string_view url) {
  Target target;
  target.url = url;
  auto parsed = http::parse_url(url);
  if (!parsed) return not_a_url(url);
  target.tls = parsed->tls;
  target.authority = parsed->authority();
  target.host = std::move(parsed->host);
  target.port = parsed->port;
  target.base_path = std::move(parsed->path);
  while (target.base_path.ends_with('/')) target.base_path.pop_back();
  if (has_odd_character(target.host) || has_odd_character(target.base_path)) return not_a_url(url);

  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(target.host.c_str(), std::to_string(target.port).c_str(), &hints, &found);
  if (failed != 0) {
    return Error{ErrorCode::unavailable,
                 "cannot find the host of " + without_user(url) + ": " + ::gai_strerror(failed)};
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
