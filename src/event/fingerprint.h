#pragma once

// The arithmetic of the fingerprint, which is stored: a change needs a new storage format. The type of a fingerprint is
// in event.h; the digest that decides is in store/content.h.

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "event/escape.h"
#include "event/event.h"
#include "event/json_cursor.h"

namespace triggers::event {

/// Two independent 64-bit hashes of one thing.
struct Hash {
  std::uint64_t a = 0, b = 0;
  bool operator==(const Hash&) const = default;
};

namespace mix {

/// The fractional digits of pi: constants in which we cannot have hidden anything.
constexpr std::uint64_t pi[] = {0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89,
                                0x452821e638d01377, 0xbe5466cf34e90c6c, 0xc0ac29b7c97c50dd, 0x3f84d5b5b5470917,
                                0x9216d5d98979fb1b, 0xd1310ba698dfb5ac, 0x2ffd72dbd01adfb7, 0xb8e1afed6a267e96,
                                0xba7c9045f12c7f99, 0x24a19947b3916cf7, 0x0801f2e2858efc16, 0x636920d871574e69};

/// One hash seed for each kind of value, so that "1", 1, [] and {} differ.
constexpr Hash null_value{pi[14], pi[15]}, false_value{pi[13], pi[14]}, true_value{pi[12], pi[13]};
constexpr Hash number_seed{pi[0], pi[8]}, string_seed{pi[1], pi[9]}, name_seed{pi[2], pi[10]},
    array_seed{pi[3], pi[11]}, object_seed{pi[4], pi[12]}, type_seed{pi[5], pi[13]};

/// Every bit of the product depends on the bits below it in both factors, and folding its halves onto each other makes
/// every bit of the result depend on all: one multiplication mixes 128 bits into 64 (the idea of wyhash and of folly's
/// hash_128_to_64). A factor of 0 forgets the other, which is why each thing is hashed in two lanes with other
/// constants.
inline std::uint64_t fold(std::uint64_t x, std::uint64_t y) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(x) * y;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

template <class Word>
inline std::uint64_t load(const char* at) noexcept {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

inline Hash bytes(std::string_view text, Hash seed) noexcept {
  const char* at = text.data();
  const std::size_t size = text.size();
  const char* const end = at + size;
  Hash hash{seed.a ^ size * pi[6], seed.b ^ size * pi[7]};
  const auto absorb = [&hash](std::uint64_t x, std::uint64_t y) {
    hash = {fold(x ^ pi[8], y ^ hash.a), fold(x ^ hash.b, y ^ pi[9])};
  };
  // The length is in the seed, so the last words may overlap the ones before.
  for (std::size_t left = size; left > 16; left -= 16, at += 16) {
    absorb(load<std::uint64_t>(at), load<std::uint64_t>(at + 8));
  }
  if (size >= 16) {
    absorb(load<std::uint64_t>(end - 16), load<std::uint64_t>(end - 8));
  } else if (size >= 8) {
    absorb(load<std::uint64_t>(at), load<std::uint64_t>(end - 8));
  } else if (size >= 4) {
    absorb(load<std::uint32_t>(at), load<std::uint32_t>(end - 4));
  } else if (size > 0) {
    absorb(load<std::uint8_t>(at) << 16 | load<std::uint8_t>(at + size / 2) << 8 | load<std::uint8_t>(end - 1), 0);
  } else {
    absorb(0, 0);
  }
  return hash;
}

/// Combines two hashes; their order counts. `k` selects constants: other ones for each use.
inline Hash pair(Hash left, Hash right, std::size_t k) noexcept {
  return {fold(left.a ^ pi[k], right.a ^ pi[k + 1]), fold(left.b ^ pi[k + 2], right.b ^ pi[k + 3])};
}

}  // namespace mix

/// Folds a payload to its hash while it is scanned (scan.h). Members are summed, so their order does not matter;
/// elements are chained, so theirs does. Members of one name keep their order too: from the second on, each is hashed
/// with its place among them. Stored by the dedup entries: a change here needs a change of the storage format.
class Hasher {
 public:
  using Value = Hash;

  Hash null() const noexcept { return mix::null_value; }
  Hash boolean(bool value) const noexcept { return value ? mix::true_value : mix::false_value; }
  Hash number(std::string_view text) const noexcept { return mix::bytes(text, mix::number_seed); }
  Hash string(const StringToken& token) { return hash(token, mix::string_seed); }
  Hash name(const StringToken& token) { return hash(token, mix::name_seed); }

  Hash begin_array() const noexcept { return mix::array_seed; }
  void element(Hash& array, Hash value) const noexcept { array = mix::pair(array, value, 0); }
  Hash end_array(Hash array) const noexcept { return array; }

  struct Object {
    std::size_t first_member;  ///< In `members_`.
    Hash sum = mix::object_seed;
    std::uint64_t members = 0;
    std::uint64_t names_seen = 0;  ///< A bit for each name's hash.
    bool may_repeat = false;       ///< A name's bit was set before.
  };
  Object begin_object() const noexcept { return {.first_member = members_.size()}; }
  void member(Object& object, Hash name, Hash value) {
    const Hash hash = mix::pair(name, value, 4);
    object.sum.a += hash.a;
    object.sum.b += hash.b;
    ++object.members;
    const std::uint64_t bit = std::uint64_t{1} << (name.a & 63);
    object.may_repeat |= (object.names_seen & bit) != 0;
    object.names_seen |= bit;
    members_.push_back({name.a, hash});
  }
  Hash end_object(Object& object) {
    if (object.may_repeat) tell_repeated_apart(object);
    members_.resize(object.first_member, boost::container::default_init);
    const Hash sum = object.sum;
    return {mix::fold(sum.a ^ mix::pi[8], sum.b ^ mix::pi[9] ^ object.members),
            mix::fold(sum.a ^ mix::pi[10] ^ object.members, sum.b ^ mix::pi[11])};
  }

 private:
  struct Member {
    std::uint64_t name;  ///< One lane is enough: two names that share it only count as one.
    Hash plain;          ///< What it added to the object's sum.
  };
  /// One name of an object with many members.
  struct Name {
    std::uint32_t member = 0;  ///< The first of this name.
    std::uint32_t count = 0;   ///< 0: the slot is free.
  };

  /// Replaces, in the object's sum, the members whose name occurred before. Linear in the number of members.
  void tell_repeated_apart(Object& object);
  void tell_few_apart(Object& object) const;
  static void replace(Object& object, const Member& member, std::uint64_t before) noexcept;

  Hash hash(const StringToken& token, Hash seed) {
    if (!token.escaped) return mix::bytes(token.raw, seed);
    unescaped_.clear();
    unescape(token, unescaped_);
    return mix::bytes(unescaped_, seed);
  }

  std::string unescaped_;
  boost::container::small_vector<Member, 24> members_;  ///< Of the objects that are open, each behind its parent's.
  std::vector<Name> names_;                             ///< A hash table of one object's names.
};

/// The event's fingerprint from its type (unescaped) and the Hasher's value of its payload.
inline Fingerprint combine(std::string_view event_type, Hash payload) noexcept {
  const Hash both = mix::pair(mix::bytes(event_type, mix::type_seed), payload, 8);
  return {mix::fold(both.a ^ mix::pi[0], both.b ^ mix::pi[1]), mix::fold(both.a ^ mix::pi[2], both.b ^ mix::pi[3])};
}

}  // namespace triggers::event
