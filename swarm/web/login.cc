#include "swarm/web/login.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/encoding.h"
#include "base/random.h"

namespace triggers::swarm {
namespace {

/// In a time that depends on the sizes alone.
bool equal(std::string_view given, std::string_view expected) {
  unsigned difference = given.size() == expected.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    difference |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(expected[i % expected.size()]);
  }
  return difference == 0;
}

std::optional<std::string> cookie_of(const http::Request& request) {
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    const auto [name, value] = request.headers.at(i);
    if (!http::equal_ignoring_case(name, "Cookie")) continue;
    for (std::string_view rest = value; !rest.empty();) {
      std::string_view pair = rest.substr(0, rest.find(';'));
      rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
      while (pair.starts_with(' ')) pair.remove_prefix(1);
      if (pair.starts_with(session_cookie) && pair.substr(session_cookie.size()).starts_with('=')) {
        return std::string{pair.substr(session_cookie.size() + 1)};
      }
    }
  }
  return std::nullopt;
}

}  // namespace

Login::Verdict Login::compare(std::string_view user_and_password, Time now) {
  const MutexLock lock(mutex_);
  while (!failures_.empty() && failures_.front() + failures_window <= now) failures_.pop_front();
  if (failures_.size() >= failures_max) return Verdict::too_many_failures;
  if (equal(user_and_password, expected_)) return Verdict::allowed;
  failures_.push_back(now);
  return Verdict::wrong;
}

Login::Verdict Login::check(const http::Request& request, Time now) {
  if (expected_.empty()) return Verdict::allowed;
  if (const auto token = cookie_of(request)) {
    const MutexLock lock(mutex_);
    std::erase_if(sessions_, [now](const Session& one) { return one.until <= now; });
    if (std::ranges::any_of(sessions_, [&](const Session& one) { return equal(*token, one.token); })) {
      return Verdict::allowed;
    }
  }
  constexpr std::string_view scheme = "Basic ";
  const auto given = request.headers.find("Authorization");
  if (!given || !http::equal_ignoring_case(given->substr(0, scheme.size()), scheme)) return Verdict::unknown;
  return compare(from_base64(given->substr(scheme.size())).value_or(""), now);
}

Login::Verdict Login::check_password(std::string_view user, std::string_view password, Time now) {
  if (expected_.empty()) return Verdict::allowed;
  return compare(std::string{user} + ":" + std::string{password}, now);
}

std::string Login::begin_session(Time now) {
  std::array<std::byte, 32> bytes{};
  fill_random(bytes);
  std::string token = to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const MutexLock lock(mutex_);
  if (sessions_.size() == sessions_max) sessions_.pop_front();
  sessions_.push_back({.token = token, .until = now + session_life});
  return token;
}

void Login::end_session(const http::Request& request) {
  const auto token = cookie_of(request);
  const MutexLock lock(mutex_);
  if (token) std::erase_if(sessions_, [&](const Session& one) { return equal(*token, one.token); });
}

}  // namespace triggers::swarm
