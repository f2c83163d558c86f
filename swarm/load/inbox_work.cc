#include "swarm/load/inbox_work.h"

#include <algorithm>
#include <cmath>

#include "swarm/load/failure_text.h"

namespace triggers::swarm {
namespace {

bool is_letter_or_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

Error wrong(std::string message) { return Error{ErrorCode::invalid_argument, std::move(message)}; }

bool is_percent(double value) { return std::isfinite(value) && value >= 0 && value <= 100; }

std::string not_between(const char* option, std::size_t value, std::size_t least, std::size_t most) {
  return std::string{option} + " " + std::to_string(value) + " is not a number from " + std::to_string(least) + " to " +
         std::to_string(most);
}

}  // namespace

bool is_inbox_name(std::string_view text) {
  constexpr std::size_t characters_max = 100;
  return !text.empty() && text.size() <= characters_max && is_letter_or_digit(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.'; });
}

Status InboxWork::check() const {
  if (!is_inbox_name(inbox)) {
    return wrong("--inbox " + python_repr_ascii(inbox) +
                 " is not the name of an inbox: 1 to 100 of A-Z a-z 0-9 - _ . that begin with a letter or a digit");
  }
  if (lease_seconds < 1 || lease_seconds > lease_seconds_max) {
    return wrong(not_between("--lease-seconds", lease_seconds, 1, lease_seconds_max));
  }
  if (lease_limit < 1 || lease_limit > lease_limit_max) {
    return wrong(not_between("--lease-limit", lease_limit, 1, lease_limit_max));
  }
  if (handling_ms > handling_ms_max) return wrong(not_between("--handling-ms", handling_ms, 0, handling_ms_max));
  if (!is_percent(release_percent) || !is_percent(abandon_percent)) {
    return wrong("--release-percent and --abandon-percent are numbers from 0 to 100");
  }
  if (release_percent + abandon_percent > 100) {
    return wrong("--release-percent and --abandon-percent are together more than 100: lower one of them");
  }
  return Done{};
}

}  // namespace triggers::swarm
