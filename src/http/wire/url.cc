#include "http/wire/url.h"

#include <charconv>

#include "http/wire/message.h"

namespace triggers::http {
namespace {

/// Schemes ignore case (RFC 3986, section 3.1).
bool starts_with_scheme(std::string_view text, std::string_view scheme) {
  return equal_ignoring_case(text.substr(0, scheme.size()), scheme);
}

}  // namespace

std::string authority_of(std::string_view host, std::uint16_t port, bool tls) {
  std::string name(host);
  if (host.find(':') != std::string_view::npos) name.insert(0, "[").append("]");
  return port == (tls ? 443 : 80) ? name : name + ":" + std::to_string(port);
}

std::string Url::authority() const { return authority_of(host, port, tls); }

Result<Url> parse_url(std::string_view text) {
  // What stands before an @ may be a password.
  const std::string shown = text.find('@') == std::string_view::npos ? ": " + std::string(text) : " without a user";
  const Error wrong{ErrorCode::invalid_argument, "not a URL like http://host:port or https://host" + shown};
  Url url;
  url.tls = starts_with_scheme(text, "https://");
  if (!url.tls && !starts_with_scheme(text, "http://")) return wrong;
  text.remove_prefix(url.tls ? 8 : 7);
  const auto slash = text.find('/');
  std::string_view authority = text.substr(0, slash);
  url.path = slash == std::string_view::npos ? "/" : text.substr(slash);
  if (authority.find_first_of("@?# \t\r\n") != std::string_view::npos) return wrong;
  if (url.path.find_first_of("# \t\r\n") != std::string::npos) return wrong;

  const bool bracketed = authority.starts_with('[');
  const auto host_end = bracketed ? authority.find(']') : authority.find(':');
  if (bracketed && host_end == std::string_view::npos) return wrong;
  url.host = bracketed ? authority.substr(1, host_end - 1) : authority.substr(0, host_end);
  if (url.host.empty()) return wrong;
  std::string_view rest = host_end == std::string_view::npos ? "" : authority.substr(host_end + (bracketed ? 1 : 0));
  url.port = url.tls ? 443 : 80;
  if (rest.empty()) return url;
  if (rest.front() != ':') return wrong;
  rest.remove_prefix(1);
  const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), url.port);
  if (read.ec != std::errc{} || read.ptr != rest.data() + rest.size() || url.port == 0) return wrong;
  return url;
}

}  // namespace triggers::http
