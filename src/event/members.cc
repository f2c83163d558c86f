#include "event/members.h"

#include "event/scan.h"

namespace triggers::event {

std::optional<std::vector<Member>> split_object(std::string_view text) {
  Cursor cursor(text);
  Checker checker;
  std::vector<Member> members;
  cursor.skip_space();
  if (!cursor.take('{')) return std::nullopt;
  cursor.skip_space();
  for (bool more = !cursor.take('}'); more;) {
    StringToken name;
    if (!scan_name(cursor, name)) return std::nullopt;
    const char* const first = cursor.position();
    Checker::Value value;
    if (!scan_value(cursor, checker, nesting_max, value)) return std::nullopt;
    members.push_back({name.raw, {first, static_cast<std::size_t>(cursor.position() - first)}});
    cursor.skip_space();
    more = !cursor.take('}');
    if (more && !cursor.take(',')) return std::nullopt;
    cursor.skip_space();
  }
  cursor.skip_space();
  return cursor.at_end() ? std::optional{std::move(members)} : std::nullopt;
}

}  // namespace triggers::event
