#include "inbox_metrics.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "metrics/gauge_text.h"
#include "metrics/scraper.h"

namespace triggers {
namespace {

using inbox::Counts;

constexpr std::array<std::pair<const char*, std::uint64_t Counts::*>, 4> states{{
    {"available", &Counts::available},
    {"leased", &Counts::leased},
    {"delayed", &Counts::delayed},
    {"dead", &Counts::dead},
}};

double age_seconds(const std::optional<UnixMillis>& since, UnixMillis now) {
  return since ? std::max(0.0, std::chrono::duration<double>(now - *since).count()) : 0.0;
}

metrics::Counter& refused_counter(metrics::Registry& registry, const std::string& limit) {
  return registry.counter("triggers_leases_refused_total", "Leases that were refused, by the limit that was reached.",
                          {{"limit", limit}});
}

/// Most commits lease nothing.
void add_if_any(metrics::Counter& counter, std::size_t by) {
  if (by > 0) counter.add(by);
}

std::string text_of_inboxes(const store::InboxTotals& totals, UnixMillis now) {
  std::vector<metrics::GaugeSample> entries, ages;
  for (const auto& one : totals.shown) {
    const metrics::Labels labels{{"user_id", one.tenant}, {"inbox", one.inbox}};
    for (const auto& [state, count] : states) {
      auto& sample = entries.emplace_back(metrics::GaugeSample{labels, static_cast<double>(one.counts.*count)});
      sample.labels.emplace_back("state", state);
    }
    ages.push_back({labels, age_seconds(one.oldest_available, now)});
  }
  return metrics::gauge_text("triggers_inbox_entries", "Entries of one inbox, by state; at most 100 inboxes.",
                             entries) +
         metrics::gauge_text("triggers_inbox_oldest_available_age_seconds",
                             "Age of the oldest event that one inbox has available; 0 if it has none.", ages);
}

}  // namespace

LeaseCounters::LeaseCounters(metrics::Registry& registry)
    : leases_(registry.counter("triggers_leases_total", "Leases that were taken.")),
      refused_(refused_counter(registry, "leased-max")),
      refused_tracked_(refused_counter(registry, "tenant-tracked-max")),
      leased_(registry.counter("triggers_entries_leased_total", "Entries that leases handed out.")),
      acknowledged_(registry.counter("triggers_entries_acknowledged_by_lease_total",
                                     "Entries that the holder of their lease acknowledged.")),
      released_(
          registry.counter("triggers_entries_released_total", "Entries that the holder of their lease released.")),
      timed_out_(registry.counter("triggers_entries_lease_timeouts_total",
                                  "Entries whose lease ended because its time was over.")),
      lost_(registry.counter("triggers_entries_lease_lost_total",
                             "Entries for which a request got lease_lost: its lease did not hold them.")),
      died_(registry.counter("triggers_entries_died_total", "Entries that became dead: their attempts were used up.")) {
}

void LeaseCounters::add(const store::CommitStats& stats) const {
  add_if_any(leases_, stats.leases);
  add_if_any(refused_, stats.leases_refused);
  add_if_any(refused_tracked_, stats.leases_refused_tracked);
  add_if_any(leased_, stats.leased);
  add_if_any(acknowledged_, stats.acknowledged_by_lease);
  add_if_any(released_, stats.released);
  add_if_any(timed_out_, stats.leases_timed_out);
  add_if_any(lost_, stats.lease_lost);
  add_if_any(died_, stats.died);
}

void add_inbox_metrics(metrics::Registry& registry, const store::RocksStore& store, const Clock& clock) {
  auto& inboxes = registry.gauge("triggers_inboxes", "Inboxes of all tenants.");
  auto& age = registry.gauge("triggers_oldest_available_age_seconds",
                             "Age of the oldest event that any inbox has available; 0 if there is none.");
  std::array<metrics::Gauge*, states.size()> entries{};
  for (std::size_t i = 0; i < states.size(); ++i) {
    entries[i] = &registry.gauge("triggers_entries", "Entries of all inboxes, by state.", {{"state", states[i].first}});
  }
  auto& tracked = registry.gauge("triggers_entries_tracked",
                                 "Entries that were leased and have not left, of all tenants; they are in memory.");
  auto& fullest = registry.gauge("triggers_entries_tracked_of_fullest_tenant",
                                 "Of these, the entries of the tenant that has most of them.");
  registry.on_scrape([&, entries] {
    const auto totals = store.inbox_totals();
    if (!totals) return;
    inboxes.set(static_cast<double>(totals->inboxes));
    tracked.set(static_cast<double>(totals->tracked));
    fullest.set(static_cast<double>(totals->tracked_of_fullest));
    age.set(age_seconds(totals->oldest_available, clock.now()));
    for (std::size_t i = 0; i < states.size(); ++i) {
      entries[i]->set(static_cast<double>(totals->counts.*states[i].second));
    }
  });
  registry.scraper().add_tenants_part([&] {
    const auto totals = store.inbox_totals();
    return totals ? text_of_inboxes(*totals, clock.now()) : std::string();
  });
}

}  // namespace triggers
