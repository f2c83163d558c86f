// Random histories of operations, on the engine of test_engine.h and on a model.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/uuid7.h"
#include "event/test_random_json.h"
#include "inbox/test_engine.h"
#include "inbox/test_inbox.h"
#include "inbox/test_judge.h"

namespace triggers::inbox {
namespace {

using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// The model of an inbox: a map of all records. Each query walks over all of them.
class Model {
 public:
  std::map<EventId, Record> records;
  Rules rules;

  void advance(UnixMillis now, UnixMillis retention_now) {
    for (auto& [id, record] : records) {
      if (!record.entry) continue;
      record.entry = settle(*record.entry, rules.max_attempts, now);
      if (const auto left = expire(record, id.time(), rules, now, retention_now)) record = *left;
    }
  }

  std::vector<EventId> in(EntryState state) const {
    std::vector<EventId> ids;
    for (const auto& [id, record] : records) {
      if (record.entry && record.entry->state == state) ids.push_back(id);
    }
    return ids;
  }

  Counts counts() const {
    return {in(EntryState::available).size(), in(EntryState::leased).size(), in(EntryState::delayed).size(),
            in(EntryState::dead).size()};
  }

  std::optional<EntryIndex::Ending> next_ending() const {
    std::optional<EntryIndex::Ending> next;
    for (const EntryState state : {EntryState::leased, EntryState::delayed}) {
      for (const EventId& id : in(state)) {
        const UnixMillis at = records.at(id).entry->until;
        if (!next || at < next->at || (at == next->at && id < next->id)) next = {id, at};
      }
    }
    return next;
  }

  std::optional<UnixMillis> next_due() const {
    const auto ending = next_ending();
    return ending ? std::optional(ending->at) : std::nullopt;
  }

  std::optional<UnixMillis> next_expiry() const {
    std::optional<UnixMillis> next;
    for (const EventId& id : in(EntryState::dead)) {
      const UnixMillis expiry = records.at(id).entry->since + rules.dead_retention;
      next = std::min(next.value_or(expiry), expiry);
    }
    return next;
  }
};

/// One random history. The engine and the model both do each step, and the judge checks it.
class History {
 public:
  explicit History(std::uint64_t seed) : random_(seed), engine_(model_.rules, random_) {}

  void step() {
    const int op = below(100);
    if (op < 20)
      accept();
    else if (op < 40)
      lease();
    else if (op < 52)
      acknowledge_some();
    else if (op < 62)
      release_some();
    else if (op < 66)
      extend_some();
    else if (op < 69)
      requeue_or_discard();
    else if (op < 70)
      purge_some();
    else if (op < 72)
      change_rules();
    else if (op < 75)
      crash();
    else
      pass_time();
    engine_.advance(now_, retention_now_);
    model_.advance(now_, retention_now_);
    judge_.present_are(all_in_inbox(), retention_now_, model_.rules);
    compare();
  }

  const std::map<std::string, int>& statuses() const { return statuses_; }
  const Judge& judge() const { return judge_; }

 private:
  int below(int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); }
  seconds duration() { return seconds(1 + below(20)); }

  EventId some_id() {
    if (!accepted_.empty() && below(20) != 0) {
      return accepted_[accepted_.size() - 1 -
                       static_cast<std::size_t>(below(static_cast<int>(std::min<std::size_t>(accepted_.size(), 60))))];
    }
    return test_id(random_());
  }

  /// A lease that holds something, one that has ended, or one that never existed.
  LeaseId some_lease(const EventId& id) {
    while (true) {
      const LeaseId lease = any_lease(id);
      if (!unanswered_.contains(lease)) return lease;
    }
  }

  LeaseId any_lease(const EventId& id) {
    const auto& record = model_.records[id];
    if (record.entry && record.entry->state == EntryState::leased && below(3) != 0) return record.entry->lease;
    if (record.acknowledgement && record.acknowledgement->lease && below(2) == 0) return *record.acknowledgement->lease;
    return test_lease(random_() % (leases_ + 2));
  }

  void accept() {
    for (int i = below(6); i >= 0; --i) {
      const bool replayed = below(4) == 0 && !accepted_.empty();
      const EventId id = replayed ? accepted_[random_() % accepted_.size()] : generator_.next(now_);
      if (!replayed) accepted_.push_back(id);
      engine_.accept(id, now_);
      if (const auto again = replay(model_.records[id], now_)) {
        model_.records[id] = *again;
        judge_.accepted(id);
      }
    }
  }

