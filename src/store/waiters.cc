#include "store/waiters.h"

#include <span>
#include <utility>

#include "base/invariant.h"

namespace triggers::store {
namespace {

Wake wake_for(Cancellation::Reason reason) noexcept {
  switch (reason) {
    case Cancellation::Reason::timeout: return Wake::timeout;
    case Cancellation::Reason::stopping: return Wake::stopping;
    case Cancellation::Reason::gone: return Wake::gone;
    case Cancellation::Reason::none: break;
  }
  return Wake::event;
}

}  // namespace

/// Resumes waiters, those of one executor together. It may do so under our lock: an executor takes none of ours.
class InboxWaiters::Wakes {
 public:
  Wakes() = default;
  Wakes(const Wakes&) = delete;
  Wakes& operator=(const Wakes&) = delete;
  ~Wakes() { resume(); }

  void add(const Waiter& waiter) noexcept {
    if (count_ == handles_.size() || executor_ != waiter.executor_) resume();
    executor_ = waiter.executor_;
    handles_[count_++] = waiter.handle_;
  }

 private:
  void resume() noexcept {
    if (count_ > 0) executor_->resume_surely(std::span(handles_).first(count_));
    count_ = 0;
  }

  Executor* executor_ = nullptr;
  std::size_t count_ = 0;
  std::array<std::coroutine_handle<>, 64> handles_;
};

void Waiters::stop() noexcept {
  stopping_ = true;
  for (Shard& shard : shards_) {
    const MutexLock lock(shard.mutex);
    InboxWaiters::Wakes wakes;
    WaiterList left;
    while (WaiterLink* const link = shard.occupied.first()) {
      auto& inbox = static_cast<InboxWaiters&>(*link);
      inbox.wake_all(inbox.takers_, Wake::stopping, wakes, shard);
      inbox.wake_all(inbox.lookers_, Wake::stopping, wakes, shard);
      inbox.vacate_if_empty(shard);
      // Takers that were woken before are still on their way.
      if (!inbox.linked()) continue;
      inbox.unlink();
      left.push_back(inbox);
    }
    while (WaiterLink* const link = left.first()) {
      link->unlink();
      shard.occupied.push_back(*link);
    }
  }
}

InboxWaiters::InboxWaiters(Waiters& all) noexcept
    : shard_(all.shards_[all.next_shard_.fetch_add(1, std::memory_order_relaxed) % Waiters::shard_count]) {}

void InboxWaiters::close() noexcept {
  Shard& shard = shard_;
  const MutexLock lock(shard.mutex);
  closed_ = true;
  Wakes wakes;
  for (WaiterList* const line : {&takers_, &lookers_}) {
    for (WaiterLink* link = line->first(); link != nullptr; link = line->first()) {
      static_cast<Waiter&>(*link).inbox_ = nullptr;
      leave(static_cast<Waiter&>(*link), shard);
      wakes.add(static_cast<Waiter&>(*link));
    }
  }
  while (WaiterLink* const link = woken_.first()) {
    static_cast<Waiter&>(*link).inbox_ = nullptr;
    end_claim(static_cast<Waiter&>(*link), shard);
  }
  vacate_if_empty(shard);
}

// A version grows before occupied_ is read, as a waiter sets occupied_ before it reads the version: one of the two sees
// the other.

void InboxWaiters::became_available(std::size_t available) noexcept {
  version_.fetch_add(1);
  version_for_lookers_.fetch_add(1);
  changed(available, true);
}

void InboxWaiters::became_available_to_takers(std::size_t available) noexcept {
  version_.fetch_add(1);
  changed(available, false);
}

void InboxWaiters::tell_lookers(TimePoint since) noexcept {
  version_for_lookers_.fetch_add(1);
  if (!occupied_.load()) return;
  Shard& shard = shard_;
  const MutexLock lock(shard.mutex);
  Wakes wakes;
  wake_lookers(since, wakes, shard);
  vacate_if_empty(shard);
}

void InboxWaiters::now_available(std::size_t available) noexcept { changed(available, false); }

void InboxWaiters::changed(std::size_t available, bool wakes_lookers) noexcept {
  if (!occupied_.load()) return;
  Shard& shard = shard_;
  const MutexLock lock(shard.mutex);
  available_ = available;
  const auto now = std::chrono::steady_clock::now();
  Wakes wakes;
  if (wakes_lookers) wake_lookers(now, wakes, shard);
  wake_takers(now, wakes, shard);
  vacate_if_empty(shard);
}

std::uint64_t InboxWaiters::version_for(const Waiter& waiter) const noexcept {
  return waiter.kind_.takes ? version() : version_for_lookers();
}

void InboxWaiters::join(Waiter& waiter, bool first, Shard& shard) noexcept {
  occupy(shard);
  WaiterList& line = waiter.kind_.takes ? takers_ : lookers_;
  if (first) {
    line.push_front(waiter);
  } else {
    line.push_back(waiter);
  }
  waiter.waits_ = true;
}

void InboxWaiters::leave(Waiter& waiter, Shard& /*shard*/) noexcept {
  waiter.unlink();
  waiter.waits_ = false;
}

void InboxWaiters::end_claim(Waiter& waiter, Shard& /*shard*/) noexcept {
  waiter.unlink();
  waiter.woken_ = false;
  claimed_ -= waiter.kind_.limit;
}

/// As many as the available entries serve, besides those that are on their way.
void InboxWaiters::wake_takers(TimePoint since, Wakes& wakes, Shard& shard) noexcept {
  while (claimed_ < available_ && !takers_.empty()) {
    auto& waiter = static_cast<Waiter&>(*takers_.first());
    leave(waiter, shard);
    waiter.why_ = Wake::event;
    waiter.woken_ = true;
    waiter.woken_since_ = since;
    woken_.push_back(waiter);
    claimed_ += waiter.kind_.limit;
    wakes.add(waiter);
  }
}

void InboxWaiters::wake_lookers(TimePoint since, Wakes& wakes, Shard& shard) noexcept {
  for (WaiterLink* link = lookers_.first(); link != nullptr; link = lookers_.first()) {
    auto& waiter = static_cast<Waiter&>(*link);
    leave(waiter, shard);
    waiter.why_ = Wake::event;
    waiter.woken_since_ = since;
    wakes.add(waiter);
  }
}

void InboxWaiters::wake_all(WaiterList& line, Wake why, Wakes& wakes, Shard& shard) noexcept {
  while (WaiterLink* const link = line.first()) {
    auto& waiter = static_cast<Waiter&>(*link);
    leave(waiter, shard);
    waiter.why_ = why;
    wakes.add(waiter);
  }
}

void InboxWaiters::occupy(Shard& shard) noexcept {
  if (linked()) return;
  shard.occupied.push_back(*this);
  occupied_.store(true);
}

void InboxWaiters::vacate_if_empty(Shard& /*shard*/) noexcept {
  if (!linked() || !takers_.empty() || !lookers_.empty() || !woken_.empty()) return;
  unlink();
  occupied_.store(false);
}

Waiter::Waiter(Waiters& all, InboxWaiters& inbox, std::string_view tenant, Kind kind) noexcept
    : all_(all), shard_(inbox.shard_), tenant_(tenant), kind_(kind), inbox_(&inbox) {
  INVARIANT(!kind.takes || kind.limit > 0, "a taker that takes nothing waits for an inbox of %.*s",
            static_cast<int>(tenant.size()), tenant.data());
}

Waiter::~Waiter() {
  INVARIANT(!waits_, "a waiter of %.*s goes away while it waits", static_cast<int>(tenant_.size()), tenant_.data());
  end_claim();
}

/// False: the wait has ended already.
bool Waiter::suspend(std::coroutine_handle<> handle, std::uint64_t version) {
  why_ = Wake::event;
  woken_since_.reset();
  refused_.reset();
  if (cancellation_->cancelled()) return false;
  if (!place_.taken()) {
    const auto taken = all_.places_.take(tenant_, place_);
    if (taken == FairCount::Outcome::none_free) refused_ = ErrorCode::overloaded;
    if (taken == FairCount::Outcome::share_used) refused_ = ErrorCode::share_used;
    if (refused_) return false;
  }
  Waiters::Shard& shard = shard_;
  const MutexLock lock(shard.mutex);
  if (inbox_ == nullptr || inbox_->closed_) return false;
  inbox_->occupy(shard);
  if (all_.stopping_) why_ = Wake::stopping;
  if (all_.stopping_ || inbox_->version_for(*this) != version) {
    // If it was woken, it still is: nobody else was woken for what it may take now.
    inbox_->vacate_if_empty(shard);
    return false;
  }
  const bool keeps_place = woken_;
  if (woken_) inbox_->end_claim(*this, shard);
  // It has just looked, and nothing has come since.
  if (kind_.takes) inbox_->available_ = 0;
  executor_ = &Executor::current();
  handle_ = handle;
  inbox_->join(*this, keeps_place, shard);
  cancellation_->listen(*this);
  return true;
}

Result<Wake> Waiter::resumed() {
  cancellation_->stop_listening();
  if (refused_ == ErrorCode::share_used) {
    return Error{ErrorCode::share_used, "the tenant's waiting requests use its share of the places to wait"};
  }
  if (refused_) return Error{ErrorCode::overloaded, "too many requests wait already"};
  // Even if something came: nobody is there to take it, and the next in line is woken when this one goes.
  if (cancellation_->cancelled()) return wake_for(cancellation_->reason());
  return why_;
}

void Waiter::cancelled() noexcept {
  Waiters::Shard& shard = shard_;
  const MutexLock lock(shard.mutex);
  if (!waits_) return;
  inbox_->leave(*this, shard);
  inbox_->vacate_if_empty(shard);
  executor_->resume_surely({&handle_, 1});
}

bool Waiter::removed() const noexcept {
  Waiters::Shard& shard = shard_;
  const MutexLock lock(shard.mutex);
  return inbox_ == nullptr || inbox_->closed_;
}

void Waiter::served() noexcept {
  const auto since = std::exchange(woken_since_, std::nullopt);
  if (since && all_.observe_served_) all_.observe_served_(std::chrono::steady_clock::now() - *since);
  end_claim();
}

void Waiter::end_claim() noexcept {
  if (!place_.taken()) return;  // It has never waited.
  Waiters::Shard& shard = shard_;
  const MutexLock lock(shard.mutex);
  if (!woken_) return;
  InboxWaiters::Wakes wakes;
  inbox_->end_claim(*this, shard);
  inbox_->wake_takers(std::chrono::steady_clock::now(), wakes, shard);
  inbox_->vacate_if_empty(shard);
}

}  // namespace triggers::store
