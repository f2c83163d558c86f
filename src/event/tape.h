#pragma once

// A JSON text as a list of nodes, for comparing: reading the text into nodes, and sorting the names of an object.
// same_content() and canonical() use it; parsing an event does not.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "event/escape.h"
#include "event/scan.h"

namespace triggers::event {

/// A JSON text laid out as nodes while it is scanned (scan.h). Keeps views of the text.
class Tape {
 public:
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

  /// A value or a member's name. Children follow their parent: elements, or names and values in turn.
  struct Node {
    Kind kind;
    std::string_view text;  ///< Of a scalar; a string's is unescaped.
    std::size_t next = 0;   ///< The node after this one and all its children.
  };

  /// Reads `text` from its start to its end. False if it is not one JSON value; the tape is unusable then.
  [[nodiscard]] bool read(std::string_view text);

  [[nodiscard]] const Node& operator[](std::size_t i) const { return nodes_[i]; }
  /// The indexes of an object's names, sorted by name; equal names stay as they were sent. The value follows its name.
  [[nodiscard]] std::vector<std::size_t> sorted_names(std::size_t object) const;

  /// For scan_value().
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

}  // namespace triggers::event
