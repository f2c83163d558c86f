#include "store/rocks/upkeep/job_turn.h"

#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/sync_wait.h"
#include "log/log.h"
#include "store/rocks/format/event_record.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/format/pending_value.h"
#include "store/rocks/format/slice_view.h"
#include "store/rocks/inbox/pending_scan.h"
#include "store/routes.h"

namespace triggers::store {
namespace {

/// Of one turn. A commit may take several parts for them, so that others are not held up.
constexpr std::size_t entries_a_turn = 256;
/// Events that a replay looks at in one turn, and their bytes; one larger event is a turn.
constexpr std::size_t events_a_turn = 1'024, bytes_a_turn = 256 * 1024;
/// A replay that finds nothing stores how far it is after so many turns. After a crash it looks at them again.
constexpr std::size_t turns_unsaved_max = 64;
/// About what an entry takes in a commit: keys and a record.
constexpr std::size_t entry_bytes = 192;

Task<void> wait_for(CommitQueue& queue, Operation& operation) { co_await queue.submit(operation); }

JobOperation step_of(const JobBoard::Running& running) {
  JobOperation job;
  const bool purges = running.record.job.kind == Job::Kind::purge;
  job.kind = purges ? JobOperation::Kind::purge : JobOperation::Kind::replay;
  job.inbox = running.name;
  job.state = running.inbox;
  job.record.job.id = running.record.job.id;
  return job;
}

/// The rest of the log of one tenant that a replay is about.
class LogScan {
 public:
  LogScan(Database& database, const std::string& tenant, const EventId& first, const EventId& end)
      : first_(layout::event_key(tenant, first)), end_(layout::event_key(tenant, end)), end_slice_(end_) {
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &end_slice_;
    options.fill_cache = false;  // Others' blocks stay in memory.
    iterator_.reset(database.db().NewIterator(options, database.family(Family::events)));
    iterator_->Seek(first_);
  }
  LogScan(const LogScan&) = delete;
  LogScan& operator=(const LogScan&) = delete;
  ~LogScan() = default;

  [[nodiscard]] bool valid() const { return iterator_->Valid(); }
  void next() { iterator_->Next(); }
  [[nodiscard]] EventId id() const {
    const auto key = view(iterator_->key());
    return EventId::from_bytes(key.substr(key.size() - EventId{}.bytes.size()));
  }
  [[nodiscard]] std::string_view value() const { return view(iterator_->value()); }
  [[nodiscard]] Status status() const {
    const auto status = iterator_->status();
    if (status.ok()) return Done{};
    return Error{ErrorCode::internal, "the log cannot be read: " + status.ToString()};
  }

