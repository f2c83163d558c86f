#include "filter/matcher.h"

#include <algorithm>

namespace triggers::filter {
namespace {

bool in_range(const Matcher& matcher, const Decimal& number) {
  if (matcher.lower) {
    const auto order = number <=> matcher.lower->number;
    if (order < 0 || (order == 0 && !matcher.lower->inclusive)) return false;
  }
  if (matcher.upper) {
    const auto order = number <=> matcher.upper->number;
    if (order > 0 || (order == 0 && !matcher.upper->inclusive)) return false;
  }
  return true;
}

}  // namespace

bool Matcher::matches(const Scalar& value, std::uint64_t& steps) const {
  const bool is_number = value.kind() == Scalar::Kind::number;
  switch (kind) {
    case Kind::text: return value.is_text() && value.text() == text;
    case Kind::number: return is_number && value.number() == *number;
    case Kind::yes: return value.kind() == Scalar::Kind::yes;
    case Kind::no: return value.kind() == Scalar::Kind::no;
    case Kind::null: return value.kind() == Scalar::Kind::null;
    case Kind::present: return true;
    case Kind::absent: return false;
    case Kind::prefix: return value.is_text() && value.text().starts_with(text);
    case Kind::suffix: return value.is_text() && value.text().ends_with(text);
    case Kind::any_case: return value.is_text() && value.folded() == text;
    case Kind::prefix_any_case: return value.is_text() && value.folded().starts_with(text);
    case Kind::suffix_any_case: return value.is_text() && value.folded().ends_with(text);
    case Kind::wildcard: return value.is_text() && wildcard->matches(value.text(), steps);
    case Kind::cidr: return value.is_text() && value.address() && cidr->contains(*value.address());
    case Kind::numeric: return is_number && in_range(*this, value.number());
    case Kind::anything_but:
      steps += excluded.size();
      return std::ranges::none_of(excluded, [&](const Matcher& each) { return each.matches(value, steps); });
  }
  return false;
}

}  // namespace triggers::filter
