#include "store/dynamo/visits/visited_inboxes.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace triggers::store::dynamo {
namespace {

std::uint64_t entries_of(const InboxFigures& inbox) { return inbox.counts.undelivered() + inbox.counts.dead; }

bool is_fuller(const InboxFigures* a, const InboxFigures* b) {
  if (entries_of(*a) != entries_of(*b)) return entries_of(*a) > entries_of(*b);
  return std::tie(a->tenant, a->inbox) < std::tie(b->tenant, b->inbox);
}

void add(InboxTotals& totals, const InboxFigures& inbox) {
  ++totals.inboxes;
  totals.counts.available += inbox.counts.available;
  totals.counts.leased += inbox.counts.leased;
  totals.counts.delayed += inbox.counts.delayed;
  totals.counts.dead += inbox.counts.dead;
  if (!inbox.oldest_available) return;
  totals.oldest_available = std::min(totals.oldest_available.value_or(UnixMillis::max()), *inbox.oldest_available);
}

}  // namespace

void VisitedInboxes::forget(std::map<std::string, Visited>::iterator tenant) {
  inboxes_ -= tenant->second.inboxes.size();
  tenants_.erase(tenant);
}

void VisitedInboxes::visited(const Tenant& tenant, UnixMillis next, std::vector<InboxFigures> found,
                             const std::set<std::string>& names) {
  const MutexLock lock(mutex_);
  Visited now{.next = next};
  const auto before = tenants_.find(tenant.id);
  if (before != tenants_.end()) {
    now.inboxes = std::move(before->second.inboxes);
    inboxes_ -= now.inboxes.size();
    tenants_.erase(before);
  }
  std::erase_if(now.inboxes, [&](const auto& inbox) { return !names.contains(inbox.first); });
  for (InboxFigures& one : found) {
    std::string name = one.inbox;
    now.inboxes.insert_or_assign(std::move(name), std::move(one));
  }
  if (inboxes_ + now.inboxes.size() > inboxes_max) return;
  inboxes_ += now.inboxes.size();
  tenants_.emplace(tenant.id, std::move(now));
}

void VisitedInboxes::seen(const VisitItem& item) {
  const MutexLock lock(mutex_);
  const auto known = tenants_.find(item.tenant.id);
  if (known != tenants_.end() && known->second.next != item.next) forget(known);
}

InboxTotals VisitedInboxes::totals() const {
  InboxTotals totals;
  const MutexLock lock(mutex_);
  std::vector<std::pair<std::size_t, const InboxFigures*>> ranked;
  ranked.reserve(inboxes_);
  for (const auto& [id, tenant] : tenants_) {
    std::vector<const InboxFigures*> fullest;
    for (const auto& [name, inbox] : tenant.inboxes) {
      add(totals, inbox);
      fullest.push_back(&inbox);
    }
    std::ranges::sort(fullest, is_fuller);
    const std::size_t rank_max = std::min(fullest.size(), shown_max);
    for (std::size_t rank = 0; rank < rank_max; ++rank) ranked.emplace_back(rank, fullest[rank]);
  }
  const std::size_t shown = std::min(ranked.size(), shown_max);
  const auto last = ranked.begin() + static_cast<std::ptrdiff_t>(shown);
  std::partial_sort(ranked.begin(), last, ranked.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : is_fuller(a.second, b.second);
  });
  for (auto one = ranked.begin(); one != last; ++one) totals.shown.push_back(*one->second);
  std::ranges::sort(totals.shown, {}, [](const InboxFigures& one) { return std::tie(one.tenant, one.inbox); });
  return totals;
}

}  // namespace triggers::store::dynamo
