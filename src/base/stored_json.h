#pragma once

// Reads records that are stored as JSON objects, such as those of API keys and of inboxes. Bodies of requests are read
// in api/exchange/json_body.h.

#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/result.h"

namespace triggers {

/// Reads the members of an object and remembers the first fault. An unknown member is a fault too: to write the record
/// back without it would lose what a later version stored. One thread.
class StoredJsonReader {
 public:
  /// `name` is how a fault begins. The object outlives the reader.
  StoredJsonReader(const boost::json::object& object, std::string name) : object_(object), name_(std::move(name)) {}

  // The value of a member. After a fault, some value of the type.

  std::string text(std::string_view name);
  std::uint64_t number(std::string_view name);
  std::optional<std::uint64_t> number_or_null(std::string_view name);
  bool truth(std::string_view name);
  UnixMillis time(std::string_view name);
  std::optional<UnixMillis> time_or_null(std::string_view name);
  const boost::json::array& array(std::string_view name);
  template <class Enum>
  Enum named(std::string_view name, std::optional<Enum> (*parse)(std::string_view) noexcept) {
    const auto value = parse(text(name));
    return value ? *value : fail<Enum>(name, "has an unknown value");
  }

  template <class T>
  T fail(std::string_view name, std::string_view what) {
    if (problem_.empty()) problem_ = name_ + std::string(name) + " " + std::string(what);
    return T{};
  }

  /// Empty if every member was asked for and was right.
  [[nodiscard]] std::string problem() const;

 private:
  const boost::json::value* member(std::string_view name);

  const boost::json::object& object_;
  std::string name_;
  std::string problem_;
  std::size_t asked_ = 0;
};

/// What a stored record may be.
struct StoredJsonBounds {
  std::size_t bytes_max = 0;
  std::string_view size;      ///< `bytes_max` in words.
  std::size_t depth_max = 0;  ///< Of nesting.
};

/// Parses `bytes` as an object. The error's message says only what is wrong, because the caller knows which record it
/// is. Takes any bytes.
[[nodiscard]] Result<boost::json::object> parse_stored_json(std::string_view bytes, const StoredJsonBounds& bounds);

/// Parses `bytes`, and lets `read(object)`, a Result, make the record of it. `broken(what)` makes the error from a text
/// that says what is wrong. Exceptions of Boost.JSON end here.
template <class Read, class Broken>
auto decode_stored_json(std::string_view bytes, const StoredJsonBounds& bounds, Read read, Broken broken)
    -> decltype(read(std::declval<const boost::json::object&>())) {
  try {
    const auto object = parse_stored_json(bytes, bounds);
    if (!object) return broken(object.error().message);
    return read(*object);
  } catch (const std::exception& exception) {
    return broken(exception.what());
  }
}

/// The stored form of a time that may be missing.
[[nodiscard]] boost::json::value stored_time(const std::optional<UnixMillis>& time);

}  // namespace triggers
