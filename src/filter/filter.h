#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace triggers::filter {

/// Filters are event patterns as Amazon EventBridge has them: a JSON object that has the shape of the event
/// `{"event_type","source","payload":{…},"metadata":{…}}`, with lists where the event has values. `docs/filters.md`
/// teaches them. The rules:
///
/// - Members are *all of*, a list is *any of*, `{}` as the whole filter takes every event. `"$or"` holds a list of
///   objects of which one is enough; it may stand in every object.
/// - An element of a list is a literal (string, number, true, false, null) or an object with one operator: `prefix`,
///   `suffix`, `equals-ignore-case`, `wildcard`, `anything-but`, `numeric`, `exists`, `cidr`.
/// - Strings are compared by what they mean, byte for byte; numbers by their exact value.
/// - A list looks at scalars. When the event has an array there, each element counts, also those of arrays within it.
///   An object or an empty array is no value: `{"exists": false}` matches it.
/// - An object of a pattern is matched by an object of the event: all of it by one and the same. When the event has an
///   array there, one of its objects must match (those of arrays within it count too). When there is no object at all,
///   it is matched as if `{}` were there, so that `{"exists": false}` can match.
/// - Two members of one name in an object of the event count as an array of both values.

constexpr std::size_t filter_bytes_max = 8 * 1024;
constexpr std::size_t leaves_max = 64;  ///< Elements of a filter's lists; each value within an `anything-but` counts.
constexpr int pattern_levels_max = 32;  ///< Nested objects and lists, the filter itself being 1.

/// Why a text is no filter.
struct Fault {
  std::string path;     ///< Where in the filter: `$.payload.items[0].prefix`.
  std::string message;  ///< What is wrong there and what would be right. At most 500 bytes.
};

struct ObjectPattern;

/// A filter that was understood. Copies share one pattern. Thread-safe.
class Filter {
 public:
  static Result<Filter, Fault> parse(std::string_view text);

  [[nodiscard]] const ObjectPattern& pattern() const noexcept { return *pattern_; }

 private:
  explicit Filter(std::shared_ptr<const ObjectPattern> pattern) : pattern_(std::move(pattern)) {}

  std::shared_ptr<const ObjectPattern> pattern_;
};

/// What filters look at. Views of what the store keeps.
struct Event {
  std::string_view event_type;             ///< Unescaped.
  std::optional<std::string_view> source;  ///< Unescaped.
  std::string_view payload;                ///< The text of a JSON object.
  std::string_view metadata;               ///< The text of a JSON object; empty if the event has none.
};

/// One reason why a filter does not take an event.
struct Mismatch {
  std::string path;    ///< Where in the event: `$.payload.items[2].sku`. Cut off after 400 characters.
  std::string wanted;  ///< The pattern's list, as JSON; cut off after 200 characters.
  std::string found;   ///< The value as JSON, cut off after 100 characters, or what is there instead.
};

struct Explanation {
  bool matches = false;
  std::vector<Mismatch> mismatches;  ///< Empty if it matches; else 1 to 10, the first of them in the filter's order.
};

/// Why a filter takes an event or not, for a person who tries one; slower than an Evaluator. When an array's objects
/// all fail, it tells of the one of the first 100 that comes nearest; when each branch of `$or` fails, it tells of all
/// of them. Error: invalid_argument if the payload or the metadata are not JSON objects.
[[nodiscard]] Result<Explanation> explain(const Filter& filter, const Event& event);

}  // namespace triggers::filter
