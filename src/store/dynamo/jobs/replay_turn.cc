#include "store/dynamo/jobs/replay_turn.h"

#include <algorithm>
#include <boost/json.hpp>

#include "inbox/transitions.h"
#include "log/log.h"
#include "store/dynamo/client/for_each_until.h"
#include "store/dynamo/events/fleet_ids.h"
#include "store/dynamo/events/layout.h"
#include "store/dynamo/inbox/inbox_layout.h"
#include "store/dynamo/inbox/lease_ids.h"
#include "store/routes.h"

namespace triggers::store::dynamo {
namespace {

using Outcome = EntryRecords::Written::Outcome;
using TimePoint = std::chrono::steady_clock::time_point;

/// For so long after a tenant became managed, nodes may still accept for it as for a plain one.
constexpr std::chrono::milliseconds transition_for{20'000};
/// Items of the log of which the visits may say when they expire: those older than event_ttl, by any node's clock.
constexpr std::chrono::hours clocks_margin{1};
constexpr unsigned notes_max = 8;
/// Parts without an event of the job, of which one turn passes so many.
constexpr unsigned empty_parts_a_turn = 16;
/// The parts before it are the shards of `default`, at most 256. They come first: an entry that is acknowledged
/// meanwhile is in the log by then.
constexpr unsigned first_log_part = 256;

}  // namespace

Task<Result<JobStep>> ReplayTurn::take() {
  JobStep step;
  step.next = job_.place;
  Result<std::vector<Candidate>> events = std::vector<Candidate>();
  for (unsigned part = 0; events && events->empty() && !step.at_end && part < empty_parts_a_turn; ++part) {
    events = co_await read(step);
  }
  if (!events) co_return std::move(events).error();
  auto done = choose(*events);
  if (done) done = co_await leave_out_present(*events, step);
  if (done) done = co_await leave_out_expired(*events);
  if (done) done = co_await put_in(*std::move(events), step);
  if (!done) co_return std::move(done).error();
  if (step.held_up) {
    // The same again. What was too old is counted when the place moves on.
    step.next = job_.place;
    step.at_end = false;
    step.skipped_too_old = 0;
  }
  co_return step;
}

/// Reads what follows the place, and moves it.
Task<Result<std::vector<ReplayTurn::Candidate>>> ReplayTurn::read(JobStep& step) {
  std::vector<Candidate> events;
  if (step.next.part < first_log_part) {
    const auto shards = co_await work_.shards.to_read();
    if (!shards) co_return shards.error();
    const bool has_part = work_.place.number() != 0 && step.next.part < *shards;
    if (!has_part) step.next = {.part = first_log_part, .after = {}};
  }
  step.at_end = step.next.part >= first_log_part + layout::log_partitions;
  if (step.at_end) co_return events;
  const bool plain = step.next.part < first_log_part;
  EventId last = job_.last;
  if (plain) last = std::min(last, last_id_at(inboxes_.managed_since + transition_for));
  Table::Range range;
  range.partition = plain ? layout::entry_partition(work_.place.tenant, 0, step.next.part)
                          : layout::log_partition(work_.place.tenant, step.next.part - first_log_part);
  const EventId after = std::max(job_.before, step.next.after);
  range.after = bytes_value(after.view());
  range.up_to = bytes_value(last.view());
  range.limit = entries_a_turn;
  Table::Items items;
  if (after < last) {
    auto found = co_await work_.table.query(std::move(range));
    if (!found) co_return to_error(found.error());
    items = *std::move(found);
  }
  for (Item& item : items.items) {
    const auto id = bytes_of(item, "i");
    if (!id || id->size() != after.bytes.size()) co_return Error{ErrorCode::internal, "an event has no id"};
    step.next.after = EventId::from_bytes(*id);
    const bool counts = !item.contains("z") && (!plain || !item.contains("g"));
    if (counts) events.push_back({.id = step.next.after, .item = std::move(item), .plain = plain});
  }
  if (!items.more || items.items.empty()) step.next = {.part = step.next.part + 1, .after = {}};
  co_return events;
}

/// Leaves those that are of the job's type, and that the inbox's filter takes. `collect` does not matter.
Status ReplayTurn::choose(std::vector<Candidate>& events) const {
  InboxRecord record = work_.place.inbox;
  record.settings.collect = true;
  std::vector<InboxRecord> only;
  only.push_back(std::move(record));
  const auto routes = Routes::make(only);
  if (!routes) return routes.error();
  const auto takes = [&](const Candidate& event) {
    const auto found = read_found(event.item, event.plain ? Found::State::pending : Found::State::logged);
    if (!found || !found->there()) return false;
    if (job_.event_type && found->event.event_type != *job_.event_type) return false;
    const auto takers = routes->takers(filtered(found->event));
    if (takers) return takers->any();
    log::error("event_not_replayed", {{"tenant", job_.tenant.id}, {"cause", takers.error().message}});
    return false;
  };
  std::erase_if(events, [&](const Candidate& event) { return !takes(event); });
  return Done{};
}

Task<Status> ReplayTurn::leave_out_present(std::vector<Candidate>& events, JobStep& step) {
  std::vector<EventId> ids;
  for (const Candidate& event : events) ids.push_back(event.id);
  auto records = co_await work_.records.read(std::move(ids));
  if (!records) co_return std::move(records).error();
  const auto retention = work_.place.rules().retention;
  const UnixMillis now = work_.clock.now();
  std::vector<Candidate> left;
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i].seen = std::move((*records)[i]);
    if (!inbox::replay(events[i].seen.record, work_.now)) continue;
    const bool too_old = retention && now - events[i].id.time() >= *retention;
    if (too_old) {
      ++step.skipped_too_old;
    } else {
      left.push_back(std::move(events[i]));
    }
  }
  events = std::move(left);
  co_return Done{};
}

