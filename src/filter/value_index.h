#pragma once

// Arranges the conditions at one path, so that a value finds those that it meets. Only compile.cc uses it.

#include <functional>
#include <utility>
#include <vector>

#include "filter/matcher.h"
#include "filter/program.h"

namespace triggers::filter {

/// Collects the conditions of all lists at one path, and arranges them for the evaluation.
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
