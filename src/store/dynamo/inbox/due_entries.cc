#include "store/dynamo/inbox/due_entries.h"

#include "inbox/transitions.h"
#include "store/dynamo/client/for_each_until.h"

namespace triggers::store::dynamo {
namespace {

using Outcome = EntryRecords::Written::Outcome;
using TimePoint = std::chrono::steady_clock::time_point;

constexpr std::size_t reminders_at_once = 4;
/// An entry that others change all the time is left to their reminders.
constexpr unsigned tries_max = 3;

/// A lease that was extended still holds the entry.
bool extended(const inbox::Record& record, const Uuid7& lease, UnixMillis now) {
  return record.entry && inbox::holds(*record.entry, inbox::LeaseId{lease}, now);
}

}  // namespace

Task<Result<bool>> DueEntries::end(UnixMillis now, DueBounds bounds) {
  const TimePoint until = std::chrono::steady_clock::now() + bounds.time_max;
  std::size_t entries = 0;
  for (;;) {
    auto reminders = co_await reminders_.first(reminders_at_once);
    if (!reminders) co_return std::move(reminders).error();
    for (Reminder& reminder : *reminders) {
      if (reminder.at > now) co_return false;
      if (entries >= bounds.entries_max || std::chrono::steady_clock::now() >= until) co_return true;
      entries += reminder.entries.size();
      auto done = co_await end_one(std::move(reminder), now);
      if (!done) co_return std::move(done).error();
      if (!writer_.followed()) co_return true;
    }
    if (reminders->size() < reminders_at_once) co_return false;
  }
}

Task<Status> DueEntries::end_one(Reminder reminder, UnixMillis now) {
  auto records = co_await records_.stored(reminder.entries);
  if (!records) co_return std::move(records).error();
  std::vector<EventId> held;
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): it is awaited while this waits
  auto end_it = [&](std::size_t i) -> Task<Status> {
    const auto is_held = co_await end_entry(reminder.entries[i], (*records)[i], reminder.id, now);
    if (!is_held) co_return is_held.error();
    if (*is_held) held.push_back(reminder.entries[i]);
    co_return Done{};
  };
  auto done = co_await for_each_until(records->size(), TimePoint::max(), end_it);
  // Otherwise the reminder is still needed.
  if (!done || !writer_.followed()) co_return done;
  if (!held.empty()) {
    done = co_await reminders_.keep_extended(reminder.id, std::move(held), now);
    if (!done) co_return done;
  }
  // Writes to which the reminder belongs may still arrive: then it must be there.
  const UnixMillis certain = reminder.id.time() + late_for;
  if (now < certain && reminder.at < certain) {
    Reminder later = reminder;
    later.at = certain;
    done = co_await reminders_.put(std::move(later));
    if (!done) co_return done;
  }
  co_return co_await reminders_.remove(std::move(reminder));
}

Task<Result<bool>> DueEntries::end_entry(EventId id, StoredRecord seen, Uuid7 lease, UnixMillis now) {
  const inbox::MaxAttempts max_attempts = place_.inbox.settings.max_attempts;
  for (unsigned tries = 0; tries < tries_max; ++tries) {
    // Without a record nothing was begun. The entry is as it was accepted, or the inbox does not have it.
    if (seen.version == 0) co_return false;
    inbox::Record record = seen.record;
    if (record.entry) record.entry = inbox::settle(*record.entry, max_attempts, now);
    if (record == seen.record) {
      const bool waits = record.entry && record.entry->until > now;
      if (waits) co_return extended(record, lease, now);
      auto mended = co_await lists_.mend(id, std::move(seen));
      if (!mended) co_return std::move(mended).error();
      co_return false;
    }
    const bool leased = seen.record.entry && seen.record.entry->state == inbox::EntryState::leased;
    auto written = co_await writer_.write(id, seen, record);
    if (!written) co_return std::move(written).error();
    if (leased && written->outcome == Outcome::done) writer_.lease_timed_out();
    if (written->outcome != Outcome::overtaken) co_return false;
    // Somebody was first: perhaps its holder has extended the lease.
    seen = std::move(written->there);
  }
  co_return extended(seen.record, lease, now);
}

}  // namespace triggers::store::dynamo
