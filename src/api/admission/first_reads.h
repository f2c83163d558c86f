#pragma once

// Limits how many unknown keys one address may have read from the store. The reads themselves are in keys/key_loads.h;
// the limit of failures is in limit/failure_limiter.h.

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string_view>

#include "base/clock.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "limit/failure_limiter.h"

namespace triggers::api {

class FirstRead;

/// Reads of keys that this node does not know. A read counts as a failed authentication of the client's address until
/// the key proves good. If such reads have used up an address's failures, its next request waits for one of them to
/// end. Otherwise many good keys that arrive together after a restart would be refused.
///
/// Addresses that share a bucket of the limiter, such as those of an IPv6 /64, wait for each other, and for no others.
/// Their requests begin in order of arrival. A waiting request takes some 100 bytes, and each connection has at most
/// one. Any thread.
class FirstReads {
 public:
  /// A request that has waited this long gives up: while the store is slow, each round of reads would delay the next.
  static constexpr std::chrono::seconds wait_max{10};

  FirstReads(limit::FailureLimiter& failures, const Clock& clock) : failures_(failures), clock_(clock) {}
  FirstReads(const FirstReads&) = delete;
  FirstReads& operator=(const FirstReads&) = delete;

 private:
  friend class FirstRead;

  struct Reads {
    std::size_t under_way = 0;
    std::list<FirstRead*> waiting;
  };

  bool begin_or_wait(FirstRead& read, std::coroutine_handle<> handle);
  void end(const FirstRead& read) noexcept;
  /// Decides about waiting reads as far as possible now, and removes those from `reads`.
  std::list<FirstRead*> decide(Reads& reads);
  bool may_begin(FirstRead& read, std::chrono::steady_clock::time_point now);

  limit::FailureLimiter& failures_;
  const Clock& clock_;
  Mutex mutex_;
  std::map<limit::FailureLimiter::Bucket, Reads> buckets_ GUARDED_BY(mutex_);  // Each has a read under way.
};

/// One of the reads, from co_await to its destruction. It counts as a failure unless forgive() was called.
class FirstRead {
 public:
  enum class Begun : std::uint8_t { no, yes, failed_too_often, waited_too_long };

  FirstRead(FirstReads& all, std::string_view address)
      : all_(all), bucket_(limit::FailureLimiter::bucket_of(address)) {}
  FirstRead(const FirstRead&) = delete;
  FirstRead& operator=(const FirstRead&) = delete;
  ~FirstRead() {
    if (begun_ == Begun::yes) all_.end(*this);
  }

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> handle) { return all_.begin_or_wait(*this, handle); }
  Begun await_resume() const noexcept { return begun_; }

  /// What was counted last; a refusal if the address has failed too often.
  [[nodiscard]] const limit::Decision& counted() const noexcept { return counted_; }
  /// The key is good, or could not be read.
  void forgive() noexcept { forgiven_ = true; }

 private:
  friend class FirstReads;

  FirstReads& all_;
  const limit::FailureLimiter::Bucket bucket_;
  limit::Decision counted_;
  Begun begun_ = Begun::no;
  bool forgiven_ = false;
  std::chrono::steady_clock::time_point since_;
  Executor* executor_ = nullptr;
  std::coroutine_handle<> waiter_;
};

}  // namespace triggers::api
