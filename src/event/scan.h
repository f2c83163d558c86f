#pragma once

// Reads a JSON value and gives its parts to a visitor, in one pass. Tokens are in json_cursor.h; visitors are in
// fingerprint.h and tape.h.

#include <string_view>

#include "event/json_cursor.h"

namespace triggers::event {

/// The deepest nesting that anything here recurses into, whatever the limits say: it bounds the stack.
constexpr int nesting_max = 1000;

/// The fault of too deep nesting; the caller adds the limit to the message.
inline constexpr const char* nested_too_deep = "arrays and objects are nested too deep";

template <class Visitor>
bool scan_object(JsonCursor& cursor, Visitor& visitor, int levels, typename Visitor::Value& out);
template <class Visitor>
bool scan_array(JsonCursor& cursor, Visitor& visitor, int levels, typename Visitor::Value& out);

/// Reads one value of at most `levels` nested arrays and objects and folds it bottom-up with `visitor`: the visitor
/// makes a Value of each scalar (null, boolean, number, string). It makes one of each array and object from a state to
/// which the scan adds the elements or members in order. One pass, and only the visitor allocates. False at the first
/// fault.
template <class Visitor>
bool scan_value(JsonCursor& cursor, Visitor& visitor, int levels, typename Visitor::Value& out) {
  switch (cursor.peek()) {
    case '"': {
      StringToken token;
      if (!cursor.string(token)) return false;
      out = visitor.string(token);
      return true;
    }
    case '{': return scan_object(cursor, visitor, levels, out);
    case '[': return scan_array(cursor, visitor, levels, out);
    case 't': out = visitor.boolean(true); return cursor.literal("true");
    case 'f': out = visitor.boolean(false); return cursor.literal("false");
    case 'n': out = visitor.null(); return cursor.literal("null");
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': {
      std::string_view text;
      if (!cursor.number(text)) return false;
      out = visitor.number(text);
      return true;
    }
    default: return cursor.fail(cursor.at_end() ? "the text ends where a value is needed" : "a value is needed here");
  }
}

/// Reads a member's name and its colon, up to the value.
inline bool scan_name(JsonCursor& cursor, StringToken& name) {
  if (cursor.peek() != '"') return cursor.fail("a member's name in double quotes is needed here");
  if (!cursor.string(name)) return false;
  cursor.skip_space();
  if (!cursor.take(':')) return cursor.fail("a colon is needed after a member's name");
  cursor.skip_space();
  return true;
}

template <class Visitor>
bool scan_object(JsonCursor& cursor, Visitor& visitor, int levels, typename Visitor::Value& out) {
  if (levels == 0) return cursor.fail(nested_too_deep);
  cursor.take('{');
  auto object = visitor.begin_object();
  cursor.skip_space();
  if (!cursor.take('}')) {
    while (true) {
      StringToken token;
      if (!scan_name(cursor, token)) return false;
      const auto name = visitor.name(token);
      typename Visitor::Value value;
      if (!scan_value(cursor, visitor, levels - 1, value)) return false;
      visitor.member(object, name, value);
      cursor.skip_space();
      if (cursor.take('}')) break;
      if (!cursor.take(',')) return cursor.fail("a comma or a closing brace is needed here");
      cursor.skip_space();
    }
  }
  out = visitor.end_object(object);
  return true;
}

template <class Visitor>
bool scan_array(JsonCursor& cursor, Visitor& visitor, int levels, typename Visitor::Value& out) {
  if (levels == 0) return cursor.fail(nested_too_deep);
  cursor.take('[');
  auto array = visitor.begin_array();
  cursor.skip_space();
  if (!cursor.take(']')) {
    while (true) {
      typename Visitor::Value value;
      if (!scan_value(cursor, visitor, levels - 1, value)) return false;
      visitor.element(array, value);
      cursor.skip_space();
      if (cursor.take(']')) break;
      if (!cursor.take(',')) return cursor.fail("a comma or a closing bracket is needed here");
      cursor.skip_space();
    }
  }
  out = visitor.end_array(array);
  return true;
}

/// A visitor that only checks.
struct Checker {
  struct Nothing {};
  using Value = Nothing;

  Nothing null() const { return {}; }
  Nothing boolean(bool) const { return {}; }
  Nothing number(std::string_view) const { return {}; }
  Nothing string(const StringToken&) const { return {}; }
  Nothing name(const StringToken&) const { return {}; }
  Nothing begin_array() const { return {}; }
  void element(Nothing, Nothing) const {}
  Nothing end_array(Nothing) const { return {}; }
  Nothing begin_object() const { return {}; }
  void member(Nothing, Nothing, Nothing) const {}
  Nothing end_object(Nothing) const { return {}; }
};

}  // namespace triggers::event
