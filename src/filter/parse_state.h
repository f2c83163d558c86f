#pragma once

// What the parts of the parser (parse.cc, parse_matcher.h, parse_numeric.h) share.

#include <cstddef>
#include <string>
#include <string_view>

#include "event/tape.h"
#include "filter/filter.h"
#include "filter/path.h"

namespace triggers::filter {

/// What all parts of the parser share: the text as nodes, the path of the current node, and the first fault.
class ParseState {
 public:
  /// Appends a step to the path during its lifetime.
  class Step {
   public:
    Step(ParseState& state, std::string_view name) : state_(state), length_(state.path_.size()) {
      append_name(state.path_, name);
    }
    Step(ParseState& state, std::size_t index) : state_(state), length_(state.path_.size()) {
      append_index(state.path_, index);
    }
    ~Step() { state_.path_.resize(length_); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    ParseState& state_;
    std::size_t length_;
  };

  explicit ParseState(const event::Tape& tape) : tape_(tape) {}

  [[nodiscard]] const event::Tape::Node& node(std::size_t i) const { return tape_[i]; }
  [[nodiscard]] const Fault& fault() const noexcept { return fault_; }

  /// Stores the fault with the current path, unless there is one. Always returns false.
  bool fail(std::string message);

  /// Counts a leaf; false if there are too many.
  bool count_leaf();

 private:
  const event::Tape& tape_;
  std::string path_ = "$";
  std::size_t leaves_ = 0;
  Fault fault_;
};

/// "a string", "an empty list", … for a message.
[[nodiscard]] std::string_view kind_of(const event::Tape::Node& node, std::size_t i);

}  // namespace triggers::filter
