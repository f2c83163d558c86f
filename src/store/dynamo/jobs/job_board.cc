#include "store/dynamo/jobs/job_board.h"

#include <algorithm>

#include "store/dynamo/events/fleet_ids.h"

namespace triggers::store::dynamo {
namespace {

Error one_runs() { return {ErrorCode::conflict, "a job of this inbox is running: wait until it has ended"}; }

RunningJob job_in(const Tenant& tenant, const InboxRecord& inbox, Job::Kind kind) {
  RunningJob job;
  job.tenant = tenant;
  job.number = inbox.number;
  job.job.kind = kind;
  return job;
}

}  // namespace

Task<Result<Job>> JobBoard::purge(const Tenant& tenant, const InboxRecord& inbox) {
  RunningJob job = job_in(tenant, inbox, Job::Kind::purge);
  job.last = last_id_at(clock_.now());
  co_return co_await start(std::move(job));
}

Task<Result<Job>> JobBoard::replay(const Tenant& tenant, const InboxRecord& inbox, ReplayRange range) {
  constexpr std::chrono::milliseconds tick{1};
  RunningJob job = job_in(tenant, inbox, Job::Kind::replay);
  const bool from_start = range.since.time_since_epoch().count() <= 0;
  if (!from_start) job.before = last_id_at(range.since - tick);
  // What is accepted later is not its business.
  const UnixMillis now = clock_.now();
  job.last = last_id_at(range.until ? std::min(*range.until - tick, now) : now);
  job.event_type = std::move(range.event_type);
  co_return co_await start(std::move(job));
}

Task<Result<Job>> JobBoard::start(RunningJob job) {
  const auto running = co_await items_.running();
  if (!running) co_return running.error();
  std::size_t of_tenant = 0;
  for (const RunningJob& other : *running) {
    if (other.tenant != job.tenant) continue;
    if (other.number == job.number) co_return one_runs();
    ++of_tenant;
  }
  if (running->size() >= running_jobs_max) {
    co_return Error{ErrorCode::overloaded, "too many jobs of inboxes are running"};
  }
  if (of_tenant >= running_jobs_of_tenant_max) {
    co_return Error{ErrorCode::share_used,
                    "Jobs are running in " + std::to_string(running_jobs_of_tenant_max) + " inboxes of this tenant."};
  }
  const auto ended = co_await items_.ended(job.tenant, job.number, 1);
  if (!ended) co_return ended.error();
  // Newer than every other job of the inbox, also if the clock steps back.
  Uuid7Generator ids(ended->empty() ? Uuid7{} : ended->front().id);
  job.job.id = ids.next(clock_.now());
  job.job.started_at = clock_.now();
  const auto started = co_await items_.start(job);
  if (!started) co_return started.error();
  if (!*started) co_return one_runs();
  co_return std::move(job.job);
}

Task<Result<std::optional<Job>>> JobBoard::job(const Tenant& tenant, const InboxRecord& inbox, Uuid7 id) {
  // In this order: a job that ends meanwhile is seen.
  auto running = co_await items_.running(tenant, inbox.number);
  if (!running) co_return std::move(running).error();
  if (*running && (*running)->job.id == id) co_return std::optional{std::move((*running)->job)};
  const std::size_t shown = jobs_per_inbox_max - (*running ? 1 : 0);
  auto ended = co_await items_.ended(tenant, inbox.number, shown);
  if (!ended) co_return std::move(ended).error();
  for (Job& job : *ended) {
    const bool shows = job.id == id && job.ended_at && clock_.now() - *job.ended_at < job_shown_for;
    if (shows) co_return std::optional{std::move(job)};
  }
  co_return std::optional<Job>{};
}

}  // namespace triggers::store::dynamo
