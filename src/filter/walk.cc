#include "filter/walk.h"

#include <algorithm>
#include <functional>

#include "event/escape.h"
#include "event/scan.h"

namespace triggers::filter {

void Walk::begin(NodeId node) {
  marks_.object[node] = ++marks_.objects;
  marks_.woken[node].clear();
  ++marks_.steps;
}

void Walk::end(NodeId node) {
  for (const ScopeId id : program_.nodes[node].always) wake(id);
  // In the order of their numbers, so that each follows the scopes in its formula. Computing one may wake others.
  std::vector<ScopeId>& woken = marks_.woken[node];
  while (!woken.empty()) {
    std::ranges::pop_heap(woken, std::greater<>());
    const Scope& scope = program_.scopes[woken.back()];
    woken.pop_back();
    ++marks_.steps;
    if (!is_true(scope.atom) && holds(scope.formula)) make_true(scope.atom);
  }
}

void Walk::make_true(AtomId id) {
  if (is_true(id)) return;
  const Atom& atom = program_.atoms[id];
  marks_.true_in[id] = marks_.object[atom.owner];
  ++marks_.steps;
  for (const ScopeId watcher : atom.watchers) wake(watcher);
}

void Walk::wake(ScopeId scope) {
  ++marks_.steps;
  const NodeId node = program_.scopes[scope].node;
  if (marks_.woken_in[scope] == marks_.object[node]) return;
  marks_.woken_in[scope] = marks_.object[node];
  marks_.woken[node].push_back(scope);
  std::ranges::push_heap(marks_.woken[node], std::greater<>());
}

bool Walk::holds(const Formula& formula) {
  ++marks_.steps;
  switch (formula.kind) {
    case Formula::Kind::all:
      return std::ranges::all_of(formula.parts, [this](const Formula& part) { return holds(part); });
    case Formula::Kind::any:
      return std::ranges::any_of(formula.parts, [this](const Formula& part) { return holds(part); });
    case Formula::Kind::values:
      marks_.steps += formula.atoms.size();
      if (formula.absent && marks_.value_in[formula.node] != around(formula.node)) return true;
      return std::ranges::any_of(formula.atoms, [this](AtomId atom) { return is_true(atom); });
    case Formula::Kind::object: {
      const Scope& scope = program_.scopes[formula.scope];
      return is_true(scope.atom) || (scope.when_absent && !is_read(formula.node));
    }
    case Formula::Kind::branch: return is_true(program_.scopes[formula.scope].atom);
  }
  return false;
}

bool Walk::holds(const Formula& formula, bool unread) {
  switch (formula.kind) {
    case Formula::Kind::all:
      return std::ranges::all_of(formula.parts, [&](const Formula& part) { return holds(part, unread); });
    case Formula::Kind::any:
      return std::ranges::any_of(formula.parts, [&](const Formula& part) { return holds(part, unread); });
    case Formula::Kind::values: return holds(formula);
    case Formula::Kind::object: return is_read(formula.node) ? holds(formula) : unread;
    case Formula::Kind::branch: return holds(program_.scopes[formula.scope].formula, unread);
  }
  return false;
}

bool Walk::is_open(const Root& root) {
  const Formula& formula = program_.scopes[root.scope].formula;
  return holds(formula, true) && !holds(formula, false);
}

void Walk::value(NodeId node, const Scalar& value) {
  ++marks_.steps;
  if (!program_.nodes[node].has_values) return;
  marks_.value_in[node] = around(node);
  const ValueTests& tests = program_.nodes[node].tests;
  if (tests.present != none) make_true(tests.present);
  switch (value.kind()) {
    case Scalar::Kind::text: try_texts(tests, value); break;
    case Scalar::Kind::number: try_numbers(tests, value); break;
    case Scalar::Kind::yes:
    case Scalar::Kind::no:
    case Scalar::Kind::null: {
      const auto word = static_cast<std::size_t>(value.kind()) - static_cast<std::size_t>(Scalar::Kind::yes);
      if (tests.words.at(word) != none) make_true(tests.words.at(word));
    }
  }
  for (const Test& test : tests.exclusions) try_test(test, value);
}

void Walk::try_texts(const ValueTests& tests, const Scalar& value) {
  if (const auto literal = tests.texts.find(value.text()); literal != tests.texts.end()) make_true(literal->second);
  for (const Test& test : tests.text_tests) try_test(test, value);
}

void Walk::try_numbers(const ValueTests& tests, const Scalar& value) {
  if (tests.numbers.empty()) return;
  const auto found = std::ranges::lower_bound(tests.numbers, value.number());
  const auto index = static_cast<std::size_t>(found - tests.numbers.begin());
  const bool equal = found != tests.numbers.end() && *found == value.number();
  if (equal && tests.number_literals[index] != none) make_true(tests.number_literals[index]);
  const std::size_t place = 2 * index + (equal ? 1 : 0);
  marks_.steps += tests.number_tests.size();
  for (const NumberTest& test : tests.number_tests) {
    if (test.first <= place && place <= test.last) make_true(test.atom);
  }
}

void Walk::try_test(const Test& test, const Scalar& value) {
  ++marks_.steps;
  if (!is_true(test.atom) && test.matcher->matches(value, marks_.steps)) make_true(test.atom);
}

bool Walk::object(NodeId node, std::string_view text) {
  event::JsonCursor cursor(text);
  cursor.skip_space();
  if (cursor.peek() != '{' || !read(cursor, node, event::nesting_max)) return false;
  cursor.skip_space();
  return cursor.at_end();
}

bool Walk::read(event::JsonCursor& cursor, NodeId node, int levels) {
  switch (cursor.peek()) {
    case '{': return read_object(cursor, node, levels);
    case '[': return read_array(cursor, node, levels);
    case '"': {
      event::StringToken token;
      if (!cursor.string(token)) return false;
      text_value(node, token);
      return true;
    }
    case 't': value(node, Scalar(Scalar::Kind::yes)); return cursor.literal("true");
    case 'f': value(node, Scalar(Scalar::Kind::no)); return cursor.literal("false");
    case 'n': value(node, Scalar(Scalar::Kind::null)); return cursor.literal("null");
    default: {
      const char* const first = cursor.position();
      if (!skip(cursor, levels)) return false;
      value(node, Scalar(Scalar::Kind::number, {first, static_cast<std::size_t>(cursor.position() - first)}));
      return true;
    }
  }
}

bool Walk::read_object(event::JsonCursor& cursor, NodeId node, int levels) {
  if (!program_.nodes[node].has_scopes) return skip(cursor, levels);
  if (levels == 0) return cursor.fail(event::nested_too_deep);
  marks_.object_in[node] = around(node);
  begin(node);
  cursor.take('{');
  cursor.skip_space();
  for (bool more = !cursor.take('}'); more;) {
    event::StringToken name;
    if (!event::scan_name(cursor, name)) return false;
    ++marks_.steps;
    const NodeId next = child(node, name);
    if (next == none ? !skip(cursor, levels - 1) : !read(cursor, next, levels - 1)) return false;
    cursor.skip_space();
    more = !cursor.take('}');
    if (more && !cursor.take(',')) return cursor.fail("a comma or a closing brace is needed here");
    cursor.skip_space();
  }
  end(node);
  return true;
}

bool Walk::read_array(event::JsonCursor& cursor, NodeId node, int levels) {
  if (levels == 0) return cursor.fail(event::nested_too_deep);
  cursor.take('[');
  cursor.skip_space();
  for (bool more = !cursor.take(']'); more;) {
    if (!read(cursor, node, levels - 1)) return false;
    cursor.skip_space();
    more = !cursor.take(']');
    if (more && !cursor.take(',')) return cursor.fail("a comma or a closing bracket is needed here");
    cursor.skip_space();
  }
  return true;
}

bool Walk::skip(event::JsonCursor& cursor, int levels) {
  event::Checker checker;
  event::Checker::Value value;
  return event::scan_value(cursor, checker, levels, value);
}

NodeId Walk::child(NodeId node, const event::StringToken& name) {
  std::string_view text = name.raw;
  if (name.escaped) {
    marks_.name.clear();
    event::unescape(name, marks_.name);
    text = marks_.name;
  }
  const auto& children = program_.nodes[node].children;
  const auto found = children.find(text);
  return found == children.end() ? none : found->second;
}

void Walk::text_value(NodeId node, const event::StringToken& token) {
  std::string_view text = token.raw;
  if (token.escaped && program_.nodes[node].has_values) {
    marks_.text.clear();
    event::unescape(token, marks_.text);
    text = marks_.text;
  }
  value(node, Scalar(Scalar::Kind::text, text));
}

}  // namespace triggers::filter
