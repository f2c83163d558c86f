#pragma once

// UUIDs of version 7, and a generator of them. Which time an event's id has is decided in store/rocks/commit/id_time.h;
// the nodes of a fleet make ids in store/dynamo/events/fleet_ids.h.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace triggers {

/// A UUID of version 7 (RFC 9562, section 5.7). Its bytes sort as its time does.
struct Uuid7 {
  std::array<unsigned char, 16> bytes{};

  auto operator<=>(const Uuid7&) const = default;

  /// The 16 bytes as a key of a store.
  [[nodiscard]] std::string_view view() const noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  /// When it was made: its first 48 bits.
  [[nodiscard]] UnixMillis time() const noexcept;
  /// Lower-case, 8-4-4-4-12.
  [[nodiscard]] std::string text() const;
  void append_text(std::string& out) const;

  /// Nothing unless `text` is a version 7 UUID of the RFC's variant, in 8-4-4-4-12 form, either case.
  static std::optional<Uuid7> parse(std::string_view text);
  /// From 16 stored bytes; `bytes.size()` must be 16.
  static Uuid7 from_bytes(std::string_view bytes) noexcept;
};

/// Makes ids that strictly increase, even if the clock stops or steps back. Then the random part is incremented (RFC
/// 9562, section 6.2, method 2) and the time stays. Not thread-safe.
class Uuid7Generator {
 public:
  /// Continues after `last`, which may come from an earlier process.
  explicit Uuid7Generator(Uuid7 last = {}) noexcept : last_(last) {}

  Uuid7 next(UnixMillis now);
  [[nodiscard]] const Uuid7& last() const noexcept { return last_; }

 private:
  Uuid7 last_;
};

}  // namespace triggers
