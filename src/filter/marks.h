#pragma once

// The memory of an evaluation, which is reused for the next event. walk.h reads and writes it.

#include <cstdint>
#include <string>
#include <vector>

#include "filter/program.h"

namespace triggers::filter {

/// The state of an evaluation. At most one object of each node is open at a time. Objects are numbered as they are
/// opened, and a mark is the number of the object that it is valid for. So opening an object clears all marks of the
/// one before.
struct Marks {
  explicit Marks(const Program& program)
      : object(program.nodes.size(), 0),
        value_in(program.nodes.size(), 0),
        object_in(program.nodes.size(), 0),
        true_in(program.atoms.size(), 0),
        woken_in(program.scopes.size(), 0),
        woken(program.nodes.size()) {}

  std::uint64_t objects = 0;                ///< Opened so far, over all events.
  std::vector<std::uint64_t> object;        ///< Of each node: the number of its open object.
  std::vector<std::uint64_t> value_in;      ///< Of each node: the object around it in which it last had a value.
  std::vector<std::uint64_t> object_in;     ///< The same for an object.
  std::vector<std::uint64_t> true_in;       ///< Of each atom: the object around it for which it is true.
  std::vector<std::uint64_t> woken_in;      ///< Of each scope: the object for which it is to be computed.
  std::vector<std::vector<ScopeId>> woken;  ///< Of each node: a heap of the scopes to compute when its object ends.
  std::string name, text;                   ///< Unescaped.
  std::uint64_t steps = 0;
};

}  // namespace triggers::filter
