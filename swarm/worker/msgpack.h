#pragma once

// Reads and writes MessagePack. The messages in it are in locust_messages.h.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace triggers::swarm::msgpack {

/// A MessagePack value (specification of 2017). Our own reader and writer; decision 13 says why. Extension types, which
/// Locust does not send, are read as nil; binary is read as text.
class Value {
 public:
  using Array = std::vector<Value>;
  using Map = std::vector<std::pair<Value, Value>>;  ///< In the order of the message; keys may have any type.

  Value() = default;
  Value(bool value) : value_(value) {}
  Value(std::int64_t value) {
    // Equal numbers compare equal, whatever their encoding was.
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
  /// An empty optional becomes nil.
  template <class T>
  Value(const std::optional<T>& value) {
    if (value) *this = Value{*value};
  }

  [[nodiscard]] std::optional<bool> boolean() const;
  /// The value of an integer or a float.
  [[nodiscard]] std::optional<double> number() const;
  /// The value of an integer, or of a float without a fraction, if it is not negative.
  [[nodiscard]] std::optional<std::uint64_t> count() const;
  [[nodiscard]] std::optional<std::string_view> text() const;
  [[nodiscard]] const Array* array() const { return std::get_if<Array>(&value_); }
  [[nodiscard]] const Map* map() const { return std::get_if<Map>(&value_); }
  /// The member of a map with this key; null if this is not a map or has no such member.
  [[nodiscard]] const Value* find(std::string_view key) const;

  bool operator==(const Value&) const = default;

 private:
  friend std::string pack(const Value& value);
  friend void pack_to(std::string& out, const Value& value);
  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Array, Map> value_;
};

/// unpack() rejects deeper nesting.
inline constexpr int depth_max = 32;

/// Encodes integers in their shortest form and floats as 64 bits.
[[nodiscard]] std::string pack(const Value& value);
/// Decodes exactly one value. Error: `invalid_argument` if bytes are missing, left over, nested too deep, or not of the
/// format.
[[nodiscard]] Result<Value> unpack(std::string_view bytes);

}  // namespace triggers::swarm::msgpack
