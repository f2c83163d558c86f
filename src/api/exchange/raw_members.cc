#include "api/exchange/raw_members.h"

#include <algorithm>

#include "api/exchange/input.h"
#include "api/exchange/json_body.h"
#include "event/escape.h"
#include "event/quotable.h"
#include "event/scan.h"
#include "event/text_check.h"

namespace triggers::api {
namespace {

constexpr std::size_t quoted_name_chars_max = 64;

bool read_member(event::JsonCursor& cursor, int levels_max, RawMember& member) {
  event::StringToken name;
  if (!event::scan_name(cursor, name)) return false;
  event::unescape(name, member.name);
  const char* const first = cursor.position();
  event::Checker checker;
  event::Checker::Value value;
  if (!event::scan_value(cursor, checker, levels_max, value)) return false;
  member.value = {first, static_cast<std::size_t>(cursor.position() - first)};
  return true;
}

/// Keeps the first `members_max`. False at a fault of the text, which the cursor has then.
bool read_members(event::JsonCursor& cursor, int levels_max, std::size_t members_max, std::vector<RawMember>& members) {
  cursor.take('{');
  cursor.skip_space();
  if (!cursor.take('}')) {
    while (true) {
      RawMember member;
      if (!read_member(cursor, levels_max - 1, member)) return false;
      if (members.size() < members_max) members.push_back(std::move(member));
      cursor.skip_space();
      if (cursor.take('}')) break;
      if (!cursor.take(',')) return cursor.fail("a comma or a closing brace is needed here");
      cursor.skip_space();
    }
  }
  cursor.skip_space();
  return cursor.at_end() || cursor.fail("there is more after the end of the value");
}

}  // namespace

OrRefusal<std::vector<RawMember>> raw_members(const http::Request& request, int levels_max,
                                              std::initializer_list<std::string_view> known) {
  if (const auto refused = event::refuse_text(request.body, "a JSON object")) return from_parse_error(*refused);
  event::JsonCursor cursor(request.body);
  cursor.skip_space();
  if (cursor.peek() != '{') return invalid("body", "must be a JSON object");
  std::vector<RawMember> members;
  // One more than there are names: then one of them is unknown or comes twice.
  if (!read_members(cursor, levels_max, known.size() + 1, members))
    return from_parse_error(event::not_json(cursor.fault(), levels_max));
  for (auto member = members.begin(); member != members.end(); ++member) {
    if (const auto is_known = only_member(member->name, known); !is_known) return is_known.error();
    if (std::find_if(members.begin(), member, [&](const RawMember& other) { return other.name == member->name; }) !=
        member) {
      return invalid(event::quotable(member->name, quoted_name_chars_max), "is given more than once");
    }
  }
  return members;
}

const std::string_view* find(const std::vector<RawMember>& members, std::string_view name) noexcept {
  const auto found = std::ranges::find(members, name, &RawMember::name);
  return found == members.end() ? nullptr : &found->value;
}

}  // namespace triggers::api
