#pragma once

#include <optional>

#include "store/content.h"

namespace triggers::store {

/// An event on its way in, compared with others at most at the cost of its own text and theirs: its digest is made once
/// and only when texts differ.
class Incoming {
 public:
  explicit Incoming(const Append& event) : event_(event) {}

  [[nodiscard]] const Append& event() const noexcept { return event_; }

  /// True if the texts are the same, byte for byte. Counts what was compared.
  [[nodiscard]] bool same_text(std::string_view event_type, std::string_view payload) {
    if (event_.event_type != event_type || event_.payload.size() != payload.size()) return false;
    compared_bytes_ += payload.size();
    return event_.payload == payload;
  }

  [[nodiscard]] const ContentDigest& digest() {
    if (!digest_) {
      compared_bytes_ += event_.payload.size();
      digest_ = content_digest(event_.event_type, event_.payload);
    }
    return *digest_;
  }

  /// The digest of another event, counted as this one's cost.
  [[nodiscard]] ContentDigest digest_of(std::string_view event_type, std::string_view payload) {
    compared_bytes_ += payload.size();
    return content_digest(event_type, payload);
  }

  /// Of texts that were compared or hashed for this event.
  [[nodiscard]] std::size_t compared_bytes() const noexcept { return compared_bytes_; }

 private:
  const Append& event_;
  std::optional<ContentDigest> digest_;
  std::size_t compared_bytes_ = 0;
};

}  // namespace triggers::store
