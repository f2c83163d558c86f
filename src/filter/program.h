#pragma once

// The compiled form of a set of filters. compile.h makes it, and walk.h runs it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "filter/decimal.h"
#include "filter/filter.h"
#include "filter/matcher.h"

namespace triggers::filter {

/// The filters of a set, merged. A Node is a path of names, with the conditions of all filters at that path. Equal
/// conditions are stored once.
///
/// An Atom is a fact about one object of an event: a value of a member passes a condition, an object in a member
/// matches a Scope, or the object itself matches a branch of `$or`, which is a Scope too. A scope is a formula of
/// atoms. While an object is read, atoms only become true, never false. So a scope is computed when its object ends,
/// and only if one of its keys became true: a few atoms of which the formula needs at least one. That is why the cost
/// of an element of an array does not grow with the number of filters.
using AtomId = std::uint32_t;
using NodeId = std::uint32_t;
using ScopeId = std::uint32_t;

constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
};
template <class T>
using ByText = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

struct Formula {
  enum class Kind { all, any, values, object, branch };
  Kind kind = Kind::all;
  std::vector<Formula> parts = {};  ///< Of all and any.
  NodeId node = none;               ///< Of values and object: the member's node.
  std::vector<AtomId> atoms = {};   ///< Of values: one must be true.
  bool absent = false;              ///< Of values: also true if there is no value.
  ScopeId scope = none;             ///< Of object and branch.
};

/// A scope has a higher number than the scopes in its formula.
struct Scope {
  Formula formula;
  NodeId node = none;        ///< The scope is computed when an object of this node ends.
  AtomId atom = none;        ///< Becomes true with the formula.
  bool when_absent = false;  ///< The formula's value if there is no object.
};

struct Atom {
  NodeId owner = none;            ///< The node of the object that the fact is about.
  std::vector<ScopeId> watchers;  ///< The scopes that have this atom as a key.
};

/// A condition on numbers, as a range of places among the sorted numbers of a node. Place 2i + 1 is the number i
/// itself, and place 2i lies between the numbers i - 1 and i.
struct NumberTest {
  std::uint32_t first = 0, last = 0;
  AtomId atom = none;
};

struct Test {
  const Matcher* matcher = nullptr;
  AtomId atom = none;
};

/// The conditions on values at a path.
struct ValueTests {
  ByText<AtomId> texts;                           ///< Literals.
  std::array<AtomId, 3> words{none, none, none};  ///< true, false, null.
  AtomId present = none;
  std::vector<Test> text_tests;         ///< Tried on strings.
  std::vector<Decimal> numbers;         ///< All numbers that a test compares with, sorted and without repetition.
  std::vector<AtomId> number_literals;  ///< One for each of `numbers`, or none.
  std::vector<NumberTest> number_tests;
  std::vector<Test> exclusions;  ///< `anything-but`: tried on every value.
};

struct Node {
  NodeId parent = none;
  std::string path;
  ByText<NodeId> children;
  ValueTests tests;
  bool has_values = false;      ///< A filter has a list here.
  bool has_scopes = false;      ///< A filter has an object here.
  std::vector<ScopeId> always;  ///< Scopes without keys, which are computed at the end of every object.
  std::size_t conditions = 0;   ///< All except literals, and the scopes without keys.
};

/// A filter: a scope of the whole event.
struct Root {
  ScopeId scope = none;
  bool asks_payload = false, asks_metadata = false;
};

struct Program {
  std::vector<Filter> filters;  ///< Own the matchers that tests point to.
  std::vector<Node> nodes;      ///< The first is the whole event.
  std::vector<Atom> atoms;
  std::vector<Scope> scopes;
  std::vector<Root> roots;  ///< One for each filter.
  NodeId event_type = none, source = none, payload = none, metadata = none;
};

}  // namespace triggers::filter