/// The log has such events only because DynamoDB has not removed them yet, or no visit has said that it may.
Task<Status> ReplayTurn::leave_out_expired(std::vector<Candidate>& events) {
  const UnixMillis now = work_.clock.now();
  std::vector<Candidate> left;
  for (Candidate& event : events) {
    bool expired = false;
    if (!event.plain && now - event.id.time() >= work_.config.event_ttl) {
      const auto departure = co_await holders_.departure(work_.place.tenant, inboxes_, event.item);
      if (!departure) co_return departure.error();
      expired = !departure->held && now - departure->at >= work_.config.event_ttl;
    }
    if (!expired) left.push_back(std::move(event));
  }
  events = std::move(left);
  co_return Done{};
}

Task<Status> ReplayTurn::put_in(std::vector<Candidate> events, JobStep& step) {
  if (events.empty()) co_return Done{};
  Reminder reminder;
  reminder.at = work_.now + DueEntries::late_for;
  reminder.id = new_uuid(work_.now);
  for (const Candidate& event : events) reminder.entries.push_back(event.id);
  auto reminded = co_await work_.reminders.put(reminder);
  if (!reminded) co_return reminded;
  auto put = [&](std::size_t i) { return put_in_one(events[i], step); };
  auto done = co_await for_each_until(events.size(), TimePoint::max(), put);
  if (!done) co_return done;
  if (!work_.writer.followed()) co_return Done{};
  const auto removed = co_await work_.reminders.remove(std::move(reminder));
  static_cast<void>(removed);  // It will find nothing to do.
  co_return Done{};
}

Task<Status> ReplayTurn::put_in_one(Candidate& event, JobStep& step) {
  const auto held = co_await hold(event, step);
  if (!held) co_return held.error();
  if (!*held) co_return Done{};
  for (unsigned tries = 0; tries < job_tries_max; ++tries) {
    auto record = inbox::replay(event.seen.record, work_.now);
    if (!record) co_return Done{};
    auto written = co_await work_.writer.write(event.id, event.seen, *std::move(record));
    if (!written) co_return std::move(written).error();
    if (written->outcome == Outcome::done) {
      ++step.done;
      co_return Done{};
    }
    if (written->outcome == Outcome::busy) break;
    std::vector<EventId> id(1, event.id);
    auto again = co_await work_.records.read(std::move(id));
    if (!again) co_return std::move(again).error();
    event.seen = std::move(again->front());
  }
  step.held_up = true;
  co_return Done{};
}

Task<Result<bool>> ReplayTurn::hold(Candidate& event, JobStep& step) {
  const Tenant& tenant = work_.place.tenant;
  if (event.plain) {
    const auto adopted = co_await log_.adopt(tenant, event.item);
    if (!adopted) co_return adopted.error();
    step.held_up = step.held_up || *adopted == LogItems::Adopted::being_acknowledged;
    if (*adopted == LogItems::Adopted::being_acknowledged) co_return false;
    auto logged = co_await work_.table.get(layout::log_key(tenant, event.id));
    if (!logged) co_return to_error(logged.error());
    event.item = *std::move(logged);
  }
  for (unsigned round = 0; round < notes_max; ++round) {
    if (event.item.empty()) co_return false;
    if (event.item.contains(LogItems::missing_entries)) {
      auto finished = co_await log_.finish(tenant, event.item);
      if (!finished) co_return std::move(finished).error();
    }
    auto takers = EventHolders::takers(event.item);
    if (!takers) co_return std::move(takers).error();
    const std::uint64_t number = work_.place.number();
    const bool known = std::ranges::binary_search(*takers, number);
    if (known && !must_note(event.item)) co_return true;
    if (!known) takers->insert(std::ranges::upper_bound(*takers, number), number);
    Condition same;
    same.expression = "attribute_exists(k) AND attribute_not_exists(o)";
    if (const auto before = bytes_of(event.item, "o")) {
      same.expression = "o = :o";
      same.values[":o"] = bytes_value(*before);
    }
    same.values[":taken"] = bytes_value(encode_numbers(*takers));
    same.values[":now"] = number_value(work_.clock.now().time_since_epoch().count());
    auto noted = co_await work_.table.update(layout::log_key(tenant, event.id), "SET o = :taken, y = :now REMOVE x",
                                             std::move(same), Repeat::safe);
    if (noted) co_return true;
    if (noted.error().kind != CallError::Kind::condition_failed) co_return to_error(noted.error());
    event.item = std::move(noted.error().item);
  }
  step.held_up = true;
  co_return false;
}

/// The item may expire, or a visit may be about to say so.
bool ReplayTurn::must_note(const Item& logged) const {
  const auto id = bytes_of(logged, "i");
  return logged.contains("x") ||
         work_.clock.now() - EventId::from_bytes(*id).time() >= work_.config.event_ttl - clocks_margin;
}

}  // namespace triggers::store::dynamo
