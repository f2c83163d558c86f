#include "filter/compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "filter/bounds.h"
#include "filter/path.h"
#include "filter/pattern.h"
#include "filter/value_index.h"

namespace triggers::filter {
namespace {

class Compiler {
 public:
  Compiler() {
    program_.nodes.emplace_back().path = "$";
    index_.emplace_back();
  }

  void add(const Filter& filter) { program_.roots.push_back({.scope = scope(filter.pattern(), 0, 0)}); }

  /// The first node with more conditions than are allowed, or null.
  [[nodiscard]] const Node* crowded() const {
    const auto found = std::ranges::find_if(program_.nodes,
                                            [](const Node& node) { return node.conditions > conditions_per_path_max; });
    return found == program_.nodes.end() ? nullptr : &*found;
  }

  Program finish() && {
    for (std::size_t i = 0; i != program_.nodes.size(); ++i) index_[i].finish(program_.nodes[i].tests);
    for (ScopeId i = 0; i != program_.scopes.size(); ++i) watch(i);
    const auto child = [&](std::string_view name) {
      const auto found = program_.nodes[0].children.find(name);
      return found == program_.nodes[0].children.end() ? none : found->second;
    };
    program_.event_type = child("event_type");
    program_.source = child("source");
    program_.payload = child("payload");
    program_.metadata = child("metadata");
    for (Root& root : program_.roots) {
      const Formula& formula = program_.scopes[root.scope].formula;
      root.asks_payload = program_.payload != none && asks(formula, program_.payload);
      root.asks_metadata = program_.metadata != none && asks(formula, program_.metadata);
    }
    return std::move(program_);
  }

 private:
  NodeId child_of(NodeId parent, const std::string& name) {
    const auto found = program_.nodes[parent].children.find(name);
    if (found != program_.nodes[parent].children.end()) return found->second;
    const auto made = static_cast<NodeId>(program_.nodes.size());
    Node& node = program_.nodes.emplace_back();
    node.parent = parent;
    node.path = program_.nodes[parent].path;
    append_name(node.path, name);
    program_.nodes[parent].children.emplace(name, made);
    index_.emplace_back();
    return made;
  }

  AtomId new_atom(NodeId owner) {
    program_.atoms.push_back({owner, {}});
    return static_cast<AtomId>(program_.atoms.size() - 1);
  }

  Formula values(const ValueList& list, NodeId node) {
    Formula made{.kind = Formula::Kind::values, .node = node};
    program_.nodes[node].has_values = true;
    for (const Matcher& matcher : list.matchers) {
      if (matcher.kind == Matcher::Kind::absent) {
        made.absent = true;
        continue;
      }
      const auto [atom, is_new] = index_[node].atom_of(matcher, [&] { return new_atom(program_.nodes[node].parent); });
      made.atoms.push_back(atom);
      if (is_new) program_.nodes[node].conditions += conditions_of(matcher);
    }
    std::ranges::sort(made.atoms);
    made.atoms.erase(std::ranges::unique(made.atoms).begin(), made.atoms.end());
    return made;
  }

  static std::size_t conditions_of(const Matcher& matcher) {
    if (matcher.kind == Matcher::Kind::anything_but) return matcher.excluded.size();
    return matcher.kind > Matcher::Kind::absent ? 1 : 0;
  }

  Formula object(const ObjectPattern& pattern, NodeId node) {
    Formula made{.kind = Formula::Kind::all};
    for (const MemberPattern& member : pattern.members) {
      const NodeId child = child_of(node, member.name);
      if (const auto* const list = std::get_if<ValueList>(&member.value)) {
        made.parts.push_back(values(*list, child));
      } else {
        const ScopeId inner = scope(std::get<1>(member.value).front(), child, node);
        made.parts.push_back({.kind = Formula::Kind::object, .node = child, .scope = inner});
      }
    }
    for (const auto& branches : pattern.alternatives) {
      Formula any{.kind = Formula::Kind::any};
      for (const ObjectPattern& branch : branches) {
        any.parts.push_back({.kind = Formula::Kind::branch, .scope = scope(branch, node, node)});
      }
      made.parts.push_back(std::move(any));
    }
    return made;
  }

  /// The scope of a pattern. Its atom is a fact about an object of `owner`: that the object itself, or an object in one
  /// of its members, matches the pattern. Equal patterns at the same place share a scope.
  ScopeId scope(const ObjectPattern& pattern, NodeId node, NodeId owner) {
    Formula formula = object(pattern, node);
    std::string key = fmt::format("{} {} ", node, owner);
    write(formula, key);
    const auto [found, is_new] = scopes_.try_emplace(std::move(key), static_cast<ScopeId>(program_.scopes.size()));
    if (!is_new) return found->second;
    const bool when_absent = holds_on_nothing(formula);
    const AtomId atom = new_atom(owner);
    if (!keys(formula)) ++program_.nodes[node].conditions;
    program_.scopes.push_back({std::move(formula), node, atom, when_absent});
    program_.nodes[node].has_scopes = true;
    return found->second;
  }

