#include "store/dynamo/inbox/leaser.h"

#include <algorithm>
#include <limits>

#include "base/gather.h"
#include "inbox/transitions.h"
#include "store/dynamo/inbox/held_count.h"
#include "store/dynamo/inbox/lease_ids.h"

namespace triggers::store::dynamo {
namespace {

using Outcome = EntryRecords::Written::Outcome;

constexpr std::size_t writes_at_once = 32;
/// Rounds of a lease that others overtake. After so many without an entry, there is nothing for it.
constexpr unsigned rounds_max = 16;

}  // namespace

Task<Result<Leased>> Leaser::lease() {
  answer_.memory = FairBudget::Share(request_.memory, work_.place.tenant.id);
  auto room = co_await look_around();
  if (!room) co_return std::move(room).error();
  if (*room == 0) {
    // If a node died before it had written what it had counted, this finds out.
    auto recounted = co_await recount_held(work_);
    if (!recounted) co_return std::move(recounted).error();
    answer_.outcome = Leased::Outcome::too_many_leased;
    co_return std::move(answer_);
  }
  limit_ = std::min<std::size_t>(request_.limit, *room);
  duration_ = request_.duration.value_or(work_.place.inbox.settings.lease_duration);
  Candidates candidates(work_, Candidates::For::lease, limit_, answer_.memory);
  auto begun = co_await candidates.begin();
  if (!begun) co_return std::move(begun).error();
  co_return co_await take_rounds(candidates);
}

Task<Result<std::size_t>> Leaser::look_around() {
  Status ended = Done{}, front = Done{};
  Result<std::uint64_t> leased_now = std::uint64_t{0};
  std::vector<Task<void>> looks;
  looks.push_back(answer_into(ended, end_due(work_)));
  looks.push_back(answer_into(leased_now, work_.counts.leased(work_.place)));
  looks.push_back(answer_into(front, read_front(work_)));
  Result<std::uint64_t> tracked = std::numeric_limits<std::uint64_t>::max();
  if (work_.tracked_room != nullptr) {
    looks.push_back(answer_into(tracked, work_.tracked_room->tracked_room(work_.place.tenant)));
  }
  const std::size_t width = looks.size();
  Gather all(std::move(looks), width);
  co_await all;
  if (!ended) co_return std::move(ended).error();
  if (!front) co_return std::move(front).error();
  if (!tracked) co_return std::move(tracked).error();
  fresh_room_ = *tracked;
  // What has just ended may be counted as leased.
  if (leased_now && *leased_now + request_.limit > work_.config.leased_max) {
    leased_now = co_await work_.counts.leased(work_.place);
  }
  if (!leased_now) co_return leased_now.error();
  co_return work_.config.leased_max - std::min<std::uint64_t>(*leased_now, work_.config.leased_max);
}

Task<Result<Leased>> Leaser::take_rounds(Candidates& candidates) {
  for (unsigned round = 0; round < rounds_max && !full_ && !failed_ && answer_.events.size() < limit_; ++round) {
    auto chosen = co_await choose(candidates);
    if (!chosen) {
      failed_ = std::move(chosen).error();
      break;
    }
    if (chosen->empty()) break;
    // The id says how many there are: further rounds only replace what others took.
    if (round == 0) limit_ = chosen->size();
    auto reminded = co_await write_reminder(*chosen);
    if (!reminded) failed_ = std::move(reminded).error();
    if (failed_) break;
    std::vector<Task<void>> writes;
    writes.reserve(chosen->size());
    for (Candidate& candidate : *chosen) writes.push_back(take(candidates, std::move(candidate)));
    Gather all(std::move(writes), writes_at_once);
    co_await all;
  }
  if (failed_ && answer_.events.empty()) co_return *std::move(failed_);
  co_return answered();
}

Task<Result<std::vector<Candidate>>> Leaser::choose(Candidates& candidates) {
  std::vector<Candidate> chosen;
  while (chosen.size() < limit_ - answer_.events.size()) {
    auto candidate = co_await candidates.next();
    if (!candidate) co_return std::move(candidate).error();
    if (!*candidate) break;
    if ((*candidate)->fresh() && fresh_room_ == 0) {
      no_room_ = true;
      candidates.only_back();
      continue;
    }
    const std::size_t bytes = (*candidate)->event.bytes();
    full_ = (!chosen.empty() || !answer_.events.empty()) && bytes_ + bytes > request_.bytes_max;
    if (full_) break;
    bytes_ += bytes;
    if (fresh_room_ > 0) --fresh_room_;
    chosen.push_back(**std::move(candidate));
  }
  co_return chosen;
}

Task<Status> Leaser::write_reminder(const std::vector<Candidate>& chosen) {
  if (reminder_.entries.empty()) {
    LeaseFacts facts;
    facts.duration = duration_;
    facts.entries = chosen.size();
    answer_.lease = new_lease_id(work_.now, facts);
    answer_.until = work_.now + duration_;
    reminder_.at = answer_.until;
    reminder_.id = answer_.lease.value;
  }
  for (const Candidate& candidate : chosen) reminder_.entries.push_back(candidate.event.id);
  return work_.reminders.put(reminder_);
}

Task<void> Leaser::take(Candidates& candidates, Candidate candidate) {
  const bool fresh = candidate.fresh();
  auto taken = co_await try_to_take(candidates, candidate);
  // Another node was first, and the entry came back: it may be in no other search of this lease.
  const bool came_back =
      taken && !*taken && fresh && candidate.seen.record.entry &&
      inbox::settle(*candidate.seen.record.entry, work_.place.rules().max_attempts, work_.now).state ==
          inbox::EntryState::available;
  if (came_back) taken = co_await try_to_take(candidates, candidate);
  if (taken && *taken) co_return;
  // A write that failed may have been done, or may still be done: the reminder knows the entry.
  if (!taken) failed_ = std::move(taken).error();
  bytes_ -= candidate.event.bytes();
}

Task<Result<bool>> Leaser::try_to_take(Candidates& candidates, Candidate& candidate) {
  const EventId id = candidate.event.id;
  inbox::Record record = candidate.seen.record;
  record.entry = inbox::lease(*record.entry, answer_.lease, duration_, work_.place.rules(), work_.now);
  // It was available at the same time by the same rules.
  INVARIANT(record.entry.has_value(), "a candidate is not available");
  const std::uint32_t attempt = record.entry->attempts;
  const bool fresh = candidate.fresh();
  auto written = co_await work_.writer.write(id, candidate.seen, std::move(record));
  if (!written) co_return std::move(written).error();
  if (written->outcome == Outcome::done) {
    if (fresh) candidates.has_record(id);
    answer_.events.push_back({.event = std::move(candidate.event), .attempt = attempt});
    co_return true;
  }
  candidate.seen = {};
  if (written->outcome == Outcome::busy) co_return false;
  candidate.seen = std::move(written->there);
  if (fresh) {
    candidates.has_record(id);
    candidates.met_another_node();
  }
  co_return false;
}

Leased Leaser::answered() {
  std::size_t kept = 0;
  for (const LeasedEvent& leased : answer_.events) kept += leased.event.bytes();
  answer_.memory.shrink(answer_.memory.bytes() - std::min(kept, answer_.memory.bytes()));
  if (answer_.events.empty()) {
    answer_.lease = {};
    answer_.until = {};
    if (no_room_) answer_.outcome = Leased::Outcome::too_many_tracked;
    return std::move(answer_);
  }
  std::ranges::sort(answer_.events, {}, [](const LeasedEvent& leased) { return leased.event.id; });
  answer_.outcome = Leased::Outcome::leased;
  work_.state->consumed(work_.clock.now());
  return std::move(answer_);
}

}  // namespace triggers::store::dynamo
