#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event/escape.h"
#include "event/event.h"
#include "event/scan.h"

namespace triggers::event {
namespace {

enum class Kind { null, boolean, number, string, array, object };

/// A value or a member's name. Children follow their parent: elements, or names and values in turn.
struct Node {
  Kind kind;
  std::string_view text;  ///< Of a scalar; a string's is unescaped.
  std::size_t next = 0;   ///< The node after this one and all its children.
};

/// Lays a text out as nodes while it is scanned (scan.h). Keeps views of the text.
class Tape {
 public:
  struct Nothing {};
  using Value = Nothing;

  Nothing null() { return scalar(Kind::null, {}); }
  Nothing boolean(bool value) { return scalar(Kind::boolean, value ? "true" : "false"); }
  Nothing number(std::string_view text) { return scalar(Kind::number, text); }
  Nothing string(const StringToken& token) {
    if (!token.escaped) return scalar(Kind::string, token.raw);
    unescape(token, unescaped_.emplace_back());
    return scalar(Kind::string, unescaped_.back());
  }
  Nothing name(const StringToken& token) { return string(token); }

  std::size_t begin_array() { return begin(Kind::array); }
  void element(std::size_t, Nothing) const {}
  Nothing end_array(std::size_t array) { return end(array); }
  std::size_t begin_object() { return begin(Kind::object); }
  void member(std::size_t, Nothing, Nothing) const {}
  Nothing end_object(std::size_t object) { return end(object); }

  [[nodiscard]] const Node& operator[](std::size_t i) const { return nodes_[i]; }

 private:
  Nothing scalar(Kind kind, std::string_view text) {
    nodes_.push_back({kind, text, nodes_.size() + 1});
    return {};
  }
  std::size_t begin(Kind kind) {
    nodes_.push_back({kind, {}});
    return nodes_.size() - 1;
  }
  Nothing end(std::size_t container) {
    nodes_[container].next = nodes_.size();
    return {};
  }

  std::vector<Node> nodes_;
  std::deque<std::string> unescaped_;  ///< A deque, because nodes view its elements.
};

/// False if `text` is not one JSON value.
bool lay_out(std::string_view text, Tape& tape) {
  Cursor cursor(text);
  Tape::Nothing value;
  cursor.skip_space();
  if (!scan_value(cursor, tape, nesting_max, value)) return false;
  cursor.skip_space();
  return cursor.at_end();
}

/// The indexes of an object's names, sorted by name; equal names stay as they were sent.
std::vector<std::size_t> sorted_names(const Tape& tape, std::size_t object) {
  std::vector<std::size_t> names;
  for (std::size_t i = object + 1; i != tape[object].next; i = tape[i + 1].next) names.push_back(i);
  std::ranges::sort(names, {}, [&tape](std::size_t i) { return std::pair(tape[i].text, i); });
  return names;
}

bool same(const Tape& a, std::size_t i, const Tape& b, std::size_t j);

bool same_elements(const Tape& a, std::size_t array_a, const Tape& b, std::size_t array_b) {
  std::size_t i = array_a + 1, j = array_b + 1;
  while (i != a[array_a].next && j != b[array_b].next) {
    if (!same(a, i, b, j)) return false;
    i = a[i].next;
    j = b[j].next;
  }
  return i == a[array_a].next && j == b[array_b].next;
}

bool same_members(const Tape& a, std::size_t object_a, const Tape& b, std::size_t object_b) {
  const auto names_a = sorted_names(a, object_a), names_b = sorted_names(b, object_b);
  return std::ranges::equal(names_a, names_b, [&](std::size_t i, std::size_t j) {
    return a[i].text == b[j].text && same(a, i + 1, b, j + 1);
  });
}

/// Recurses as deep as the scan did.
bool same(const Tape& a, std::size_t i, const Tape& b, std::size_t j) {
  if (a[i].kind != b[j].kind) return false;
  switch (a[i].kind) {
    case Kind::null:
    case Kind::boolean:
    case Kind::number:
    case Kind::string: return a[i].text == b[j].text;
    case Kind::array: return same_elements(a, i, b, j);
    case Kind::object: return same_members(a, i, b, j);
  }
  return false;
}

}  // namespace

bool same_content(std::string_view payload_a, std::string_view payload_b) {
  if (payload_a == payload_b) return true;
  Tape a, b;
  return lay_out(payload_a, a) && lay_out(payload_b, b) && same(a, 0, b, 0);
}

}  // namespace triggers::event