  static void write(const Formula& formula, std::string& out) {
    out.append(
        fmt::format("{}:{}:{}:{}[", static_cast<int>(formula.kind), formula.node, formula.absent, formula.scope));
    for (const AtomId atom : formula.atoms) out.append(fmt::format("{},", atom));
    for (const Formula& part : formula.parts) write(part, out);
    out.push_back(']');
  }

  bool holds_on_nothing(const Formula& formula) const {
    const auto holds = [this](const Formula& part) { return holds_on_nothing(part); };
    switch (formula.kind) {
      case Formula::Kind::all: return std::ranges::all_of(formula.parts, holds);
      case Formula::Kind::any: return std::ranges::any_of(formula.parts, holds);
      case Formula::Kind::values: return formula.absent;
      case Formula::Kind::object:
      case Formula::Kind::branch: return program_.scopes[formula.scope].when_absent;
    }
    return false;
  }

  /// Atoms of which the formula needs at least one. Nothing if it can be true without any.
  [[nodiscard]] std::optional<std::vector<AtomId>> keys(const Formula& formula) const {
    switch (formula.kind) {
      case Formula::Kind::all: return keys_of_all(formula);
      case Formula::Kind::any: return keys_of_any(formula);
      case Formula::Kind::values:
        if (formula.absent) return std::nullopt;
        return formula.atoms;
      case Formula::Kind::object:
        if (program_.scopes[formula.scope].when_absent) return std::nullopt;
        return std::vector{program_.scopes[formula.scope].atom};
      case Formula::Kind::branch: return std::vector{program_.scopes[formula.scope].atom};
    }
    return std::nullopt;
  }

  /// The keys of any part would do. Those with the fewest watchers are best, because no atom should wake many scopes.
  [[nodiscard]] std::optional<std::vector<AtomId>> keys_of_all(const Formula& formula) const {
    std::optional<std::vector<AtomId>> best;
    std::size_t best_load = 0;
    for (const Formula& part : formula.parts) {
      auto found = keys(part);
      if (!found) continue;
      std::size_t load = 0;
      for (const AtomId atom : *found) load += 1 + program_.atoms[atom].watchers.size();
      if (!best || load < best_load) std::tie(best, best_load) = std::pair(std::move(found), load);
    }
    return best;
  }

  [[nodiscard]] std::optional<std::vector<AtomId>> keys_of_any(const Formula& formula) const {
    std::vector<AtomId> all;
    for (const Formula& part : formula.parts) {
      const auto found = keys(part);
      if (!found) return std::nullopt;
      all.insert(all.end(), found->begin(), found->end());
    }
    return all;
  }

  void watch(ScopeId id) {
    const Scope& scope = program_.scopes[id];
    auto atoms = keys(scope.formula);
    if (!atoms) {
      program_.nodes[scope.node].always.push_back(id);
      return;
    }
    std::ranges::sort(*atoms);
    atoms->erase(std::ranges::unique(*atoms).begin(), atoms->end());
    for (const AtomId atom : *atoms) program_.atoms[atom].watchers.push_back(id);
  }

  bool asks(const Formula& formula, NodeId node) const {
    if (formula.kind == Formula::Kind::branch) return asks(program_.scopes[formula.scope].formula, node);
    return formula.node == node ||
           std::ranges::any_of(formula.parts, [&](const Formula& part) { return asks(part, node); });
  }

  Program program_;
  std::vector<ValueIndex> index_;  ///< One for each node.
  ByText<ScopeId> scopes_;         ///< By their text from write().
};

}  // namespace

Result<std::shared_ptr<const Program>> compile(const std::vector<Filter>& filters) {
  if (filters.size() > filters_max) {
    return Error{ErrorCode::too_large, fmt::format("There are {} filters; at most {} can be evaluated together.",
                                                   filters.size(), filters_max)};
  }
  Compiler compiler;
  for (std::size_t i = 0; i != filters.size(); ++i) {
    compiler.add(filters[i]);
    if (const Node* const node = compiler.crowded()) {
      return Error{
          ErrorCode::too_large,
          fmt::format("With filter {} of {}, the filters ask for more than {} different conditions at {}; values that "
                      "stand in a list as they are do not count, so use those there.",
                      i + 1, filters.size(), conditions_per_path_max, node->path)};
    }
  }
  auto program = std::make_shared<Program>(std::move(compiler).finish());
  program->filters = filters;
  return std::shared_ptr<const Program>(std::move(program));
}

}  // namespace triggers::filter
