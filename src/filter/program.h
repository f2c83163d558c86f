#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "filter/decimal.h"
#include "filter/filter.h"
#include "filter/matcher.h"

namespace triggers::filter {

/// The filters of a set, merged. A Node is a path of names; what different filters ask there stands side by side, and
/// what they ask alike stands there once.
///
/// An Atom is a fact about one object of an event: that a value under one of its names passes a condition, that an
/// object under one of its names is matched by a Scope, or that the object itself is matched by a branch of `$or`,
/// which is a Scope too. A scope is a formula of atoms. Atoms only ever become true while an object is read, so a scope
/// is computed when its object ends, and only if one of a few atoms that it cannot do without, its keys, became true.
/// That is what keeps the cost of an array's element from growing with the number of filters.
using AtomId = std::uint32_t;
using NodeId = std::uint32_t;
using ScopeId = std::uint32_t;

constexpr std::uint32_t none = UINT32_MAX;

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
  NodeId node = none;               ///< Of values and object: where they are looked for.
  std::vector<AtomId> atoms = {};   ///< Of values: one is enough.
  bool absent = false;              ///< Of values: no value at all is enough too.
  ScopeId scope = none;             ///< Of object and branch.
};

/// A scope has a higher number than those that its formula names.
struct Scope {
  Formula formula;
  NodeId node = none;        ///< It is computed at the end of an object there.
  AtomId atom = none;        ///< What it makes true.
  bool when_absent = false;  ///< What it is where no object is.
};

struct Atom {
  NodeId owner = none;            ///< Where the object is that it is a fact about.
  std::vector<ScopeId> watchers;  ///< Scopes of which it is a key.
};

/// A condition on numbers: which places among the sorted numbers of a node it holds for. Place 2i + 1 is the i-th
/// number itself, place 2i is between its neighbours.
struct NumberTest {
  std::uint32_t first = 0, last = 0;
  AtomId atom = none;
};

struct Test {
  const Matcher* matcher = nullptr;
  AtomId atom = none;
};

/// What is asked of the values at a path.
struct ValueTests {
  ByText<AtomId> texts;                           ///< Literals.
  std::array<AtomId, 3> words{none, none, none};  ///< true, false, null.
  AtomId present = none;
  std::vector<Test> text_tests;         ///< Tried on strings.
  std::vector<Decimal> numbers;         ///< Every number that a test compares with; sorted, different.
  std::vector<AtomId> number_literals;  ///< For each of them.
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
  std::vector<ScopeId> always;  ///< Those without keys: computed at the end of every object.
  std::size_t conditions = 0;   ///< Without literals; with scopes without keys.
};

/// A filter: a scope of the event itself.
struct Root {
  ScopeId scope = none;
  bool asks_payload = false, asks_metadata = false;
};

struct Program {
  std::vector<Filter> filters;  ///< Keeps the matchers that tests point to.
  std::vector<Node> nodes;      ///< The first is the event itself.
  std::vector<Atom> atoms;
  std::vector<Scope> scopes;
  std::vector<Root> roots;  ///< Of each filter.
  NodeId event_type = none, source = none, payload = none, metadata = none;
};

}  // namespace triggers::filter