 private:
  const std::string first_, end_;
  const rocksdb::Slice end_slice_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

/// Which events come into the inbox. `collect` does not matter.
Result<Routes> routes_of(const SettingsTable& settings, const JobBoard::Running& running) {
  auto stored = settings.record(running.inbox->tenant(), running.name);
  if (!stored) return stored.error();
  InboxRecord record = *stored ? **std::move(stored) : InboxRecord();
  record.settings.collect = true;
  return Routes::make({std::move(record)});
}

Result<bool> takes(const Routes& routes, const JobRecord& job, const EventRecord& event) {
  if (job.event_type && event.event_type != *job.event_type) return false;
  const auto takers = routes.takers({event.event_type, event.source, event.payload, event.metadata});
  if (!takers) return takers.error();
  return takers->any();
}

}  // namespace

Status JobTurns::submit(const InboxState& inbox, JobOperation& job) {
  const Tenant tenant{inbox.tenant()};
  Operation operation;
  operation.kind = Operation::Kind::job;
  operation.tenant = &tenant;
  operation.job = &job;
  operation.other_elements = job.ids.size();
  operation.bytes = event_overhead_bytes + job.ids.size() * entry_bytes;
  for (const std::string& value : job.pending_values) operation.bytes += value.size();
  sync_wait(wait_for(queue_, operation));
  if (operation.error) return std::move(*operation.error);
  return Done{};
}

Result<JobOperation> JobTurns::look_for_purge(const JobBoard::Running& running, const JobWalk& walk) {
  const JobRecord& record = running.record;
  JobOperation job = step_of(running);
  const EventId head = running.inbox->head().id;
  const EventId first = walk.from_head ? head : std::max(record.next, head);
  job.next = record.end;
  if (first >= record.end) {
    job.end = Job::State::done;
    return job;
  }
  PendingScan scan(database_, *running.inbox, {}, {.first = first, .end = record.end}, 0);
  for (; scan.valid() && job.ids.size() < entries_a_turn; scan.next()) job.ids.push_back(scan.id());
  if (auto status = scan.status(); !status) return status.error();
  if (scan.valid()) {
    job.next = scan.id();
  } else {
    job.end = Job::State::done;
  }
  return job;
}

Result<JobOperation> JobTurns::look_for_replay(const JobBoard::Running& running, const JobWalk& walk) {
  const JobRecord& record = running.record;
  JobOperation job = step_of(running);
  const auto routes = routes_of(settings_, running);
  if (!routes) return routes.error();
  LogScan scan(database_, running.inbox->tenant(), std::max(record.next, walk.next), record.end);
  std::size_t bytes = 0, looked = 0;
  for (; scan.valid() && looked < events_a_turn && bytes < bytes_a_turn && job.ids.size() < entries_a_turn;
       scan.next()) {
    ++looked;
    bytes += scan.value().size();
    const auto event = decode_record(scan.value());
    const auto taken = event ? takes(*routes, record, *event) : Result<bool>(Error{ErrorCode::internal, "its record"});
    if (!taken) {
      // It stays where it is, and the job goes on.
      (void)database_.unreadable("the event " + scan.id().text() + " of " + running.inbox->tenant());
      continue;
    }
    if (!*taken) continue;
    job.ids.push_back(scan.id());
    append_pending_value(job.pending_values.emplace_back(),
                         {.again = true, .record_bytes = scan.value().size(), .event_type = event->event_type});
  }
  if (auto status = scan.status(); !status) return status.error();
  job.next = scan.valid() ? scan.id() : record.end;
  if (!scan.valid()) job.end = Job::State::done;
  return job;
}

Result<JobTurns::Outcome> JobTurns::take(const JobBoard::Running& running, JobWalk& walk) {
  const bool purges = running.record.job.kind == Job::Kind::purge;
  if (!std::exchange(walk.begun, true)) {
    walk.lowered = running.inbox->head().lowered;
    walk.from_head = purges && running.record.next == EventId{};
  }
  auto job = purges ? look_for_purge(running, walk) : look_for_replay(running, walk);
  if (!job) {
    log::error("inbox_job_failed", {{"tenant", running.inbox->tenant()}, {"cause", job.error().message}});
    job = step_of(running);
    job->next = running.record.next;
    job->end = Job::State::failed;
  }
  walk.next = job->next;
  if (job->ids.empty() && !job->end && ++walk.unsaved < turns_unsaved_max) return Outcome::goes_on;
  walk.unsaved = 0;
  if (auto submitted = submit(*running.inbox, *job); !submitted) {
    walk.next = {};
    return submitted.error();
  }
  if (job->gone) return Outcome::gone;
  if (job->held_up) {
    walk.next = {};
    return Outcome::held_up;
  }
  // Pages and leases need not step over what has left.
  walk.from_head = walk.from_head && job->changed == job->ids.size();
  if (walk.from_head) running.inbox->raise_head(job->next, walk.lowered);
  if (!job->end) return Outcome::goes_on;
  return *job->end == Job::State::done ? Outcome::done : Outcome::failed;
}

Status JobTurns::remove(const JobBoard::Ended& ended) {
  JobOperation job;
  job.kind = JobOperation::Kind::remove;
  job.inbox = ended.name;
  job.state = ended.inbox;
  job.old = ended.jobs;
  return submit(*ended.inbox, job);
}

}  // namespace triggers::store
