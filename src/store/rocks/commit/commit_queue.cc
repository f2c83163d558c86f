#include "store/rocks/commit/commit_queue.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

#include "base/invariant.h"
#include "base/yield.h"

namespace triggers::store {
namespace {

Error shutting_down() { return {ErrorCode::unavailable, "the store is shutting down"}; }

struct Group {
  Executor* executor;
  std::vector<std::coroutine_handle<>> waiters;
};

/// Of those that have ended. A handful of executors: a linear search beats a map. An operation is gone as soon as its
/// waiter runs, so everything is collected before the first is resumed.
std::vector<Group> by_executor(std::span<Operation* const> operations) {
  std::vector<Group> groups;
  for (const Operation* operation : operations) {
    if (!operation->ended()) continue;
    auto group = std::ranges::find(groups, operation->executor, &Group::executor);
    if (group == groups.end()) {
      groups.push_back({operation->executor, {}});
      group = groups.end() - 1;
      group->waiters.reserve(operations.size());
    }
    group->waiters.push_back(operation->waiter);
  }
  return groups;
}

}  // namespace

bool CommitQueue::push(Operation& operation, std::coroutine_handle<> waiter) {
  Executor& executor = Executor::current();
  INVARIANT(operation.part_begin == operation.part_end && operation.part_end < operation.size(),
            "an operation of %zu elements is submitted with the part from %zu to %zu", operation.size(),
            operation.part_begin, operation.part_end);
  operation.waiter = waiter;
  operation.executor = &executor;
  if (closed_.load(std::memory_order_acquire)) {
    operation.error = shutting_down();
    return false;
  }
  if (!reserve(operation)) {
    operation.error = Error{ErrorCode::overloaded, "the write queue is full"};
    return false;
  }
  try {
    enter_turn(operation);
    return true;
  } catch (const std::bad_alloc&) {
    release(1, operation.bytes);
    release_share(operation);
    operation.error = Error{ErrorCode::overloaded, {}};
    return false;
  }
}

void CommitQueue::enter_turn(Operation& operation) {
  Turn& turn = turn_of(*operation.executor);
  turn.operations.push_back(&operation);
  if (turn.operations.size() > 1) return;
  try {
    end_turn(turn);
  } catch (...) {
    turn.operations.pop_back();
    throw;
  }
}

bool CommitQueue::reserve(const Operation& operation) {
  const std::size_t depth = depth_.fetch_add(1, std::memory_order_relaxed);
  const std::size_t before = bytes_.fetch_add(operation.bytes, std::memory_order_relaxed);
  const bool room = depth < limits_.queue_operations_max && before + operation.bytes <= limits_.queue_bytes_max;
  // The store's own operations have no tenant, and no share.
  const Tenant* const tenant = operation.tenant;
  if (room && (tenant == nullptr || shares_.take(tenant->id, operation.bytes, depth, before))) return true;
  release(1, operation.bytes);
  return false;
}

void CommitQueue::release(std::size_t operations, std::size_t bytes) noexcept {
  const std::size_t depth = depth_.fetch_sub(operations, std::memory_order_relaxed);
  const std::size_t held = bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  INVARIANT(depth >= operations && held >= bytes,
            "%zu operations of %zu bytes leave a queue that counts %zu of %zu bytes", operations, bytes, depth, held);
}

void CommitQueue::release_share(const Operation& operation) noexcept {
  if (operation.tenant != nullptr) shares_.give_back(operation.tenant->id, operation.bytes);
}

CommitQueue::Turn& CommitQueue::turn_of(const Executor& executor) {
  {
    const ReaderLock lock(turns_mutex_);
    if (const auto found = turns_.find(&executor); found != turns_.end()) return *found->second;
  }
  const WriterLock lock(turns_mutex_);
  auto& turn = turns_[&executor];
  if (!turn) turn = std::make_unique<Turn>();
  return *turn;
}

RootTask CommitQueue::end_turn(Turn& turn) {
  co_await yield();
  hand_over(turn);
}

void CommitQueue::hand_over(Turn& turn) {
  MutexLock lock(mutex_);
  std::optional<Error> refusal;
  if (closed_) {
    refusal = shutting_down();
  } else {
    try {
      waiting_.insert(waiting_.end(), turn.operations.begin(), turn.operations.end());
    } catch (const std::bad_alloc&) {
      refusal = Error{ErrorCode::overloaded, {}};
    }
  }
  if (refusal) {
    lock.unlock();
    const auto refused = std::exchange(turn.operations, {});
    for (Operation* operation : refused) operation->error = refusal;
    answer(refused);
    return;
  }
  turn.operations.clear();
  const bool wake = std::exchange(idle_, false);
  lock.unlock();
  if (wake) wake_.notify_one();
}

bool CommitQueue::take(std::vector<Operation*>& batch, std::optional<std::chrono::steady_clock::time_point> until,
                       const CountEntries& count_entries) {
  batch.clear();
  batch.reserve(limits_.lone_commit_elements_max);
  if (!wait_for_work(until)) return false;
  if (arrived_.empty() && turns_by_tenant_.empty()) return true;
  if (count_entries) count_elements(count_entries);
  Filling filling = empty_batch();
  if (turns_by_tenant_.empty() && fits(arrived_, filling)) {
    batch.assign(arrived_.begin(), arrived_.end());
    for (Operation* operation : batch) operation->part_end = operation->size();
    arrived_.clear();
    return true;
  }
  turns_by_tenant_.add(arrived_);
  while (!turns_by_tenant_.empty() && take_turn(batch, filling)) {
  }
  INVARIANT(!batch.empty(), "operations wait, and none of them fits into an empty batch");
  return true;
}

void CommitQueue::count_elements(const CountEntries& count_entries) {
  std::size_t others = 0;
  bool any_open = false;
  for (const Operation* operation : arrived_) {
    const bool open = operation->entry != nullptr && operation->entry->is_open_ended();
    any_open = any_open || open;
    if (!open) others += operation->size();
  }
  if (!any_open) return;
  for (Operation* operation : arrived_) {
    if (operation->entry != nullptr && operation->entry->is_open_ended()) {
      // The others may make as many entries available in the same commit.
      const bool leases = operation->entry->kind == EntryOperation::Kind::lease;
      set_found_max(*operation, count_entries(*operation) + (leases ? others : 0));
    }
  }
}

void CommitQueue::set_found_max(Operation& operation, std::size_t entries) noexcept {
  const std::size_t done = operation.part_end;
  operation.entry->found_max = std::clamp<std::size_t>(done + entries, done + 1, entries_of_request_max);
  const std::size_t bytes = std::min(entries_bytes(*operation.entry), operation.bytes);
  const std::size_t saved = std::exchange(operation.bytes, bytes) - bytes;
  release(0, saved);
  if (operation.tenant != nullptr) shares_.give_back_bytes(operation.tenant->id, saved);
}

CommitQueue::Filling CommitQueue::empty_batch() {
  const auto now = std::chrono::steady_clock::now();
  for (const Operation* operation : arrived_) {
    if (operation->tenant == nullptr || operation->tenant->id == last_tenant_) continue;
    last_tenant_ = operation->tenant->id;
    other_tenant_at_ = now;
  }
  if (now - other_tenant_at_ < limits_.lone_after) return {limits_.commit_elements_max, limits_.commit_bytes_max};
  return {limits_.lone_commit_elements_max, limits_.lone_commit_bytes_max};
}

bool CommitQueue::take_turn(std::vector<Operation*>& batch, Filling& filling) {
  filling.turn_elements = filling.turn_bytes = 0;
  do {
    Operation& next = *turns_by_tenant_.front();
    const bool alone = next.kind == Operation::Kind::change;
    if (alone && filling.elements > 0) return false;
    const std::size_t begin = next.part_end;
    while (next.part_end < next.size() && take_element(next.bytes_of(next.part_end), filling)) ++next.part_end;
    if (next.part_end > begin && begin == next.part_begin) batch.push_back(&next);
    if (next.part_end < next.size()) {
      if (filling.turn_elements > 0) turns_by_tenant_.pass();
      return !filling.full;
    }
    if (alone) {
      // Changes are of no tenant, and have no turn of several.
      if (turns_by_tenant_.pop()) turns_by_tenant_.pass();
      return false;
    }
  } while (turns_by_tenant_.pop());
  return true;
}

bool CommitQueue::take_element(std::size_t bytes, Filling& filling) const noexcept {
  if (filling.turn_elements == limits_.turn_elements_max ||
      (filling.turn_elements > 0 && filling.turn_bytes + bytes > limits_.turn_bytes_max)) {
    return false;
  }
  if (filling.elements == filling.elements_max || (filling.elements > 0 && filling.bytes + bytes > filling.bytes_max)) {
    filling.full = true;
    return false;
  }
  ++filling.elements;
  ++filling.turn_elements;
  filling.bytes += bytes;
  filling.turn_bytes += bytes;
  return true;
}

/// Operations that an earlier take() left, perhaps for lack of memory, need no waiting.
bool CommitQueue::has_work() const { return !waiting_.empty() || !arrived_.empty() || !turns_by_tenant_.empty(); }

bool CommitQueue::wait_for_work(const std::optional<std::chrono::steady_clock::time_point>& until) {
  MutexLock lock(mutex_);
  while (!has_work() && !rung_) {
    if (closed_) return false;
    idle_ = true;
    if (!until) {
      wake_.wait(lock);
    } else if (wake_.wait_until(lock, *until) == std::cv_status::timeout) {
      break;
    }
  }
  if (closed_ && !has_work()) return false;
  idle_ = rung_ = false;
  if (arrived_.empty()) arrived_.swap(waiting_);
  return true;
}

bool CommitQueue::fits(std::span<Operation* const> operations, const Filling& batch) {
  std::size_t elements = 0, bytes = 0;
  for (const Operation* operation : operations) {
    elements += operation->size() - operation->part_end;
    bytes += operation->bytes;
    if (operation->kind == Operation::Kind::change) return operations.size() == 1;
  }
  return elements <= batch.elements_max && (elements == 1 || bytes <= batch.bytes_max);
}

void CommitQueue::close() {
  const MutexLock lock(mutex_);
  closed_ = true;
  wake_.notify_one();
}

std::size_t CommitQueue::waiting() const {
  const MutexLock lock(mutex_);
  return waiting_.size();
}

void CommitQueue::ring() {
  const MutexLock lock(mutex_);
  rung_ = true;
  wake_.notify_one();
}

void CommitQueue::finish(std::span<Operation* const> operations) noexcept {
  for (Operation* operation : operations) {
    INVARIANT(operation->part_begin <= operation->part_end && operation->part_end <= operation->size(),
              "an operation of %zu elements had the part from %zu to %zu", operation->size(), operation->part_begin,
              operation->part_end);
    INVARIANT(operation->ended() || operation->part_begin < operation->part_end,
              "a commit took nothing of an operation that goes on at element %zu of %zu", operation->part_begin,
              operation->size());
    operation->part_begin = operation->part_end;
    // An operation that was handed out whole has left its tenant's lane already. Any other must leave it now, because
    // the operation ends with its waiter.
    if (operation->ended() && operation->part_end < operation->size()) turns_by_tenant_.remove(*operation);
  }
  answer(operations);
}

void CommitQueue::answer(std::span<Operation* const> operations) noexcept {
  std::size_t count = 0, bytes = 0;
  for (const Operation* operation : operations) {
    if (!operation->ended()) continue;
    ++count;
    bytes += operation->bytes;
    release_share(*operation);
  }
  // Before the first waiter runs: it must not find the queue full of what is done.
  release(count, bytes);
  std::vector<Group> groups;
  try {
    groups = by_executor(operations);
  } catch (const std::bad_alloc&) {
    // Read before its waiter runs, because the waiter destroys it.
    for (const Operation* operation : operations) {
      if (operation->ended()) operation->executor->resume_surely({&operation->waiter, 1});
    }
    return;
  }
  for (const Group& group : groups) group.executor->resume_surely(group.waiters);
}

}  // namespace triggers::store
