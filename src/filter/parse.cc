// Parses a filter: Filter::parse() of filter.h. The elements of its lists are parsed in parse_matcher.h.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/invariant.h"
#include "base/utf8.h"
#include "event/json_cursor.h"
#include "event/quotable.h"
#include "event/scan.h"
#include "event/tape.h"
#include "filter/bounds.h"
#include "filter/filter.h"
#include "filter/parse_matcher.h"
#include "filter/parse_state.h"
#include "filter/pattern.h"

namespace triggers::filter {
namespace {

using Kind = event::Tape::Kind;
using Step = ParseState::Step;

constexpr std::string_view or_name = "$or";

/// The position of an object of a pattern.
struct Place {
  bool top = false;     ///< Its members are those of the event itself.
  bool branch = false;  ///< Within `$or`.
};

/// The members of the event itself: two are strings, and two are objects.
bool check_top_member(ParseState& state, std::string_view name, std::size_t value) {
  const bool is_text = name == "event_type" || name == "source";
  if (!is_text && name != "payload" && name != "metadata") {
    return state.fail(fmt::format("An event has no member `{}`; the four are event_type, source, payload and metadata.",
                                  event::quotable(name, 60)));
  }
  const Kind kind = state.node(value).kind;
  if (is_text && kind == Kind::object) {
    return state.fail(
        fmt::format("`{0}` is a string in each event; give a list of values, like {{\"{0}\": [\"…\"]}}.", name));
  }
  if (!is_text && kind == Kind::array) {
    return state.fail(fmt::format(
        "`{0}` is an object in each event; name its members, like {{\"{0}\": {{\"status\": [\"…\"]}}}}.", name));
  }
  return true;
}

bool check_name(ParseState& state, std::string_view name, std::size_t value, Place place) {
  if (place.top) return check_top_member(state, name, value);
  if (place.branch && is_operator(name)) {
    return state.fail(
        fmt::format("`{0}` is an operator, which stands in a list: {{\"a_member\": [{{\"{0}\": …}}]}}. "
                    "A member of this name cannot be asked for within `$or`.",
                    name));
  }
  return true;
}

bool parse_list(ParseState& state, std::size_t i, ValueList& out) {
  std::size_t index = 0;
  for (std::size_t at = i + 1; at != state.node(i).next; at = state.node(at).next) {
    const Step step(state, index++);
    if (!parse_matcher(state, at, out.matchers.emplace_back())) return false;
  }
  return index != 0 ||
         state.fail("An empty list matches nothing; give at least one value, or {\"exists\": true} for any.");
}

bool parse_object(ParseState& state, std::size_t i, Place place, ObjectPattern& out);

bool parse_branches(ParseState& state, std::size_t i, Place place, std::vector<ObjectPattern>& out) {
  if (state.node(i).kind != Kind::array) {
    return state.fail(fmt::format("`$or` needs a list of objects, but this is {}.", kind_of(state.node(i), i)));
  }
  for (std::size_t at = i + 1; at != state.node(i).next; at = state.node(at).next) {
    const Step step(state, out.size());
    if (state.node(at).kind != Kind::object) {
      return state.fail(fmt::format("A branch of `$or` is an object, but this is {}.", kind_of(state.node(at), at)));
    }
    if (!parse_object(state, at, {place.top, true}, out.emplace_back())) return false;
  }
  return out.size() >= 2 || state.fail("`$or` needs at least two objects; one alone needs no `$or`.");
}

bool parse_member(ParseState& state, std::size_t name_node, Place place, ObjectPattern& out) {
  const std::string_view name = state.node(name_node).text;
  const std::size_t value = name_node + 1;
  const Step step(state, name);
  if (name == or_name) return parse_branches(state, value, place, out.alternatives.emplace_back());
  if (!check_name(state, name, value, place)) return false;
  MemberPattern& member = out.members.emplace_back();
  member.name = name;
  switch (state.node(value).kind) {
    case Kind::array: return parse_list(state, value, std::get<ValueList>(member.value));
    case Kind::object: {
      auto& inner = member.value.emplace<1>(1);
      return parse_object(state, value, {false, place.branch}, inner.front());
    }
    default:
      return state.fail(
          fmt::format("A value stands in a list, like [\"…\"], but this is {}.", kind_of(state.node(value), value)));
  }
}

bool parse_object(ParseState& state, std::size_t i, Place place, ObjectPattern& out) {
  const std::size_t end = state.node(i).next;
  if (i + 1 == end) return state.fail("An empty object asks for nothing; leave it out, or name a member.");
  std::vector<std::string_view> seen;
  for (std::size_t name = i + 1; name != end; name = state.node(name + 1).next) {
    if (std::ranges::find(seen, state.node(name).text) != seen.end()) {
      const Step step(state, state.node(name).text);
      return state.fail("The object has this member twice; put the values of both into one list.");
    }
    seen.push_back(state.node(name).text);
    if (!parse_member(state, name, place, out)) return false;
  }
  return true;
}

Fault whole(std::string message) { return {"$", std::move(message)}; }

std::optional<Fault> check_json(std::string_view text) {
  event::JsonCursor cursor(text);
  event::Checker checker;
  event::Checker::Value value;
  cursor.skip_space();
  bool valid = event::scan_value(cursor, checker, pattern_levels_max, value);
  cursor.skip_space();
  if (valid && !cursor.at_end()) valid = cursor.fail("there is more after the end of the value");
  if (valid) return std::nullopt;
  const bool too_deep = std::string_view(cursor.fault().what) == event::nested_too_deep;
  return whole(fmt::format("The filter is not valid JSON at byte offset {}: {}{}.", cursor.fault().offset,
                           cursor.fault().what, too_deep ? fmt::format(" (over {} levels)", pattern_levels_max) : ""));
}

std::optional<Fault> check_text(std::string_view text) {
  if (text.size() > filter_bytes_max) {
    return whole(fmt::format("The filter has {} bytes; at most {} are allowed.", text.size(), filter_bytes_max));
  }
  if (const auto offset = find_invalid_utf8(text)) {
    return whole(fmt::format("The filter is not valid UTF-8 at byte offset {}.", *offset));
  }
  return check_json(text);
}

}  // namespace

bool ParseState::fail(std::string message) {
  if (fault_.message.empty()) fault_ = {path_, std::move(message)};
  return false;
}

bool ParseState::count_leaf() {
  if (++leaves_ <= leaves_max) return true;
  return fail(fmt::format("The filter has more than {} values and operators, counted over all its lists.", leaves_max));
}

std::string_view kind_of(const event::Tape::Node& node, std::size_t i) {
  const bool empty = node.next == i + 1;
  switch (node.kind) {
    case Kind::string: return "a string";
    case Kind::number: return "a number";
    case Kind::boolean: return node.text;
    case Kind::null: return "null";
    case Kind::array: return empty ? "an empty list" : "a list";
    case Kind::object: return empty ? "an empty object" : "an object";
  }
  return "";
}

Result<Filter, Fault> Filter::parse(std::string_view text) {
  if (auto fault = check_text(text)) return *std::move(fault);
  event::Tape tape;
  INVARIANT(tape.read(text), "a tape cannot read a text that was checked");
  ParseState state(tape);
  for (std::size_t i = 0; i != tape[0].next; ++i) {
    if (tape[i].kind == Kind::string && find_invalid_utf8(tape[i].text)) {
      return whole("A string or a name holds half of a surrogate pair (\\ud800 to \\udfff), which no text contains.");
    }
  }
  if (tape[0].kind != Kind::object) {
    return whole(fmt::format("A filter is an object, like {{\"event_type\": [\"order.created\"]}}, but this is {}.",
                             kind_of(tape[0], 0)));
  }
  auto pattern = std::make_shared<ObjectPattern>();
  const bool takes_all = tape[0].next == 1;
  if (!takes_all && !parse_object(state, 0, {.top = true}, *pattern)) return state.fault();
  return Filter(std::move(pattern));
}

}  // namespace triggers::filter
