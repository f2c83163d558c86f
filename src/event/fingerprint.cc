#include "event/fingerprint.h"

#include <bit>
#include <span>

#include "base/random.h"
#include "event/scan.h"

namespace triggers::event {
namespace {

/// Up to so many members are compared each with each, which is cheaper than a table.
constexpr std::size_t few_members = 32;

/// The public constants of the hash let a client choose names whose hashes agree in many bits. A secret keeps the
/// client from choosing their places in a table.
std::uint64_t place_of(std::uint64_t name) {
  static const Hash secret{random_u64(), random_u64()};
  return mix::fold(name ^ secret.a, secret.b);
}

}  // namespace

void Hasher::replace(Object& object, const Member& member, std::uint64_t before) noexcept {
  const Hash placed = mix::pair(member.plain, {before, before}, 12);
  object.sum.a += placed.a - member.plain.a;
  object.sum.b += placed.b - member.plain.b;
}

void Hasher::tell_few_apart(Object& object) const {
  const std::span<const Member> members(members_.data() + object.first_member, object.members);
  for (std::size_t i = 1; i < members.size(); ++i) {
    std::uint64_t before = 0;
    for (std::size_t j = 0; j < i; ++j) before += members[j].name == members[i].name ? 1 : 0;
    if (before > 0) replace(object, members[i], before);
  }
}

void Hasher::tell_repeated_apart(Object& object) {
  if (object.members <= few_members) return tell_few_apart(object);
  const std::span<const Member> members(members_.data() + object.first_member, object.members);
  names_.assign(std::bit_ceil(members.size() + members.size() / 2), Name{});
  const std::size_t mask = names_.size() - 1;
  for (std::size_t i = 0; i < members.size(); ++i) {
    std::size_t place = place_of(members[i].name) & mask;
    while (names_[place].count > 0 && members[names_[place].member].name != members[i].name) place = (place + 1) & mask;
    Name& name = names_[place];
    if (name.count == 0) {
      name.member = static_cast<std::uint32_t>(i);
    } else {
      replace(object, members[i], name.count);
    }
    ++name.count;
  }
}

Fingerprint fingerprint(std::string_view event_type, std::string_view payload) {
  JsonCursor cursor(payload);
  Hasher hasher;
  Hash hash;
  cursor.skip_space();
  // Bytes that are not JSON equal only themselves, as for same_content().
  if (!scan_value(cursor, hasher, nesting_max, hash)) hash = mix::bytes(payload, {});
  return combine(event_type, hash);
}

}  // namespace triggers::event
