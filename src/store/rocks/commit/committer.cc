#include "store/rocks/commit/committer.h"

#include <new>
#include <span>
#include <utility>
#include <vector>

#include "base/thread_name.h"

namespace triggers::store {
namespace {

constexpr std::chrono::milliseconds memory_pause{10};

}  // namespace

Committer::Committer(Database& database, Tenants& tenants, JobBoard& jobs, CommitQueue& queue, const EventId& last_id,
                     CommitterConfig config)
    : queue_(queue),
      config_(std::move(config)),
      commit_(database, tenants, jobs, config_, last_id),
      ends_(config_.watched, *config_.id_time) {
  thread_ = std::thread([this] { run(); });
}

Committer::~Committer() {
  queue_.close();  // The store does so as well, but not if what it builds after this has thrown.
  thread_.join();
}

void Committer::observe(std::chrono::nanoseconds total_time) noexcept {
  if (!config_.observe) return;
  CommitStats stats = commit_.stats();
  stats.total_time = total_time;
  try {
    config_.observe(stats);
  } catch (...) {
    // A count is lost; the commit is not.
  }
}

void Committer::run() {
  name_thread("committer");
  std::vector<Operation*> operations;
  const CommitQueue::CountEntries count_entries = [this](const Operation& one) { return commit_.count_entries(one); };
  while (true) {
    try {
      if (!queue_.take(operations, ends_.next(), count_entries)) return;
    } catch (const std::bad_alloc&) {
      // The queue still has all its operations.
      std::this_thread::sleep_for(memory_pause);
      continue;
    }
    const auto started = std::chrono::steady_clock::now();
    const std::size_t taken = operations.size();
    ends_.add(operations);
    if (operations.empty()) continue;
    const bool written = commit_.commit(operations);
    ends_.done(written);
    queue_.finish(std::span(operations).first(taken));
    if (written) observe(std::chrono::steady_clock::now() - started);
  }
}

}  // namespace triggers::store
