#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

#include "limit/token_bucket.h"

namespace triggers::limit {

/// What the bucket that all nodes share gave to one of them.
struct Grant {
  std::uint32_t tokens = 0;
  Decision bucket;  ///< The shared bucket after it; refused if there was none to give.
};

/// A node's part of a bucket that several nodes share: it takes slices of the shared one and serves requests from them.
/// So the nodes together never serve more than the shared bucket gave out now and in the kept_for before, and ask it
/// once a slice.
///
/// The first slice is one token. While the next is wanted within a second, it is twice as large, to a twentieth of the
/// limit: a quick node asks seldom, and a slow one holds nothing that others could use. Any thread.
class SharedBucket {
 public:
  using Time = TokenBucket::Time;
  static constexpr std::chrono::seconds doubled_within{1};
  /// What a slice has left is forgotten then. Meanwhile the shared bucket fills up: with what is kept for 5 s the nodes
  /// together, however many, exceed the limit by a twelfth of a minute's, less than a tenth.
  static constexpr std::chrono::seconds kept_for{5};

  /// Takes one of what is here, or refuses by what the shared bucket last said; nothing: a slice is needed.
  std::optional<Decision> take(Time now);
  /// How many to ask the shared bucket for.
  std::uint32_t wanted(Time now, std::uint32_t per_minute);
  /// Takes one after a slice came, unless others have used it up.
  Decision granted(Time now, const Grant& grant);

 private:
  Decision serve();

  std::mutex mutex_;  // Guards all below.
  std::uint32_t tokens_ = 0, slice_ = 0;
  Time granted_at_{}, asked_at_{}, empty_until_{};
  Decision last_;
};

}  // namespace triggers::limit
