#include "filter/path.h"

#include <algorithm>

#include "event/event.h"
#include "event/quotable.h"

namespace triggers::filter {
namespace {

constexpr std::size_t name_chars_max = 60;

bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '$';
}

}  // namespace

void append_name(std::string& path, std::string_view name) {
  if (!name.empty() && name.size() <= name_chars_max && std::ranges::all_of(name, plain)) {
    path.append(".").append(name);
    return;
  }
  path.push_back('[');
  event::append_json_string(path, event::quotable(name, name_chars_max));
  path.push_back(']');
}

void append_index(std::string& path, std::size_t index) { path.append("[").append(std::to_string(index)).append("]"); }

}  // namespace triggers::filter
