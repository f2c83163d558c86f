// Whether two payloads mean the same (same_content() of event.h). The hash that finds candidates is in fingerprint.cc.

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "event/event.h"
#include "event/tape.h"

namespace triggers::event {
namespace {

bool same(const Tape& a, std::size_t i, const Tape& b, std::size_t j);

bool same_elements(const Tape& a, std::size_t array_a, const Tape& b, std::size_t array_b) {
  std::size_t i = array_a + 1, j = array_b + 1;
  while (i != a[array_a].next && j != b[array_b].next) {
    if (!same(a, i, b, j)) return false;
    i = a[i].next;
    j = b[j].next;
  }
  return i == a[array_a].next && j == b[array_b].next;
}

bool same_members(const Tape& a, std::size_t object_a, const Tape& b, std::size_t object_b) {
  const auto names_a = a.sorted_names(object_a), names_b = b.sorted_names(object_b);
  return std::ranges::equal(names_a, names_b, [&](std::size_t i, std::size_t j) {
    return a[i].text == b[j].text && same(a, i + 1, b, j + 1);
  });
}

/// Recurses no deeper than the scan did.
bool same(const Tape& a, std::size_t i, const Tape& b, std::size_t j) {
  if (a[i].kind != b[j].kind) return false;
  switch (a[i].kind) {
    case Tape::Kind::null:
    case Tape::Kind::boolean:
    case Tape::Kind::number:
    case Tape::Kind::string: return a[i].text == b[j].text;
    case Tape::Kind::array: return same_elements(a, i, b, j);
    case Tape::Kind::object: return same_members(a, i, b, j);
  }
  return false;
}

}  // namespace

bool same_content(std::string_view payload_a, std::string_view payload_b) {
  if (payload_a == payload_b) return true;
  Tape a, b;
  return a.read(payload_a) && b.read(payload_b) && same(a, 0, b, 0);
}

}  // namespace triggers::event
