#include "store/rocks/upkeep/inbox_census.h"

#include <algorithm>
#include <unordered_set>
#include <utility>
#include <vector>

#include "store/rocks/read/page_reader.h"

namespace triggers::store {
namespace {

void add(inbox::Counts& total, const inbox::Counts& counts) {
  total.available += counts.available;
  total.leased += counts.leased;
  total.delayed += counts.delayed;
  total.dead += counts.dead;
}

void keep_older(std::optional<UnixMillis>& oldest, const std::optional<UnixMillis>& time) {
  if (time && (!oldest || *time < *oldest)) oldest = time;
}

}  // namespace

void InboxCensus::run(std::chrono::steady_clock::time_point now) {
  auto totals = std::make_shared<InboxTotals>();
  place_ = looked_ = 0;
  stopped_at_.reset();
  shown_.begin(now);
  const auto inboxes = tenants_.inboxes();
  std::unordered_set<const InboxState*> in_rosters;  // The inboxes `default` among them.
  std::vector<ShownInboxes::Candidate> of_tenant;
  for (const auto& roster : inboxes.rosters) {
    of_tenant.clear();
    for (const RosterEntry& entry : roster->entries()) {
      of_tenant.push_back(count(*entry.state, entry.name, *totals));
      if (entry.name.is_default()) in_rosters.insert(entry.state.get());
    }
    add_tracked(*totals);
    shown_.offer(of_tenant);
  }
  const InboxName default_name;
  for (InboxState* const inbox : inboxes.defaults) {
    if (in_rosters.contains(inbox)) continue;
    of_tenant.clear();
    of_tenant.push_back(count(*inbox, default_name, *totals));
    add_tracked(*totals);
    shown_.offer(of_tenant);
  }
  first_ = stopped_at_.value_or(0);
  totals->inboxes = place_;
  totals->shown = shown_.take();
  const MutexLock lock(mutex_);
  totals_ = std::move(totals);
}

void InboxCensus::add_tracked(InboxTotals& totals) noexcept {
  const std::uint64_t tracked = std::exchange(tracked_, 0);
  totals.tracked += tracked;
  totals.tracked_of_fullest = std::max(totals.tracked_of_fullest, tracked);
}

ShownInboxes::Candidate InboxCensus::count(InboxState& inbox, const InboxName& name, InboxTotals& totals) {
  const auto view = inbox.view();
  ShownInboxes::Candidate counted{.state = &inbox, .name = name.text(), .counts = view.counts};
  if (view.counts.undelivered() > 0) {
    const auto pending = find_oldest_pending(inbox);
    if (pending && name.is_default()) keep_older(totals.oldest_unacknowledged, pending->time());
    const bool all_available = view.counts.undelivered() == view.counts.available && !view.oldest_back;
    const auto available = all_available ? pending : oldest_available(inbox, view);
    if (available) counted.oldest_available = available->time();
  }
  add(totals.counts, counted.counts);
  tracked_ += view.tracked;
  keep_older(totals.oldest_available, counted.oldest_available);
  ++place_;
  return counted;
}

std::optional<EventId> InboxCensus::find_oldest_pending(InboxState& inbox) {
  if (inbox.head_changed() && may_look()) {
    inbox.take_head_changed();
    const auto head = find_head(database_, inbox);
    return head ? *head : std::nullopt;
  }
  return inbox.head_changed() ? std::nullopt : std::optional{inbox.head().id};
}

std::optional<EventId> InboxCensus::oldest_available(InboxState& inbox, const InboxState::View& view) {
  const bool is_in_memory = view.counts.available == 0 || view.oldest_back;
  if (!is_in_memory && !may_look()) return std::nullopt;
  const auto found = find_oldest_available(database_, inbox, view);
  return found ? *found : std::nullopt;
}

bool InboxCensus::may_look() {
  if (place_ < first_) return false;
  if (looked_ == looks_max_) {
    if (!stopped_at_) stopped_at_ = place_;
    return false;
  }
  ++looked_;
  return true;
}

std::shared_ptr<const InboxTotals> InboxCensus::totals() const {
  const MutexLock lock(mutex_);
  return totals_;
}

}  // namespace triggers::store
