#include "store/dynamo/inbox/held_count.h"

#include <algorithm>
#include <set>

namespace triggers::store::dynamo {
namespace {

using inbox::EntryState;

constexpr std::size_t reminders_at_once = 100;
/// As many as may be leased by default, and as many delayed.
constexpr std::size_t named_max = 2 * leased_max_default;
constexpr std::size_t looked_at_max = 1'000;

/// The entries that the reminders name. Nothing if they are too many.
Task<Result<std::optional<std::set<EventId>>>> named_entries(EntryWork& work) {
  std::optional<std::set<EventId>> named(std::in_place);
  std::optional<Reminder> last;
  for (;;) {
    auto reminders = co_await work.reminders.behind(last, reminders_at_once);
    if (!reminders) co_return std::move(reminders).error();
    for (const Reminder& one : *reminders) named->insert(one.entries.begin(), one.entries.end());
    if (named->size() > named_max) {
      named.reset();
      co_return named;
    }
    if (reminders->size() < reminders_at_once) co_return named;
    last = std::move(reminders->back());
  }
}

}  // namespace

Task<Status> recount_held(EntryWork& work) {
  const auto counted = co_await work.counts.read(work.place);
  if (!counted) co_return counted.error();
  const auto named = co_await named_entries(work);
  if (!named) co_return named.error();
  if (!*named) co_return Done{};
  inbox::Counts held;
  held.leased = std::min<std::uint64_t>(counted->leased, (*named)->size());
  held.delayed = std::min<std::uint64_t>(counted->delayed, (*named)->size());
  if ((*named)->size() <= looked_at_max) {
    std::vector<EventId> ids((*named)->begin(), (*named)->end());
    const auto records = co_await work.records.stored(std::move(ids));
    if (!records) co_return records.error();
    const auto in_state = [&](EntryState state) {
      return static_cast<std::uint64_t>(std::ranges::count_if(
          *records, [&](const StoredRecord& one) { return one.record.entry && one.record.entry->state == state; }));
    };
    held.leased = in_state(EntryState::leased);
    held.delayed = in_state(EntryState::delayed);
  }
  co_return co_await work.counts.correct_held(work.place, held);
}

}  // namespace triggers::store::dynamo
