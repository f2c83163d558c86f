#include "store/dynamo/inbox/entry_counts.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/gather.h"
#include "store/dynamo/events/layout.h"

namespace triggers::store::dynamo {
namespace {

using inbox::EntryState;

constexpr std::array counted{EntryState::leased, EntryState::delayed, EntryState::dead};

std::string name_of(const InboxPlace& place, EntryState state) {
  std::string name = layout::inbox_text(place.number());
  switch (state) {
    case EntryState::available: break;
    case EntryState::leased: name += "!leased"; break;
    case EntryState::delayed: name += "!delayed"; break;
    case EntryState::dead: name += "!dead"; break;
  }
  return name;
}

bool in_state(const inbox::Record& record, EntryState state) { return record.entry && record.entry->state == state; }
bool undelivered(const inbox::Record& record) { return record.entry && record.entry->state != EntryState::dead; }

Task<void> read_to(Result<Counts::Count>& outcome, Counts& counts, Tenant tenant, std::string name) {
  outcome = co_await counts.read(tenant, name);
}

}  // namespace

std::vector<std::string> EntryCounts::names(std::uint64_t number) {
  InboxPlace place;
  place.inbox.number = number;
  std::vector<std::string> names{name_of(place, EntryState::available)};
  for (const EntryState state : counted) names.push_back(name_of(place, state));
  return names;
}

void EntryCounts::changed(const InboxPlace& place, const inbox::Record& before, const inbox::Record& after) {
  const int more = static_cast<int>(undelivered(after)) - static_cast<int>(undelivered(before));
  if (more != 0) undelivered_.add(place.tenant, layout::inbox_text(place.number()), more);
  for (const EntryState state : counted) {
    const int change = static_cast<int>(in_state(after, state)) - static_cast<int>(in_state(before, state));
    if (change != 0) states_.add(place.tenant, name_of(place, state), change);
  }
  if (in_state(after, EntryState::dead) && !in_state(before, EntryState::dead)) tell({.died = 1});
}

Task<Result<inbox::Counts>> EntryCounts::read(const InboxPlace& place) {
  std::array<Result<Counts::Count>, 1 + counted.size()> read{Counts::Count{}, Counts::Count{}, Counts::Count{},
                                                             Counts::Count{}};
  std::vector<Task<void>> reads;
  reads.push_back(read_to(read[0], undelivered_, place.tenant, name_of(place, EntryState::available)));
  for (std::size_t i = 0; i < counted.size(); ++i) {
    reads.push_back(read_to(read[i + 1], states_, place.tenant, name_of(place, counted[i])));
  }
  Gather all(std::move(reads), read.size());
  co_await all;
  for (const auto& count : read) {
    if (!count) co_return count.error();
  }
  inbox::Counts counts;
  counts.leased = read[1]->total();
  counts.delayed = read[2]->total();
  counts.dead = read[3]->total();
  const std::uint64_t undelivered = read[0]->total(), held = counts.leased + counts.delayed;
  counts.available = undelivered > held ? undelivered - held : 0;
  co_return counts;
}

Task<Result<std::uint64_t>> EntryCounts::leased(const InboxPlace& place) {
  auto count = co_await states_.read(place.tenant, name_of(place, EntryState::leased));
  if (!count) co_return std::move(count).error();
  co_return count->total();
}

std::int64_t EntryCounts::known_tracked(const InboxPlace& place) const {
  std::int64_t sum = 0;
  for (const EntryState state : counted) {
    sum += std::max<std::int64_t>(states_.known(place.tenant, name_of(place, state)), 0);
  }
  return sum;
}

std::size_t EntryCounts::known_available(const InboxPlace& place) const {
  const std::int64_t held = states_.known(place.tenant, name_of(place, EntryState::leased)) +
                            states_.known(place.tenant, name_of(place, EntryState::delayed));
  const std::int64_t undelivered = undelivered_.known(place.tenant, name_of(place, EntryState::available));
  return static_cast<std::size_t>(std::max<std::int64_t>(undelivered - std::max<std::int64_t>(held, 0), 0));
}

Task<Status> EntryCounts::correct_undelivered(const InboxPlace& place, inbox::Counts seen) {
  auto done = co_await correct(undelivered_, place, name_of(place, EntryState::available), seen.undelivered());
  if (!done) co_return done;
  co_return co_await correct_held(place, seen);
}

Task<Status> EntryCounts::correct_held(const InboxPlace& place, inbox::Counts seen) {
  auto done = co_await correct(states_, place, name_of(place, EntryState::leased), seen.leased);
  if (!done) co_return done;
  co_return co_await correct(states_, place, name_of(place, EntryState::delayed), seen.delayed);
}

Task<Status> EntryCounts::correct_dead(const InboxPlace& place, std::uint64_t seen) {
  co_return co_await correct(states_, place, name_of(place, EntryState::dead), seen);
}

Task<Status> EntryCounts::correct(Counts& counts, const InboxPlace& place, std::string name, std::uint64_t seen) {
  auto count = co_await counts.read(place.tenant, name);
  if (!count) co_return std::move(count).error();
  co_await counts.correct(place.tenant, name, *count, static_cast<std::int64_t>(seen));
  co_return Done{};
}

}  // namespace triggers::store::dynamo
