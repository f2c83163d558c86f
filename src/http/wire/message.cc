#include "http/wire/message.h"

#include <algorithm>

namespace triggers::http {
namespace {

// What a connection that waits keeps for its next request; more than that was unusual and is given back.
constexpr std::size_t kept_text_bytes = 2 * 1024;
constexpr std::size_t kept_entries = 64;

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace

std::string_view method_name(Method method) noexcept {
  switch (method) {
    case Method::get: return "GET";
    case Method::head: return "HEAD";
    case Method::post: return "POST";
    case Method::put: return "PUT";
    case Method::patch: return "PATCH";
    case Method::del: return "DELETE";
    case Method::options: return "OPTIONS";
    case Method::other: return "OTHER";
  }
  return "OTHER";
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  // Most clients write a name in the same case as we do.
  return a == b || std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

void Headers::clear() noexcept {
  if (text_.capacity() > kept_text_bytes || entries_.capacity() > kept_entries) {
    std::string{}.swap(text_);  // An assignment would keep the memory.
    std::vector<Entry>{}.swap(entries_);
    return;
  }
  text_.clear();
  entries_.clear();
}

void Headers::add(std::string_view name, std::string_view value) {
  const auto at = static_cast<std::uint32_t>(text_.size());
  const auto name_bytes = static_cast<std::uint32_t>(name.size());
  text_.append(name).append(value);
  entries_.push_back({at, name_bytes, at + name_bytes, static_cast<std::uint32_t>(value.size())});
}

std::optional<std::string_view> Headers::find(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    // Most fields differ in length already.
    if (entries_[i].name_bytes != name.size()) continue;
    const auto [field, value] = at(i);
    if (equal_ignoring_case(field, name)) return value;
  }
  return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const noexcept {
  std::size_t found = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].name_bytes == name.size() && equal_ignoring_case(at(i).first, name)) ++found;
  }
  return found;
}

std::size_t Headers::memory_bytes() const noexcept { return text_.capacity() + entries_.capacity() * sizeof(Entry); }

std::pair<std::string_view, std::string_view> Headers::at(std::size_t index) const noexcept {
  const Entry& entry = entries_[index];
  const std::string_view text = text_;
  return {text.substr(entry.name_at, entry.name_bytes), text.substr(entry.value_at, entry.value_bytes)};
}

std::string_view Request::path() const noexcept { return std::string_view(target).substr(0, target.find('?')); }

std::string_view Request::query() const noexcept {
  const auto mark = target.find('?');
  return mark == std::string::npos ? std::string_view{} : std::string_view(target).substr(mark + 1);
}

std::string_view reason_phrase(unsigned status) noexcept {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 207: return "Multi-Status";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 507: return "Insufficient Storage";
    default: return {};
  }
}

}  // namespace triggers::http
