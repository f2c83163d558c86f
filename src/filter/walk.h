#pragma once

// Runs a program (program.h) over the text of an event. filter_set.h decides which texts are read.

#include <string_view>

#include "event/json_cursor.h"
#include "filter/marks.h"
#include "filter/program.h"
#include "filter/scalar.h"

namespace triggers::filter {

/// One walk over an event. Values that the program has conditions on are tested; all others are skipped.
class Walk {
 public:
  Walk(const Program& program, Marks& marks) : program_(program), marks_(marks) {}

  /// Begins and ends the whole event.
  void begin() { begin(0); }
  void end() { end(0); }
  void value(NodeId node, const Scalar& value);
  /// Reads the text of one JSON object. False if it is something else.
  [[nodiscard]] bool object(NodeId node, std::string_view text);

  /// Whether a filter matches the event. Call it after end().
  [[nodiscard]] bool takes(const Root& root) const { return is_true(program_.scopes[root.scope].atom); }
  /// Whether an object of the event that was not read yet can still change the answer.
  [[nodiscard]] bool is_open(const Root& root);

 private:
  [[nodiscard]] std::uint64_t around(NodeId node) const { return marks_.object[program_.nodes[node].parent]; }
  [[nodiscard]] bool is_true(AtomId atom) const {
    return marks_.true_in[atom] == marks_.object[program_.atoms[atom].owner];
  }
  void make_true(AtomId atom);
  void wake(ScopeId scope);
  [[nodiscard]] bool is_read(NodeId node) const { return marks_.object_in[node] == around(node); }
  void begin(NodeId node);
  void end(NodeId node);
  bool holds(const Formula& formula);
  /// `unread`: the assumed value of a condition on an object that was not read yet.
  bool holds(const Formula& formula, bool unread);

  bool read(event::JsonCursor& cursor, NodeId node, int levels);
  bool read_object(event::JsonCursor& cursor, NodeId node, int levels);
  bool read_array(event::JsonCursor& cursor, NodeId node, int levels);
  bool skip(event::JsonCursor& cursor, int levels);
  NodeId child(NodeId node, const event::StringToken& name);

  void text_value(NodeId node, const event::StringToken& token);
  void try_texts(const ValueTests& tests, const Scalar& value);
  void try_numbers(const ValueTests& tests, const Scalar& value);
  void try_test(const Test& test, const Scalar& value);

  const Program& program_;
  Marks& marks_;
};

}  // namespace triggers::filter
