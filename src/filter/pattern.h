#pragma once

// A parsed filter as a tree. program.h is what a set of them is compiled to.

#include <string>
#include <variant>
#include <vector>

#include "filter/matcher.h"

namespace triggers::filter {

/// A list of a pattern: one of its matchers must match.
struct ValueList {
  std::vector<Matcher> matchers;  ///< At least one.
};

struct ObjectPattern;

/// A member of a pattern's object. The name is unescaped.
struct MemberPattern {
  std::string name;
  std::variant<ValueList, std::vector<ObjectPattern>> value;  ///< The vector holds one object.
};

/// An object of a pattern: all members must match, and one branch of each `$or`.
struct ObjectPattern {
  std::vector<MemberPattern> members;
  std::vector<std::vector<ObjectPattern>> alternatives;  ///< Each `$or` is a list of branches.
};

}  // namespace triggers::filter
