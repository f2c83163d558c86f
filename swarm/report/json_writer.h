#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace triggers::swarm {

/// Writes one JSON document for people and programs: two spaces a level, keys in the order of the calls, text as UTF-8
/// whatever it was, numbers in plain decimals (six at most; what is not finite is null). Every begin has its end.
class JsonWriter {
 public:
  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  /// Of an object: its value is what comes next.
  void key(std::string_view name);

  void value(std::string_view text);
  void value(double number);
  void value(std::uint64_t number);
  void null();

  template <class T>
  void member(std::string_view name, const T& of) {
    key(name);
    value(of);
  }

  /// The document with a line end behind it.
  [[nodiscard]] std::string take();

 private:
  void open(char bracket);
  void close(char bracket);
  void separate();
  void new_line();

  std::string text_;
  std::size_t depth_ = 0;
  bool first_ = true;  // nothing stands in the innermost bracket yet
  bool after_key_ = false;
};

}  // namespace triggers::swarm
