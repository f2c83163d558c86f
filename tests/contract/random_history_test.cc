// Random operations on every engine that keeps inboxes, by one client. A judge that knows only the promises to
// consumers (src/inbox/test_judge.h) sees what was asked and answered, and what the inbox shows after each step.

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>

#include "base/sync_wait.h"
#include "contract/inbox_verbs.h"
#include "event/test_random_json.h"
#include "inbox/test_judge.h"

namespace triggers::store::contract {
namespace {

using namespace std::chrono_literals;
using Ids = std::vector<EventId>;

class RandomHistoryContract : public InboxVerbs {
 protected:
  void begin(std::uint64_t seed) {
    random_.seed(seed);
    for (const InboxName& inbox : names_) change_settings(inbox);
  }

  void step() {
    const InboxName& inbox = names_[below(names_.size())];
    switch (below(16)) {
      case 0:
      case 1: accept(); break;
      case 2:
      case 3:
      case 4: lease_some(inbox); break;
      case 5:
      case 6: acknowledge_some(); break;
      case 7: release_some(); break;
      case 8: extend_some(); break;
      case 9:
      case 10: requeue_or_discard(); break;
      case 11: change_settings(inbox); break;
      case 12: purge_or_replay(inbox); break;
      case 13: restart(); break;
      default: pass_some_time(); break;
    }
    settle();
    for (const InboxName& name : names_) show(name);
  }

  std::string verdict() {
    for (const InboxName& name : names_) {
      const std::string& verdict = judges_[name].verdict();
      if (!verdict.empty()) return name.text() + ": " + verdict;
    }
    return {};
  }
  std::map<EntryStatus, int> seen;

 private:
  struct Held {
    InboxName inbox;
    Leased leased;
  };

  Ids list(const InboxName& inbox, std::optional<EntryState> state = {}) { return ids_of(entries(inbox, state, 200)); }

  std::size_t below(std::size_t bound) { return random_() % bound; }

  void accept() {
    for (std::size_t i = below(6); i != 0; --i) {
      std::map<InboxName, std::size_t> sizes;
      for (const InboxName& name : names_) sizes[name] = list(name).size();
      Draft draft = numbered(++appended_);
      draft.event_type = appended_ % 2 == 0 ? "even" : "odd";
      const EventId id = append(draft).id;
      accepted_.push_back(id);
      for (const InboxName& name : names_) {
        if (name.is_default() || appended_ % 2 == 0) {
          judges_[name].accepted(id);
          EXPECT_EQ(list(name).size(), sizes[name] + 1);
        } else {
          EXPECT_EQ(list(name).size(), sizes[name]);
        }
      }
    }
  }

  void lease_some(const InboxName& inbox) {
    auto expected = list(inbox, EntryState::available);
    const std::size_t limit = 1 + below(6);
    expected.resize(std::min(limit, expected.size()));
    const std::chrono::seconds duration(1 + below(20));
    Leased leased = lease(LeaseRequest{.inbox = inbox, .limit = limit, .duration = duration});
    EXPECT_EQ(ids_of(leased), expected) << "oldest first, all that is available";
    for (const LeasedEvent& event : leased.events) {
      judges_[inbox].handed_out(event.event.id, leased.lease, event.attempt, clock.now(), leased.until);
    }
    if (leased.outcome == Leased::Outcome::leased) held_.push_back({inbox, std::move(leased)});
  }

  void acknowledge_some() {
    if (below(4) == 0 || held_.empty()) {
      const InboxName& inbox = names_[below(names_.size())];
      judge(inbox, {}, acknowledge_in(inbox, some_ids()));
      return;
    }
    const Held& by = some_lease();
    judge(by.inbox, by.leased.lease, acknowledge_by(by.leased, some_ids_of(by), by.inbox));
  }

  void judge(const InboxName& inbox, const std::optional<LeaseId>& lease, const Results& results) {
    for (const EntryResult& result : results) {
      judges_[inbox].acknowledged(result.id, lease, result.status, clock.now());
      ++seen[result.status];
    }
  }

  void release_some() {
    if (held_.empty()) return;
    const Held& by = some_lease();
    const std::chrono::seconds delay(below(2) * below(20));
    for (const EntryResult& result : release(by.leased, delay, "error", some_ids_of(by), by.inbox)) {
      judges_[by.inbox].released(result.id, by.leased.lease, result.status, clock.now());
      ++seen[result.status];
    }
  }

  void extend_some() {
    if (held_.empty()) return;
    const Held& by = some_lease();
    const std::chrono::seconds duration(1 + below(20));
    const Extended extended =
        sync_wait(inboxes().extend(tenant, by.inbox, by.leased.lease, some_ids_of(by), duration)).value();
    for (const EntryResult& result : extended.results) {
      judges_[by.inbox].extended(result.id, by.leased.lease, result.status, clock.now(), clock.now() + duration);
      ++seen[result.status];
    }
  }

  void requeue_or_discard() {
    Ids ids = list({}, EntryState::dead);
    ids.resize(std::min<std::size_t>(ids.size(), 2));
    std::ranges::copy(some_ids(), std::back_inserter(ids));
    const bool again = below(2) == 0;
    for (const EntryResult& result : again ? requeue(ids) : discard(ids)) {
      if (result.status == EntryStatus::requeued) judges_[{}].requeued(result.id);
      if (result.status == EntryStatus::discarded) judges_[{}].left(result.id);
      ++seen[result.status];
    }
  }