  void lease() {
    const LeaseId lease = test_lease(++leases_);
    const auto limit = 1 + static_cast<std::size_t>(below(8));
    const seconds duration = this->duration();
    if (below(20) == 0) {
      (void)engine_.lease(lease, limit, duration, now_, true);
      if (below(2) == 0) engine_.crash(now_);
      return;
    }
    auto expected = model_.in(EntryState::available);
    expected.resize(std::min(limit, expected.size()));
    const auto leased = engine_.lease(lease, limit, duration, now_);
    // Sometimes the answer is lost with the process: the lease holds, but nobody knows it.
    const bool answered = below(20) != 0;
    std::vector<EventId> ids;
    for (const LeasedEntry& entry : leased) {
      ids.push_back(entry.id);
      if (answered) {
        judge_.handed_out(entry.id, lease, entry.entry.attempts, now_, now_ + duration);
      } else {
        judge_.handed_out_unseen(entry.id, entry.entry.attempts);
      }
      auto& record = model_.records[entry.id];
      if (const auto taken = inbox::lease(*record.entry, lease, duration, model_.rules, now_)) record.entry = *taken;
    }
    ASSERT_EQ(ids, expected) << "oldest first, all that is available";
    if (answered) return;
    unanswered_.insert(lease);
    engine_.crash(now_);
  }

  /// One operation, by the model and by the engine.
  template <class Operation>
  EntryStatus both(const EventId& id, Operation operation) {
    const Transition transition = operation(model_.records[id]);
    const Transition by_engine = operation(engine_.record(id));
    EXPECT_EQ(by_engine.status, transition.status);
    engine_.apply(id, by_engine);
    if (transition.changed) model_.records[id] = *transition.changed;
    ++statuses_[std::string(status_name(transition.status))];
    return transition.status;
  }

  void acknowledge_some() {
    for (int i = below(4); i >= 0; --i) {
      const EventId id = some_id();
      const auto lease = below(4) == 0 ? std::nullopt : std::optional(some_lease(id));
      const auto status = both(id, [&](const Record& record) { return acknowledge(record, lease, now_); });
      judge_.acknowledged(id, lease, status, now_);
    }
  }

  void release_some() {
    const EventId id = some_id();
    const LeaseId lease = some_lease(id);
    const seconds delay = below(2) == 0 ? seconds(0) : duration();
    const auto error = below(2) == 0 ? std::optional(std::string("error ") + std::to_string(below(100))) : std::nullopt;
    const auto status =
        both(id, [&](const Record& record) { return release(record, lease, delay, error, model_.rules, now_); });
    judge_.released(id, lease, status, now_);
  }

  void extend_some() {
    const EventId id = some_id();
    const LeaseId lease = some_lease(id);
    const seconds duration = this->duration();
    const auto status = both(id, [&](const Record& record) { return extend(record, lease, duration, now_); });
    judge_.extended(id, lease, status, now_, now_ + duration);
  }

  void requeue_or_discard() {
    const auto dead = model_.in(EntryState::dead);
    const EventId id = dead.empty() || below(4) == 0 ? some_id() : dead[random_() % dead.size()];
    if (below(2) == 0) {
      const auto status = both(id, [&](const Record& record) { return requeue(record, model_.rules, now_); });
      if (status == EntryStatus::requeued) judge_.requeued(id);
    } else {
      const auto status = both(id, [&](const Record& record) { return discard(record, model_.rules, now_); });
      if (status == EntryStatus::discarded) judge_.left(id);
    }
  }

  void purge_some() {
    const auto pending = engine_.pending();
    for (const EventId& id : pending) {
      if (below(2) == 0) continue;
      const auto left = purge(engine_.record(id), model_.rules, now_);
      ASSERT_TRUE(left);
      engine_.leave(id, *left);
      model_.records[id] = *left;
      judge_.left(id);
    }
  }

  void change_rules() {
    model_.rules.max_attempts = below(4) == 0 ? std::nullopt : MaxAttempts(1 + below(5));
    model_.rules.retention = below(3) == 0 ? std::optional(days(1 + below(3))) : std::nullopt;
    model_.rules.dead_retention = days(1 + below(3));
    engine_.set_rules(model_.rules);
  }

  void crash() { engine_.crash(now_); }

