#pragma once

// Reads the tokens of a JSON text. Putting tokens together into values is in scan.h. The cursor of an inbox page is
// something else: api/endpoints/inbox/cursor.h.

#include <cstddef>
#include <string_view>

#include "event/string_scan.h"

namespace triggers::event {

/// Where a text stops being JSON, and what was expected there.
struct Fault {
  const char* what = nullptr;  ///< A literal that completes "… not valid JSON: ".
  std::size_t offset = 0;      ///< Bytes from the start of the text.
};

/// The inside of a JSON string as it was sent.
struct StringToken {
  std::string_view raw;  ///< Without its quotes.
  bool escaped = false;  ///< Holds at least one backslash.
};

/// Reads the tokens of RFC 8259 from a text that is known to be UTF-8. A reader returns false at the first fault; after
/// that only fault() may be called. Not thread-safe; keeps a view of the text.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) noexcept
      : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()) {}

  [[nodiscard]] bool at_end() const noexcept { return at_ == end_; }
  /// The next byte; 0 at the end, which no token begins with.
  [[nodiscard]] char peek() const noexcept { return at_ == end_ ? '\0' : *at_; }
  [[nodiscard]] const char* position() const noexcept { return at_; }
  [[nodiscard]] const Fault& fault() const noexcept { return fault_; }

  bool fail(const char* what) noexcept { return fail_at(at_, what); }

  /// Steps over `c` if it is next.
  bool take(char c) noexcept {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  void skip_space() noexcept {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }

  /// A string whose opening quote is next.
  bool string(StringToken& token) noexcept {
    const char* const first = ++at_;
    token.escaped = false;
    while (true) {
      at_ = find_string_special(at_, end_);
      if (at_ == end_) return fail("the text ends inside a string");
      if (*at_ == '"') break;
      if (*at_ != '\\') return fail("a control character inside a string must be escaped");
      token.escaped = true;
      if (!escape()) return false;
    }
    token.raw = {first, static_cast<std::size_t>(at_ - first)};
    ++at_;
    return true;
  }

  /// A number whose first character, a digit or a minus sign, is next.
  bool number(std::string_view& text) noexcept {
    const char* const first = at_;
    take('-');
    if (take('0')) {
      if (digit()) return fail("a number must not begin with 0");
    } else if (!digits()) {
      return fail("a number needs a digit here");
    }
    if (take('.') && !digits()) return fail("a number needs a digit after its point");
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!digits()) return fail("a number needs a digit in its exponent");
    }
    text = {first, static_cast<std::size_t>(at_ - first)};
    return true;
  }

  /// `true`, `false` or `null`.
  bool literal(std::string_view word) noexcept {
    if (static_cast<std::size_t>(end_ - at_) < word.size() || std::string_view(at_, word.size()) != word) {
      return fail("a word other than true, false and null");
    }
    at_ += word.size();
    return true;
  }

 private:
  bool fail_at(const char* where, const char* what) noexcept {
    fault_ = {what, static_cast<std::size_t>(where - begin_)};
    return false;
  }

  [[nodiscard]] bool digit() const noexcept { return at_ != end_ && *at_ >= '0' && *at_ <= '9'; }
  bool digits() noexcept {
    if (!digit()) return false;
    do ++at_;
    while (digit());
    return true;
  }

  bool escape() noexcept {
    if (end_ - at_ < 2) return fail("the text ends inside a string");
    switch (at_[1]) {
      case '"':
      case '\\':
      case '/':
      case 'b':
      case 'f':
      case 'n':
      case 'r':
      case 't': at_ += 2; return true;
      case 'u':
        for (int i = 2; i != 6; ++i) {
          if (end_ - at_ <= i || !hex_digit(at_[i])) return fail("\\u needs four hexadecimal digits");
        }
        at_ += 6;
        return true;
      default: return fail("an escape that JSON does not have");
    }
  }

  static bool hex_digit(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  }

  const char* begin_;
  const char* at_;
  const char* end_;
  Fault fault_;
};

}  // namespace triggers::event
