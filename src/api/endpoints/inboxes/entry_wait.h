#pragma once

// A request that waits for entries of an inbox: the parameters wait and wait_seconds. What wakes it is in
// store/entry_arrivals.h; the client that leaves meanwhile is watched by http/wire/caller.h.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "api/admission/admission_context.h"
#include "api/exchange/exchange.h"
#include "api/exchange/input.h"
#include "api/exchange/refusal.h"
#include "base/task.h"
#include "http/wire/caller.h"
#include "inbox/inbox_name.h"
#include "store/entry_arrivals.h"

namespace triggers::api {

/// The parameter `wait`; 0 without it.
[[nodiscard]] OrRefusal<std::chrono::seconds> parse_wait(const std::vector<Parameter>& parameters);

/// The wait of one request. look_or_wait() does with it what an endpoint needs.
class EntryWait {
 public:
  struct Asked {
    const AdmissionContext& admission;
    store::EntryArrivals* arrivals;  ///< Null only if `time` is 0.
    const Exchange& exchange;
    const inbox::InboxName& inbox;
    store::Waiter::Kind kind;
    std::chrono::seconds time;  ///< 0: it does not wait, and costs nothing.
  };
  /// What `asked` refers to outlives this. The inbox need not exist: the look finds that out.
  explicit EntryWait(const Asked& asked);
  EntryWait(const EntryWait&) = delete;
  EntryWait& operator=(const EntryWait&) = delete;

  /// Before the first look.
  Task<void> begin();
  void look_begins() noexcept;
  /// Waits. True: look again. False: the time is over, the server stops, or the client has left; answer that nothing is
  /// there. Refused: there is no place to wait, or the key was revoked meanwhile.
  [[nodiscard]] Task<OrRefusal<bool>> look_again();
  /// The look has found something.
  void served() noexcept;

 private:
  /// A page with a filter may find nothing at every change of the inbox. From the fourth look on, it looks a few times
  /// a second.
  static constexpr unsigned quick_looks = 3;
  static constexpr std::chrono::milliseconds slow_look{250};

  const Asked asked_;
  const http::Caller::TimePoint until_;
  std::shared_ptr<store::InboxWaiters> inbox_;
  std::optional<store::Waiter> waiter_;
  std::uint64_t version_ = 0;
  unsigned looks_ = 0;
};

/// Looks again and again, until there is something or the wait has ended; then what the last look has found is the
/// result. `look()` asks the store: a Task<Result<T>>. `found(T)` says whether there is something, and `refuse(Error)`
/// makes the refusal. What the functions and `asked` refer to outlives the coroutine.
template <class T, class Look, class Found, class Refuse>
Task<OrRefusal<T>> look_or_wait(EntryWait::Asked asked, Look look, Found found, Refuse refuse) {
  EntryWait wait(asked);
  if (asked.time.count() > 0) co_await wait.begin();
  for (;;) {
    wait.look_begins();
    Result<T> seen = co_await look();
    if (!seen) co_return refuse(seen.error());
    if (found(*seen)) {
      wait.served();
      co_return *std::move(seen);
    }
    const auto again = co_await wait.look_again();
    if (!again) co_return again.error();
    if (!*again) co_return *std::move(seen);
  }
}

/// Waits until `until`, or shorter if the client leaves or the server stops. True: the time is over.
[[nodiscard]] Task<bool> pause_until(const http::Request& request, http::Caller::TimePoint until);

}  // namespace triggers::api
