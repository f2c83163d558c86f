#pragma once

// Collects the conditions on values at one path, of all filters of a set, and arranges them so that a value finds those
// that it meets. Equal conditions become one. Only compile.cc uses it; program.h has the arranged form.

#include <functional>
#include <utility>
#include <vector>

#include "filter/matcher.h"
#include "filter/program.h"

namespace triggers::filter {

/// The conditions at one path: the elements of each list that any filter of the set has there, such as `"a"` and
/// `{"prefix": "b"}` in `{"payload": {"x": ["a", {"prefix": "b"}]}}` for the path `$.payload.x`.
class ValueIndex {
 public:
  /// The atom of a matcher, and whether it is new. Stores the matcher's address.
  std::pair<AtomId, bool> atom_of(const Matcher& matcher, const std::function<AtomId()>& new_atom);

  /// Call it once, after the last atom_of().
  void finish(ValueTests& out) const;

 private:
  void finish_numbers(ValueTests& out) const;

  ByText<AtomId> by_key_;
  std::vector<Test> all_;  ///< In the order of the atoms.
};

}  // namespace triggers::filter
