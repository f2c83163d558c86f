#pragma once

// The digest by which an event is recognised again. The journal that contains it is in journal.h.

#include <array>
#include <compare>
#include <string>
#include <string_view>

namespace triggers::swarm {

/// The parts of an event that the service returns, so that verify() can compare them.
struct SentEvent {
  std::string_view event_type;
  std::string_view payload;        ///< The JSON text that was sent.
  std::string_view source = {};    ///< Empty if none was sent.
  std::string_view metadata = {};  ///< The JSON text that was sent; empty if none was.
};

/// The first 128 bits of SHA-256 over an event's type, payload, source and metadata. Each part follows its length in
/// bytes, a 64-bit little-endian number. So two events have the same digest only if they are equal.
struct Digest {
  std::array<unsigned char, 16> bytes{};
  auto operator<=>(const Digest&) const = default;
  [[nodiscard]] std::string_view view() const noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};

/// Thread-safe. Takes under a microsecond for a small event.
[[nodiscard]] Digest digest_of(const SentEvent& event);

}  // namespace triggers::swarm
