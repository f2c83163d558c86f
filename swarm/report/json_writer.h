#pragma once

// Writes JSON, whatever the document. The documents are in json_report.h and verify/verify.h.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace triggers::swarm {

/// Writes one JSON document that people can read: two spaces a level, keys in the order of the calls, numbers with at
/// most six decimals. Text that is not UTF-8 is repaired; numbers that are not finite become null. Each begin needs its
/// end.
class JsonWriter {
 public:
  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  /// Of an object member. Write the member's value next.
  void key(std::string_view name);

  void value(std::string_view text);
  void value(double number);
  void value(std::uint64_t number);
  void null();
  /// Not an overload of value(), which would take a string literal.
  void truth(bool is);

  template <class T>
  void member(std::string_view name, const T& of) {
    key(name);
    value(of);
  }

  /// The document and a line end.
  [[nodiscard]] std::string take();

 private:
  void open(char bracket);
  void close(char bracket);
  void separate();
  void new_line();

  std::string text_;
  std::size_t depth_ = 0;
  bool first_ = true;  // the innermost bracket is still empty
  bool after_key_ = false;
};

}  // namespace triggers::swarm
