#pragma once

// A condition on one value, and whether a value meets it. parse_matcher.h makes it from JSON.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "filter/cidr.h"
#include "filter/decimal.h"
#include "filter/scalar.h"
#include "filter/wildcard.h"

namespace triggers::filter {

/// One side of a range of numbers.
struct Bound {
  Decimal number;
  bool inclusive = false;
};

/// One element of a pattern's list: a condition on a single value.
struct Matcher {
  enum class Kind {
    text,             ///< Equal to text.
    number,           ///< Equal to number.
    yes,              ///< true
    no,               ///< false
    null,             ///< null
    present,          ///< Any value.
    absent,           ///< No value at all; matches() is false for it.
    prefix,           ///< Begins with text.
    suffix,           ///< Ends with text.
    any_case,         ///< Equal to text but for case.
    prefix_any_case,  ///< Begins with text but for case.
    suffix_any_case,  ///< Ends with text but for case.
    wildcard,
    cidr,
    numeric,       ///< Within lower and upper.
    anything_but,  ///< Any value that none of excluded matches.
  };

  Kind kind = Kind::present;
  std::string source;  ///< The same matcher as JSON text; equal sources match equal values.
  std::string text;    ///< Folded (fold.h) where case does not count.
  std::optional<Decimal> number;
  std::optional<Bound> lower, upper;
  std::optional<Wildcard> wildcard;
  std::optional<Cidr> cidr;
  std::vector<Matcher> excluded;

  /// Adds its work beyond one look at the value to `steps`.
  [[nodiscard]] bool matches(const Scalar& value, std::uint64_t& steps) const;
};

}  // namespace triggers::filter
