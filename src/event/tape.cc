#include "event/tape.h"

#include <algorithm>
#include <tuple>

namespace triggers::event {
namespace {

/// The first eight bytes, so that integers compare as the texts do.
std::uint64_t first_bytes(std::string_view text) {
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < 8; ++i) bytes = bytes << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0U);
  return bytes;
}

}  // namespace

bool Tape::read(std::string_view text) {
  JsonCursor cursor(text);
  Nothing value;
  cursor.skip_space();
  if (!scan_value(cursor, *this, nesting_max, value)) return false;
  cursor.skip_space();
  return cursor.at_end();
}

std::vector<std::size_t> Tape::sorted_names(std::size_t object) const {
  struct Name {
    std::uint64_t first_bytes;
    std::size_t node;
  };
  std::vector<Name> names;
  for (std::size_t i = object + 1; i != nodes_[object].next; i = nodes_[i + 1].next) {
    names.push_back({first_bytes(nodes_[i].text), i});
  }
  std::ranges::sort(names, [&](const Name& a, const Name& b) {
    if (a.first_bytes != b.first_bytes) return a.first_bytes < b.first_bytes;
    return std::tie(nodes_[a.node].text, a.node) < std::tie(nodes_[b.node].text, b.node);
  });
  std::vector<std::size_t> nodes;
  nodes.reserve(names.size());
  for (const Name& name : names) nodes.push_back(name.node);
  return nodes;
}

}  // namespace triggers::event
