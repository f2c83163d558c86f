#pragma once

// The public part of this folder, with filter_set.h: one filter as a client writes it, and why it matches an event or
// not. Several filters are evaluated together by filter_set.h. The other headers here are the parts that these two are
// made of.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace triggers::filter {

/// A filter is an event pattern as in Amazon EventBridge: a JSON object in the shape of the event
/// `{"event_type","source","payload":{…},"metadata":{…}}`, with lists where the event has values. `docs/filters.md`
/// teaches the language. The rules:
///
/// - Members are *all of*, a list is *any of*, `{}` as the whole filter takes every event. `"$or"` holds a list of
///   objects of which one must match; every object of a filter may have it.
/// - An element of a list is a literal (string, number, true, false, null) or an object with one operator: `prefix`,
///   `suffix`, `equals-ignore-case`, `wildcard`, `anything-but`, `numeric`, `exists`, `cidr`.
/// - Strings are unescaped, then compared byte for byte; numbers are compared by their exact value.
/// - A list looks at scalars. If the event has an array there, each element counts, including those of nested arrays.
///   An object or an empty array is no value: `{"exists": false}` matches it.
/// - One object of the event must match all of an object of the filter. If the event has an array there, one of its
///   objects must match, including those of nested arrays. If there is no object, `{}` is matched instead, so that
///   `{"exists": false}` can match.
/// - Two members with the same name in an object of the event count as an array of both values.

/// Why a text is not a filter.
struct Fault {
  std::string path;     ///< Where in the filter: `$.payload.items[0].prefix`.
  std::string message;  ///< What is wrong there, and what would be right. At most 500 bytes.
};

struct ObjectPattern;

/// A parsed filter. Copies share one pattern. Any thread.
class Filter {
 public:
  static Result<Filter, Fault> parse(std::string_view text);

  [[nodiscard]] const ObjectPattern& pattern() const noexcept { return *pattern_; }

 private:
  explicit Filter(std::shared_ptr<const ObjectPattern> pattern) : pattern_(std::move(pattern)) {}

  std::shared_ptr<const ObjectPattern> pattern_;
};

/// The parts of an event that filters look at, as the store keeps them.
struct Event {
  std::string_view event_type;             ///< Unescaped.
  std::optional<std::string_view> source;  ///< Unescaped.
  std::string_view payload;                ///< The text of a JSON object.
  std::string_view metadata;               ///< The text of a JSON object; empty if the event has none.
};

/// One reason why a filter does not match an event.
struct Mismatch {
  std::string path;    ///< Where in the event: `$.payload.items[2].sku`. Cut off after 400 characters.
  std::string wanted;  ///< The pattern's list, as JSON; cut off after 200 characters.
  std::string found;   ///< The value as JSON, cut off after 100 characters; or `nothing`.
};

struct Explanation {
  bool matches = false;
  std::vector<Mismatch> mismatches;  ///< The first 10, in the filter's order. Empty if the filter matches.
};

/// Explains why a filter matches an event or not, for a person who tries a filter. Slower than an Evaluator. If all
/// objects of an array fail, it reports the one among the first 100 with the fewest mismatches. If all branches of
/// `$or` fail, it reports all of them. Error: `invalid_argument` if the payload or the metadata is not a JSON object.
[[nodiscard]] Result<Explanation> explain(const Filter& filter, const Event& event);

}  // namespace triggers::filter