  void change_settings(const InboxName& inbox) {
    inbox::Settings settings;
    if (!inbox.is_default()) settings.filter = R"({"event_type":["even"]})";
    settings.max_attempts = below(4) == 0 ? std::nullopt : inbox::MaxAttempts(1 + below(4));
    if (below(3) == 0) settings.retention = std::chrono::days(1 + below(3));
    settings.dead_retention = std::chrono::days(1 + below(3));
    put(inbox, settings);
    settings_[inbox] = settings;
  }

  void purge_or_replay(const InboxName& inbox) { below(8) == 0 ? purge_all(inbox) : replay_all(inbox); }

  void purge_all(const InboxName& inbox) {
    const Ids ids = list(inbox);
    EXPECT_EQ(purge(inbox).done, ids.size());
    for (const EventId& id : ids) judges_[inbox].left(id);
  }

  void replay_all(const InboxName& inbox) {
    const std::set<EventId> before = present(inbox);
    const Job job = replay({}, inbox);
    const std::set<EventId> after = present(inbox);
    EXPECT_EQ(after.size(), before.size() + job.done);
    for (const EventId& id : after) {
      if (!before.contains(id)) judges_[inbox].accepted(id);
    }
  }

  void pass_some_time() {
    const bool long_time = below(8) == 0;
    clock.advance(long_time ? std::chrono::hours(below(20)) : std::chrono::milliseconds(below(8'000)));
  }

  std::set<EventId> present(const InboxName& inbox) {
    std::set<EventId> ids;
    for (const auto& state : {std::optional<EntryState>(), std::optional(EntryState::dead)}) {
      for (const EventId& id : list(inbox, state)) ids.insert(id);
    }
    return ids;
  }

  /// What the inbox shows agrees with itself and with the judge.
  void show(const InboxName& inbox) {
    std::map<EntryState, Ids> listed;
    std::set<EventId> present;
    Ids undelivered;
    for (const auto& state : {std::optional<EntryState>(), std::optional(EntryState::dead)}) {
      for (const InboxEntry& entry : entries(inbox, state, 200)) {
        present.insert(entry.event.id);
        listed[entry.state].push_back(entry.event.id);
        if (!state) undelivered.push_back(entry.event.id);
      }
    }
    judges_[inbox].present_are(present, clock.now(), inbox::Rules::of(settings_[inbox]));
    using enum EntryState;
    EXPECT_EQ(counts(inbox), (inbox::Counts{listed[available].size(), listed[leased].size(), listed[delayed].size(),
                                            listed[dead].size()}));
    // One of the three, in turn: each list costs as much as all of the above.
    const EntryState shown = std::array{available, leased, delayed}[shows_++ % 3];
    EXPECT_EQ(list(inbox, shown), listed[shown]);
    if (inbox.is_default()) {
      EXPECT_EQ(ids_of(drain()), undelivered);
    }
  }

  /// Mostly of the last events.
  Ids some_ids() {
    Ids ids;
    for (std::size_t i = accepted_.empty() ? 0 : 1 + below(3); i != 0; --i) {
      ids.push_back(accepted_[accepted_.size() - 1 - below(std::min<std::size_t>(accepted_.size(), 20))]);
    }
    return ids;
  }
  const Held& some_lease() { return held_[held_.size() - 1 - below(std::min<std::size_t>(held_.size(), 6))]; }
  /// Mostly of the lease. Nothing: all that it holds.
  std::optional<Ids> some_ids_of(const Held& by) {
    if (below(4) == 0) return std::nullopt;
    Ids ids = below(4) == 0 ? some_ids() : ids_of(by.leased);
    ids.resize(std::min<std::size_t>(ids.size(), 1 + below(4)));
    return ids;
  }

  const std::vector<InboxName> names_{InboxName(), named("even")};
  std::mt19937_64 random_;
  std::map<InboxName, inbox::Settings> settings_;
  std::map<InboxName, inbox::Judge> judges_;
  std::vector<EventId> accepted_;
  std::vector<Held> held_;
  std::size_t appended_ = 0, shows_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Engines, RandomHistoryContract, testing::Values(engine_under_test()),
                         [](const auto& instance) { return instance.param.name; });

TEST_P(RandomHistoryContract, ThePromisesHold) {
  const std::uint64_t seed = event::test_seed();
  begin(seed);
  for (int step_number = 0; step_number != 600; ++step_number) {
    ASSERT_NO_FATAL_FAILURE(step()) << "seed " << seed << ", step " << step_number;
    ASSERT_EQ(verdict(), "") << "seed " << seed << ", step " << step_number;
    ASSERT_FALSE(HasFailure()) << "seed " << seed << ", step " << step_number;
  }
  using enum EntryStatus;
  for (const EntryStatus status :
       {acknowledged, already_acknowledged, released, extended, requeued, discarded, lease_lost, not_found}) {
    EXPECT_GT(seen[status], 0) << inbox::status_name(status);
  }
}

}  // namespace
}  // namespace triggers::store::contract
