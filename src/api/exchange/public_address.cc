#include "api/exchange/public_address.h"

#include <algorithm>

namespace triggers::api {
namespace {

constexpr std::string_view fallback = "http://localhost:8000";
constexpr std::size_t part_bytes_max = 255;

bool holds_only(std::string_view text, std::string_view others) {
  return !text.empty() && text.size() <= part_bytes_max && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

/// The value that the first of several proxies wrote.
std::string_view first_of(const http::Headers& headers, std::string_view name) {
  const auto value = headers.find(name).value_or("");
  return value.substr(0, value.find(','));
}

}  // namespace

std::string prefix_of(const Exchange& exchange) {
  std::string_view said = first_of(exchange.request.headers, "X-Forwarded-Prefix");
  while (said.ends_with('/')) said.remove_suffix(1);
  // A path that begins with two slashes would name another host.
  const bool sound = said.starts_with('/') && !said.starts_with("//") && holds_only(said, "/-._~");
  return std::string{sound ? said : std::string_view{}}.append(exchange.base_path);
}

std::string address_of(const Exchange& exchange, bool own_tls) {
  const http::Headers& headers = exchange.request.headers;
  std::string_view host = first_of(headers, "X-Forwarded-Host");
  if (host.empty()) host = headers.find("Host").value_or("");
  if (!holds_only(host, "-._:[]")) return std::string{fallback} + prefix_of(exchange);
  const std::string_view said = first_of(headers, "X-Forwarded-Proto");
  const bool tls = said.empty() ? own_tls : http::equal_ignoring_case(said, "https");
  return std::string{tls ? "https://" : "http://"}.append(host) + prefix_of(exchange);
}

}  // namespace triggers::api
