#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace triggers::swarm::msgpack {

/// A MessagePack value (the format's specification, version of 2017). Our own reader and writer, because Debian's
/// libmsgpack-cxx-dev cannot be installed beside libboost1.81-dev. Extension types, which Locust does not send, are
/// read as nil; binary is read as text.
class Value {
 public:
  using Array = std::vector<Value>;
  using Map = std::vector<std::pair<Value, Value>>;  ///< In the order of the bytes; keys may be of any type.

  Value() = default;
  Value(bool value) : value_(value) {}
  Value(std::int64_t value) {
    // One number is one value, whatever its type was.
    if (value < 0) {
      value_ = value;
    } else {
      value_ = static_cast<std::uint64_t>(value);
    }
  }
  Value(int value) : Value(std::int64_t{value}) {}
  Value(std::uint64_t value) : value_(value) {}
  Value(std::uint32_t value) : value_(std::uint64_t{value}) {}
  Value(double value) : value_(value) {}
  Value(std::string value) : value_(std::move(value)) {}
  Value(std::string_view value) : value_(std::string{value}) {}
  Value(const char* value) : value_(std::string{value}) {}
  Value(Array value) : value_(std::move(value)) {}
  Value(Map value) : value_(std::move(value)) {}
  /// Nothing is nil.
  template <class T>
  Value(const std::optional<T>& value) {
    if (value) *this = Value{*value};
  }

  [[nodiscard]] bool is_nil() const noexcept { return std::holds_alternative<std::monostate>(value_); }
  [[nodiscard]] std::optional<bool> boolean() const;
  /// Of an integer or a float.
  [[nodiscard]] std::optional<double> number() const;
  /// Of an integer, or a float without a fraction, that is not negative.
  [[nodiscard]] std::optional<std::uint64_t> count() const;
  [[nodiscard]] std::optional<std::string_view> text() const;
  [[nodiscard]] const Array* array() const { return std::get_if<Array>(&value_); }
  [[nodiscard]] const Map* map() const { return std::get_if<Map>(&value_); }
  /// The member of a map with this text as key; null if this is no map or has no such member.
  [[nodiscard]] const Value* find(std::string_view key) const;

  bool operator==(const Value&) const = default;

 private:
  friend std::string pack(const Value& value);
  friend void pack_to(std::string& out, const Value& value);
  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Array, Map> value_;
};

/// Nested deeper than this is refused.
inline constexpr int depth_max = 32;

/// The shortest form of each number that keeps its type: integers as integers, floats as 64 bits.
[[nodiscard]] std::string pack(const Value& value);
/// Exactly one value. Errors: `invalid_argument` for bytes that are cut short, left over, nested too deep, or of no
/// type.
[[nodiscard]] Result<Value> unpack(std::string_view bytes);

}  // namespace triggers::swarm::msgpack
