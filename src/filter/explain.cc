// Why a filter matches an event or not: explain() of filter.h. It is independent of the evaluation in walk.h.

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "event/event.h"
#include "event/quotable.h"
#include "event/tape.h"
#include "filter/filter.h"
#include "filter/path.h"
#include "filter/pattern.h"
#include "filter/shown.h"

namespace triggers::filter {
namespace {

using event::Tape;

constexpr std::size_t mismatches_max = 10;
constexpr std::size_t path_chars_max = 400;
constexpr std::size_t objects_compared_max = 100;  ///< Of an array, to find the one with the fewest mismatches.

/// The nodes of the values that an object of the event has under one name.
using Values = std::vector<std::size_t>;

/// Compares one pattern with one event, as trees. Its answer must agree with that of Walk; a test compares them.
class Explainer {
 public:
  explicit Explainer(const Tape& tape) : tape_(tape) {}

  /// The mismatches of the object at a node; empty if it matches. Without a node: those of an empty object.
  std::vector<Mismatch> object(const ObjectPattern& pattern, std::optional<std::size_t> node,
                               const std::string& path) const {
    std::vector<Mismatch> mismatches;
    for (const MemberPattern& member : pattern.members) {
      std::string member_path = path;
      append_name(member_path, member.name);
      const Values found = look(node, member.name);
      if (const auto* const list = std::get_if<ValueList>(&member.value)) {
        if (!has_value(*list, found)) add(mismatches, {mismatch(member_path, shown_list(*list), found)});
      } else {
        add(mismatches, objects(std::get<1>(member.value).front(), found, member_path));
      }
    }
    for (const auto& branches : pattern.alternatives) add(mismatches, any(branches, node, path));
    return mismatches;
  }

 private:
  static void add(std::vector<Mismatch>& to, std::vector<Mismatch> more) {
    const std::size_t room = mismatches_max - to.size();
    more.resize(std::min(room, more.size()));
    std::ranges::move(more, std::back_inserter(to));
  }

  Values look(std::optional<std::size_t> object, std::string_view name) const {
    Values found;
    if (!object) return found;
    for (std::size_t at = *object + 1; at != tape_[*object].next; at = tape_[at + 1].next) {
      if (tape_[at].text == name) found.push_back(at + 1);
    }
    return found;
  }

  /// Calls `visit` with the value, or with each element if it is an array, and its path, until `visit` returns true.
  template <class Visit>
  bool each(std::size_t node, std::string& path, const Visit& visit) const {
    if (tape_[node].kind != Tape::Kind::array) return visit(node, path);
    std::size_t index = 0;
    const std::size_t length = path.size();
    for (std::size_t at = node + 1; at != tape_[node].next; at = tape_[at].next) {
      append_index(path, index++);
      const bool enough = each(at, path, visit);
      path.resize(length);
      if (enough) return true;
    }
    return false;
  }

  /// Whether an object matches the whole pattern. Stops at the first mismatch, and writes no text.
  bool fulfils(const ObjectPattern& pattern, std::optional<std::size_t> node) const {
    const auto has = [&](const MemberPattern& member) {
      const Values found = look(node, member.name);
      if (const auto* const list = std::get_if<ValueList>(&member.value)) return has_value(*list, found);
      return has_object(std::get<1>(member.value).front(), found);
    };
    const auto has_branch = [&](const std::vector<ObjectPattern>& branches) {
      return std::ranges::any_of(branches, [&](const ObjectPattern& branch) { return fulfils(branch, node); });
    };
    return std::ranges::all_of(pattern.members, has) && std::ranges::all_of(pattern.alternatives, has_branch);
  }

  bool has_value(const ValueList& list, const Values& found) const {
    std::uint64_t steps = 0;
    bool any_scalar = false;
    const auto matches = [&](std::size_t node, const std::string&) {
      if (tape_[node].kind == Tape::Kind::object) return false;
      any_scalar = true;
      const Scalar value = scalar_of(tape_[node]);
      return std::ranges::any_of(list.matchers, [&](const Matcher& matcher) { return matcher.matches(value, steps); });
    };
    std::string path;
    if (std::ranges::any_of(found, [&](std::size_t node) { return each(node, path, matches); })) return true;
    const auto is_absent = [](const Matcher& matcher) { return matcher.kind == Matcher::Kind::absent; };
    return !any_scalar && std::ranges::any_of(list.matchers, is_absent);
  }

  bool has_object(const ObjectPattern& pattern, const Values& found) const {
    bool any_object = false;
    const auto matches = [&](std::size_t node, const std::string&) {
      if (tape_[node].kind != Tape::Kind::object) return false;
      any_object = true;
      return fulfils(pattern, node);
    };
    std::string path;
    if (std::ranges::any_of(found, [&](std::size_t node) { return each(node, path, matches); })) return true;
    return !any_object && fulfils(pattern, std::nullopt);
  }

  std::vector<Mismatch> objects(const ObjectPattern& pattern, const Values& found, std::string path) const {
    if (has_object(pattern, found)) return {};
    std::optional<std::vector<Mismatch>> nearest;
    std::size_t compared = 0;
    const auto compare = [&](std::size_t node, const std::string& element_path) {
      if (tape_[node].kind != Tape::Kind::object) return false;
      auto mismatches = object(pattern, node, element_path);
      if (!nearest || mismatches.size() < nearest->size()) nearest = std::move(mismatches);
      return ++compared == objects_compared_max;
    };
    std::ranges::any_of(found, [&](std::size_t node) { return each(node, path, compare); });
    if (nearest) return *std::move(nearest);
    if (found.empty()) return object(pattern, std::nullopt, path);
    return {mismatch(path, "an object", found)};
  }

  std::vector<Mismatch> any(const std::vector<ObjectPattern>& branches, std::optional<std::size_t> node,
                            const std::string& path) const {
    std::vector<Mismatch> all;
    for (const ObjectPattern& branch : branches) {
      auto mismatches = object(branch, node, path);
      if (mismatches.empty()) return {};
      add(all, std::move(mismatches));
    }
    return all;
  }

  [[nodiscard]] Mismatch mismatch(const std::string& path, std::string wanted, const Values& found) const {
    return {event::quotable(path, path_chars_max), std::move(wanted),
            found.empty() ? "nothing" : shown_value(tape_, found.front())};
  }

  const Tape& tape_;
};

/// The event as one text, as the filter sees it.
std::string written(const Event& event) {
  std::string text = R"({"event_type":)";
  event::append_json_string(text, event.event_type);
  if (event.source) event::append_json_string(text.append(R"(,"source":)"), *event.source);
  text.append(R"(,"payload":)").append(event.payload);
  if (!event.metadata.empty()) text.append(R"(,"metadata":)").append(event.metadata);
  return text.append("}");
}

bool is_object(std::string_view text) {
  Tape tape;
  return tape.read(text) && tape[0].kind == Tape::Kind::object;
}

}  // namespace

Result<Explanation> explain(const Filter& filter, const Event& event) {
  if (!is_object(event.payload) || (!event.metadata.empty() && !is_object(event.metadata))) {
    return Error{ErrorCode::invalid_argument,
                 "The payload of an event, and its metadata if it has any, are JSON objects."};
  }
  const std::string text = written(event);
  Tape tape;
  if (!tape.read(text)) return Error{ErrorCode::invalid_argument, "The event is nested too deeply."};
  Explanation made;
  made.mismatches = Explainer(tape).object(filter.pattern(), 0, "$");
  made.matches = made.mismatches.empty();
  return made;
}

}  // namespace triggers::filter
