#include "store/dynamo/jobs/job_items.h"

#include <boost/json.hpp>

#include "store/dynamo/events/layout.h"

namespace triggers::store::dynamo {
namespace {

constexpr std::string_view running_partition{"jobs"};
constexpr std::size_t number_bytes = 8, id_bytes = 16;
/// DynamoDB may remove an ended job so long after it is shown no more.
constexpr std::chrono::hours kept_longer{1};
constexpr std::size_t query_items_max = 500;

Item running_key(const Tenant& tenant, std::uint64_t number) {
  std::string sort = tenant.id + '\0';
  for (int shift = 56; shift >= 0; shift -= 8) sort += static_cast<char>(number >> shift & 0xff);
  return layout::key(running_partition, sort);
}

std::int64_t ms_of(UnixMillis time) { return time.time_since_epoch().count(); }
UnixMillis time_of(std::int64_t ms) { return UnixMillis{std::chrono::milliseconds{ms}}; }

void add_job(Item& item, const Job& job) {
  item["j"] = number_value(static_cast<std::int64_t>(job.kind));
  item["s"] = number_value(static_cast<std::int64_t>(job.state));
  item["c"] = number_value(static_cast<std::int64_t>(job.done));
  item["o"] = number_value(static_cast<std::int64_t>(job.skipped_too_old));
  item["b"] = number_value(ms_of(job.started_at));
  if (job.ended_at) item["e"] = number_value(ms_of(*job.ended_at));
}

Error unreadable() { return {ErrorCode::internal, "a stored job of an inbox cannot be read"}; }

std::optional<EventId> id_of(const Item& item, std::string_view name) {
  const auto bytes = bytes_of(item, name);
  if (!bytes || bytes->size() != id_bytes) return std::nullopt;
  return EventId::from_bytes(*bytes);
}

Result<Job> read_job(const Item& item, const Uuid7& id) {
  const auto kind = number_of(item, "j"), state = number_of(item, "s"), done = number_of(item, "c");
  const auto too_old = number_of(item, "o"), begun = number_of(item, "b"), ended = number_of(item, "e");
  const bool good = kind && *kind >= 0 && *kind <= 1 && state && *state >= 0 && *state <= 2 && done && too_old && begun;
  if (!good) return unreadable();
  Job job;
  job.id = id;
  job.kind = static_cast<Job::Kind>(*kind);
  job.state = static_cast<Job::State>(*state);
  job.done = static_cast<std::uint64_t>(*done);
  job.skipped_too_old = static_cast<std::uint64_t>(*too_old);
  job.started_at = time_of(*begun);
  if (ended) job.ended_at = time_of(*ended);
  return job;
}

Item running_item(const RunningJob& job) {
  Item item = running_key(job.tenant, job.number);
  add_job(item, job.job);
  item["d"] = bytes_value(job.job.id.view());
  item["f"] = bytes_value(job.before.view());
  item["u"] = bytes_value(job.last.view());
  if (job.event_type) item["t"] = text_value(*job.event_type);
  item["p"] = number_value(job.place.part);
  item["q"] = bytes_value(job.place.after.view());
  item["n"] = number_value(job.version);
  if (!job.worker.empty()) item["w"] = bytes_value(job.worker);
  item["l"] = number_value(ms_of(job.claimed_until));
  return item;
}

Result<RunningJob> read_running(const Item& item) {
  const auto sort = bytes_of(item, "i");
  const auto id = id_of(item, "d"), before = id_of(item, "f"), last = id_of(item, "u"), after = id_of(item, "q");
  const auto part = number_of(item, "p"), version = number_of(item, "n"), claimed = number_of(item, "l");
  const bool good =
      sort && sort->size() > number_bytes + 1 && id && before && last && after && part && version && claimed;
  if (!good) return unreadable();
  RunningJob job;
  auto read = read_job(item, *id);
  if (!read) return std::move(read).error();
  job.job = *std::move(read);
  job.tenant.id = sort->substr(0, sort->size() - number_bytes - 1);
  for (const char byte : std::string_view(*sort).substr(sort->size() - number_bytes)) {
    job.number = job.number << 8 | static_cast<unsigned char>(byte);
  }
  job.before = *before;
  job.last = *last;
  if (const auto type = text_of(item, "t")) job.event_type = std::string(*type);
  job.place = {.part = static_cast<unsigned>(*part), .after = *after};
  job.version = *version;
  job.worker = bytes_of(item, "w").value_or("");
  job.claimed_until = time_of(*claimed);
  return job;
}

Condition version_is(std::int64_t version) {
  Condition unchanged;
  unchanged.expression = "n = :n";
  unchanged.values[":n"] = number_value(version);
  return unchanged;
}

}  // namespace

std::string JobItems::ended_partition(const Tenant& tenant, std::uint64_t number) {
  return layout::inbox_partition("j", tenant, number);
}

Task<Result<std::vector<RunningJob>>> JobItems::running() {
  std::vector<RunningJob> jobs;
  Table::Range range;
  range.partition = running_partition;
  range.limit = query_items_max;
  for (bool more = true; more;) {
    auto items = co_await table_.query(range);
    if (!items) co_return to_error(items.error());
    for (const Item& item : items->items) {
      auto job = read_running(item);
      if (!job) co_return std::move(job).error();
      jobs.push_back(*std::move(job));
    }
    more = items->more && !items->items.empty();
    if (more) range.after = items->items.back().at("i").as_object();
  }
  co_return jobs;
}

Task<Result<std::optional<RunningJob>>> JobItems::running(const Tenant& tenant, std::uint64_t number) {
  auto item = co_await table_.get(running_key(tenant, number));
  if (!item) co_return to_error(item.error());
  if (item->empty()) co_return std::optional<RunningJob>{};
  auto job = read_running(*item);
  if (!job) co_return std::move(job).error();
  co_return std::optional{*std::move(job)};
}

Task<Result<bool>> JobItems::start(RunningJob job) {
  job.version = 1;
  Condition none_runs;
  none_runs.expression = "attribute_not_exists(k)";
  auto put = co_await table_.put(running_item(job), std::move(none_runs), Repeat::safe);
  if (put) co_return true;
  if (put.error().kind != CallError::Kind::condition_failed) co_return to_error(put.error());
  // An earlier try whose answer was lost has written ours.
  co_return id_of(put.error().item, "d") == job.job.id;
}

Task<Result<bool>> JobItems::save(RunningJob& job) {
  Condition unchanged = version_is(job.version);
  ++job.version;
  auto put = co_await table_.put(running_item(job), std::move(unchanged), Repeat::safe);
  if (put) co_return true;
  if (put.error().kind != CallError::Kind::condition_failed) co_return to_error(put.error());
  const Item& there = put.error().item;
  co_return number_of(there, "n") == job.version&& bytes_of(there, "w").value_or("") == job.worker;
}

Task<Result<bool>> JobItems::end(const RunningJob& job) {
  std::vector<Write> writes(2);
  writes[0].kind = Write::Kind::remove;
  writes[0].item = running_key(job.tenant, job.number);
  writes[0].condition = version_is(job.version);
  writes[1].item = layout::key(ended_partition(job.tenant, job.number), job.job.id.view());
  add_job(writes[1].item, job.job);
  const auto until = job.job.ended_at.value_or(job.job.started_at) + job_shown_for + kept_longer;
  writes[1].item["x"] = number_value(std::chrono::ceil<std::chrono::seconds>(until.time_since_epoch()).count());
  auto done = co_await table_.transact_until_known(std::move(writes));
  if (done) co_return true;
  if (done.error().kind == CallError::Kind::condition_failed) co_return false;
  co_return to_error(done.error());
}

Task<Status> JobItems::drop(const Tenant& tenant, std::uint64_t number) {
  Condition none;
  auto removed = co_await table_.remove(running_key(tenant, number), std::move(none), Repeat::safe);
  if (!removed) co_return to_error(removed.error());
  co_return Done{};
}

Task<Result<std::vector<Job>>> JobItems::ended(const Tenant& tenant, std::uint64_t number, std::size_t limit) {
  Table::Range range;
  range.partition = ended_partition(tenant, number);
  range.backwards = true;
  range.limit = limit;
  auto items = co_await table_.query(std::move(range));
  if (!items) co_return to_error(items.error());
  std::vector<Job> jobs;
  for (const Item& item : items->items) {
    const auto id = id_of(item, "i");
    if (!id) co_return unreadable();
    auto job = read_job(item, *id);
    if (!job) co_return std::move(job).error();
    jobs.push_back(*std::move(job));
  }
  co_return jobs;
}

}  // namespace triggers::store::dynamo
