#include "inbox_gauges.h"

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

void add_inbox_gauges(metrics::Registry& registry, std::function<std::optional<store::InboxTotals>()> totals_now,
                      const Clock& clock) {
  auto& inboxes = registry.gauge("triggers_inboxes", "Inboxes of all tenants.");
  auto& age = registry.gauge("triggers_oldest_available_age_seconds",
                             "Age of the oldest event that any inbox has available; 0 if there is none.");
  std::array<metrics::Gauge*, states.size()> entries{};
  for (std::size_t i = 0; i < states.size(); ++i) {
    entries[i] = &registry.gauge("triggers_entries", "Entries of all inboxes, by state.", {{"state", states[i].first}});
  }
  registry.on_scrape([&, entries, totals_now] {
    const auto totals = totals_now();
    if (!totals) return;
    inboxes.set(static_cast<double>(totals->inboxes));
    age.set(age_seconds(totals->oldest_available, clock.now()));
    for (std::size_t i = 0; i < states.size(); ++i) {
      entries[i]->set(static_cast<double>(totals->counts.*states[i].second));
    }
  });
  registry.scraper().add_tenants_part([&clock, totals_now = std::move(totals_now)] {
    const auto totals = totals_now();
    return totals ? text_of_inboxes(*totals, clock.now()) : std::string();
  });
}

void add_job_metrics(metrics::Registry& registry, const std::string& running_help,
                     const std::function<JobFigures()>& jobs) {
  auto& running = registry.gauge("triggers_inbox_jobs_running", running_help);
  registry.on_scrape([&running, jobs] { running.set(static_cast<double>(jobs().running)); });
  const std::string name = "triggers_inbox_jobs_total", help = "Purges and replays of inboxes that have ended.";
  registry.counter_from(name, help, {{"state", "done"}}, [jobs] { return static_cast<double>(jobs().done); });
  registry.counter_from(name, help, {{"state", "failed"}}, [jobs] { return static_cast<double>(jobs().failed); });
}

}  // namespace triggers