  void pass_time() {
    const auto due = engine_.index().next_due();
    switch (below(8)) {
      case 0: now_ += milliseconds(1); break;
      case 1: now_ = std::max(now_, due.value_or(now_) - milliseconds(1)); break;
      case 2: now_ = std::max(now_, due.value_or(now_)); break;
      case 3: now_ += below(8) == 0 ? std::chrono::hours(below(40)) : std::chrono::hours(0); break;
      default: now_ += milliseconds(below(5'000)); break;
    }
    // The clock of retention does not believe each jump, and may go back.
    const auto expiry = engine_.index().next_expiry();
    switch (below(6)) {
      case 0: retention_now_ -= std::chrono::hours(below(4)); return;
      case 1: return;
      case 2: retention_now_ = std::min(now_, expiry.value_or(now_) - milliseconds(1)); return;
      case 3: retention_now_ = std::min(now_, expiry.value_or(now_)); return;
      default: retention_now_ = now_; return;
    }
  }

  std::set<EventId> all_in_inbox() const {
    std::set<EventId> all = engine_.pending();
    const auto dead = engine_.index().page(EntryState::dead, std::nullopt, 1'000'000);
    all.insert(dead.begin(), dead.end());
    return all;
  }

  void compare() {
    const EntryIndex& index = engine_.index();
    ASSERT_EQ(index.counts(), model_.counts());
    ASSERT_EQ(index.next_due(), model_.next_due());
    ASSERT_EQ(index.next_expiry(), model_.next_expiry());
    ASSERT_EQ(index.next_ending(), model_.next_ending());
    for (const auto& [id, record] : model_.records) compare_entry(id, record);
    compare_pages();
  }

  void compare_entry(const EventId& id, const Record& expected) {
    const Record stored = engine_.record(id);
    ASSERT_EQ(stored.acknowledgement, expected.acknowledgement);
    ASSERT_EQ(stored.entry.has_value(), expected.entry.has_value());
    const auto known = engine_.index().find(id);
    if (!expected.entry) {
      ASSERT_FALSE(known);
      return;
    }
    const Entry& entry = *expected.entry;
    // The end of a lease or delay need not be stored.
    const Entry now = settle(*stored.entry, model_.rules.max_attempts, now_);
    for (const Entry& seen : {now, known ? known->entry : Entry{}}) {
      ASSERT_EQ(seen.state, entry.state);
      ASSERT_EQ(seen.attempts, entry.attempts);
      ASSERT_EQ(seen.until, entry.until);
      ASSERT_EQ(seen.lease, entry.lease);
      if (entry.state == EntryState::dead) {
        ASSERT_EQ(seen.since, entry.since);
      }
    }
    ASSERT_EQ(now.last_failure, entry.last_failure);
    ASSERT_EQ(known && known->failed, entry.last_failure.has_value());
    ASSERT_EQ(known.has_value(), entry.state != EntryState::available || id <= engine_.index().fresh_after());
  }

  void compare_pages() {
    const auto lease = test_lease(random_() % (leases_ + 1));
    std::vector<EventId> held;
    for (const EventId& id : model_.in(EntryState::leased)) {
      if (model_.records[id].entry->lease == lease) held.push_back(id);
    }
    ASSERT_EQ(engine_.index().held_by(lease), held);
    const auto state = static_cast<EntryState>(below(4));
    const EventId after = some_id();
    auto expected = model_.in(state);
    std::erase_if(expected, [&](const EventId& id) {
      return id <= after || (state == EntryState::available && id > engine_.index().fresh_after());
    });
    expected.resize(std::min<std::size_t>(expected.size(), 5));
    ASSERT_EQ(engine_.index().page(state, after, 5), expected);
  }

  std::mt19937_64 random_;
  UnixMillis now_ = test_time, retention_now_ = test_time;
  Model model_;
  TestEngine engine_;
  Judge judge_;
  Uuid7Generator generator_;
  std::vector<EventId> accepted_;
  std::uint64_t leases_ = 0;
  std::set<LeaseId> unanswered_;  ///< No client knows them.
  std::map<std::string, int> statuses_;
};

TEST(RandomHistory, TheIndexIsTheModelAndThePromisesHold) {
  const std::uint64_t seed = event::test_seed();
  std::map<std::string, int> seen;
  for (std::uint64_t round = 0; round != 40; ++round) {
    History history(seed + round);
    for (int step = 0; step != 400; ++step) {
      ASSERT_NO_FATAL_FAILURE(history.step()) << "seed " << seed << ", round " << round << ", step " << step;
      ASSERT_EQ(history.judge().verdict(), "") << "seed " << seed << ", round " << round << ", step " << step;
      ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed << ", round " << round << ", step " << step;
    }
    for (const auto& [status, count] : history.statuses()) seen[status] += count;
  }
  for (const char* status : {"acknowledged", "already_acknowledged", "released", "extended", "requeued", "discarded",
                             "lease_lost", "not_found"}) {
    EXPECT_GT(seen[status], 20) << status;
  }
}

}  // namespace
}  // namespace triggers::inbox
