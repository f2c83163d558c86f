#pragma once

// An incoming event while the committer compares it with others, and the budget of text that one commit may hash.
// Digests of stored events are in digest_cache.h; the comparison's rule is in store/content.h.

#include <optional>

#include "store/content.h"

namespace triggers::store {

/// How much text one commit may still hash to detect duplicates. Hashing is slow (some 10 ns a byte), and delays every
/// request that waits for the commit.
class DigestBudget {
 public:
  static constexpr std::size_t bytes_max = 32 * 1024;

  void begin() noexcept { left_ = bytes_max; }
  /// Spends that many bytes and returns true if they are left.
  [[nodiscard]] bool spend(std::size_t bytes) noexcept {
    if (bytes > left_) return false;
    left_ -= bytes;
    return true;
  }

 private:
  std::size_t left_ = bytes_max;
};

/// An incoming event that is compared with others. Its digest is computed at most once, and only if texts differ.
class ComparedEvent {
 public:
  /// `digest`: the event's, if it was made before; or null.
  ComparedEvent(const IncomingEvent& event, DigestBudget& budget, const ContentDigest* digest)
      : event_(event), budget_(budget) {
    if (digest != nullptr) digest_ = *digest;
  }

  [[nodiscard]] const IncomingEvent& event() const noexcept { return event_; }

  /// True if the texts are the same, byte for byte. Counts what was compared.
  [[nodiscard]] bool same_text(std::string_view event_type, std::string_view payload) {
    if (event_.event_type != event_type || event_.payload.size() != payload.size()) return false;
    compared_bytes_ += payload.size();
    return event_.payload == payload;
  }

  /// Nothing if the budget does not allow it.
  [[nodiscard]] const std::optional<ContentDigest>& digest() {
    if (!digest_) digest_ = digest_of(event_.event_type, event_.payload);
    return digest_;
  }

  /// The digest of another event, counted as this one's cost. Nothing if the budget does not allow it.
  [[nodiscard]] std::optional<ContentDigest> digest_of(std::string_view event_type, std::string_view payload) {
    if (!budget_.spend(payload.size())) return std::nullopt;
    compared_bytes_ += payload.size();
    hashed_bytes_ += payload.size();
    return content_digest(event_type, payload);
  }

  /// Bytes of texts that were compared or hashed for this event.
  [[nodiscard]] std::size_t compared_bytes() const noexcept { return compared_bytes_; }
  /// Of these, the hashed bytes.
  [[nodiscard]] std::size_t hashed_bytes() const noexcept { return hashed_bytes_; }

 private:
  const IncomingEvent& event_;
  DigestBudget& budget_;
  std::optional<ContentDigest> digest_;
  std::size_t compared_bytes_ = 0;
  std::size_t hashed_bytes_ = 0;
};

}  // namespace triggers::store
