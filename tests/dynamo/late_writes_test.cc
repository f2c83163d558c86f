// Writes that DynamoDB executes after the node that sent them has given them up: every entry that is shown as available
// can be leased. Random operations of two nodes; a seed repeats them.

#include <algorithm>
#include <array>
#include <deque>
#include <random>
#include <set>

#include "dynamo/inbox_fleet.h"
#include "event/test_random_json.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using dynamo::ApiCall;
using enum EntryStatus;

class LateWritesTest : public InboxFleetTest {
 protected:
  LateWritesTest() {
    inbox.settings.max_attempts = std::nullopt;
    inbox_config.look_every = 0ms;
  }

  void begin(std::uint64_t seed) {
    random_.seed(seed);
    accepted_.clear();
    maybe_gone_.clear();
    held_.clear();
    late_count_ = 0;
    for (auto& node : nodes_) {
      node = inbox_node();
      InboxTestNode* const raw = node.get();
      raw->caller.retries_at_once = 2;
      raw->caller.before = [this, raw](ApiCall, const boost::json::object&) { meanwhile(*raw); };
      raw->caller.lose_request = [this](ApiCall api_call, const boost::json::object& body) {
        return keep_for_later(api_call, body);
      };
    }
    failing_ = true;
  }

  /// An operation of a client.
  void step(InboxTestNode& at) {
    switch (below(10)) {
      case 0:
        for (const EventId& id : accept(3, 3 * accepts_++)) accepted_.insert(id);
        break;
      case 1:
      case 2:
      case 3:
      case 4: {
        auto leased = try_lease(at, 1 + below(4), std::chrono::seconds(1 + below(3)));
        if (leased && !leased->events.empty()) held_.push_back({leased->lease, ids_of(*leased)});
        break;
      }
      case 5:
      case 6: acknowledge_some(at); break;
      case 7:
      case 8:
        if (!held_.empty()) {
          const Held by = some_lease();
          const std::chrono::seconds delay(below(3));
          auto done = call(at, [&](Entries& entries) { return entries.release(by.lease, std::nullopt, delay, "no"); });
        }
        break;
      default: {
        if (held_.empty()) break;
        const Held by = some_lease();
        const std::chrono::seconds duration(1 + below(3));
        auto done = call(at, [&](Entries& entries) { return entries.extend(by.lease, std::nullopt, duration); });
      }
    }
  }

  /// The writes arrive, everything ends, and what is there is leased. The ids of both.
  std::pair<Ids, Ids> finish() {
    failing_ = false;
    execute_late(UnixMillis::max());
    // A node that has leased here before: another one would also meet what is in no list of what came back.
    InboxTestNode& at = *nodes_[0];
    for (int round = 0; round < 3; ++round) {
      clock.advance(20s);
      for (bool more = true; more;) more = call(at, [](Entries& entries) { return entries.visit(); }).value();
    }
    const Ids shown = ids_of(entries(at, EntryState::available));
    return {shown, ids_of(lease(at, 500))};
  }

  void execute(ApiCall api_call, const boost::json::object& body) {
    const auto done = sync_wait(real->call(api_call, body, dynamo::Repeat::once, 5s));
    static_cast<void>(done);  // Its condition may fail.
  }

  std::size_t below(std::size_t bound) { return random_() % bound; }
  InboxTestNode& some_node() { return *nodes_[below(nodes_.size())]; }
  std::set<EventId> accepted_, maybe_gone_;
  std::size_t late_count_ = 0;

 private:
  struct Held {
    LeaseId lease{};
    Ids ids{};
  };
  struct Late {
    UnixMillis at{};
    ApiCall api_call{};
    boost::json::object body{};
  };

  const Held& some_lease() { return held_[held_.size() - 1 - below(std::min<std::size_t>(held_.size(), 4))]; }

  void acknowledge_some(InboxTestNode& at) {
    if (held_.empty()) return;
    const Held by = some_lease();
    std::optional<Ids> ids;
    if (below(2) == 0) ids = Ids{by.ids.front()};
    const auto done = try_acknowledge(at, by.lease, ids);
    for (const EventId& id : by.ids) {
      if (!done) maybe_gone_.insert(id);
    }
    if (!done) return;
    for (const EntryResult& result : *done) {
      if (result.status == acknowledged || result.status == already_acknowledged) accepted_.erase(result.id);
    }
  }

  /// Between two calls of a node, time passes, late writes arrive, and the other node works.
  void meanwhile(InboxTestNode& at) {
    if (!failing_ || busy_) return;
    busy_ = true;
    execute_late(clock.now());
    if (below(12) == 0) clock.advance(std::chrono::milliseconds(below(1'500)));
    if (below(25) == 0) step(&at == nodes_[0].get() ? *nodes_[1] : *nodes_[0]);
    busy_ = false;
  }

  bool keep_for_later(ApiCall api_call, const boost::json::object& body) {
    const bool delays =
        failing_ && (api_call == ApiCall::put_item || api_call == ApiCall::delete_item) && below(15) == 0;
    if (!delays) return false;
    ++late_count_;
    late_.push_back({clock.now() + std::chrono::milliseconds(below(4'000)), api_call, body});
    // In one of two cases the client has sent it once more, with success.
    return below(2) == 0;
  }

  void execute_late(UnixMillis until) {
    for (auto at = late_.begin(); at != late_.end();) {
      if (at->at > until) {
        ++at;
        continue;
      }
      execute(at->api_call, at->body);
      at = late_.erase(at);
    }
  }

  std::mt19937_64 random_;
  std::size_t accepts_ = 0;
  std::array<std::unique_ptr<InboxTestNode>, 2> nodes_;
  std::vector<Held> held_;
  std::deque<Late> late_;
  bool failing_ = false, busy_ = false;
};

TEST_F(LateWritesTest, LateRemovalOfAReminderLeavesWhatTheLeaseHasAddedToIt) {
  const auto slow = inbox_node(), other = inbox_node();
  const Ids ids = accept(3);
  int records = 0, reminders = 0;
  std::optional<boost::json::object> removal;
  other->caller.lose_request = [&](ApiCall api_call, const boost::json::object& body) {
    if (removal || api_call != ApiCall::delete_item || !writes(body, "u#")) return false;
    removal = body;
    return true;
  };
  slow->caller.before = [&](ApiCall api_call, const boost::json::object& body) {
    if (api_call != ApiCall::put_item) return;
    // The other node is first with the oldest entry, so the lease takes the third one instead.
    if (writes(body, "r#") && records++ == 0) lease(*other, 1);
    // By then the lease has ended, and the other node is about to remove its reminder.
    if (writes(body, "u#") && reminders++ == 1) {
      clock.advance(2s);
      EXPECT_FALSE(call(*other, [](Entries& entries) { return entries.poll(); }).ok());
    }
  };
  EXPECT_EQ(ids_of(lease(*slow, 2, 2s)), Ids(ids.begin() + 1, ids.end()));
  ASSERT_TRUE(removal);
  ASSERT_EQ(reminders, 2);
  execute(ApiCall::delete_item, *removal);
  for (int i = 0; i < 2; ++i) {
    clock.advance(20s);
    EXPECT_TRUE(call(*other, [](Entries& entries) { return entries.poll(); }).ok());
  }
  // The node knows that all of them have records, so it finds them only among those that came back.
  EXPECT_EQ(ids_of(lease(*slow, 10)), ids);
}

TEST_F(LateWritesTest, LatePutOfAReminderLeavesWhatTheLeaseHasAddedToIt) {
  const auto slow = inbox_node(), other = inbox_node();
  const Ids ids = accept(3);
  int records = 0;
  std::optional<boost::json::object> first;
  slow->caller.before = [&](ApiCall api_call, const boost::json::object& body) {
    if (api_call != ApiCall::put_item) return;
    if (writes(body, "r#") && records++ == 0) lease(*other, 1);
    // Its first try arrives late; the second one has been answered.
    if (writes(body, "u#") && !first) first = body;
  };
  EXPECT_EQ(ids_of(lease(*slow, 2, 2s)), Ids(ids.begin() + 1, ids.end()));
  execute(ApiCall::put_item, *first);
  for (int i = 0; i < 2; ++i) {
    clock.advance(20s);
    EXPECT_TRUE(call(*other, [](Entries& entries) { return entries.poll(); }).ok());
  }
  EXPECT_EQ(ids_of(lease(*slow, 10)), ids);
}

TEST_F(LateWritesTest, ReleaseThatIsExecutedLateIsFoundLongBeforeTheLeaseWouldHaveEnded) {
  const auto slow = inbox_node(), other = inbox_node();
  const Ids ids = accept(2);
  const Leased leased = lease(*slow, 2, 600s);
  slow->caller.retries_at_once = 0;
  std::vector<boost::json::object> late;
  slow->caller.lose_request = [&](ApiCall api_call, const boost::json::object& body) {
    if (api_call != ApiCall::put_item || !writes(body, "r#")) return false;
    late.push_back(body);
    return true;
  };
  EXPECT_FALSE(try_release(*slow, leased).ok());
  const auto poll = [&] { return call(*other, [](Entries& entries) { return entries.poll(); }); };
  EXPECT_TRUE(poll().ok());
  clock.advance(5s);
  for (const boost::json::object& body : late) execute(ApiCall::put_item, body);
  clock.advance(10s);
  EXPECT_TRUE(poll().ok());
  slow->caller.lose_request = {};
  EXPECT_EQ(ids_of(lease(*slow, 2)), ids);
}

TEST_F(LateWritesTest, WhatIsShownAsAvailableIsLeased) {
  const std::uint64_t seed = event::test_seed();
  for (std::uint64_t one = seed; one < seed + 3; ++one) {
    SCOPED_TRACE("TRIGGERS_TEST_SEED=" + std::to_string(one));
    tenant = Tenant{"acme" + std::to_string(one)};
    begin(one);
    for (int i = 0; i < 60; ++i) {
      step(some_node());
      clock.advance(std::chrono::milliseconds(below(700)));
    }
    const auto [shown, leased] = finish();
    EXPECT_EQ(shown, leased);
    for (const EventId& id : accepted_) {
      EXPECT_TRUE(std::ranges::count(leased, id) || maybe_gone_.contains(id)) << id.text();
    }
    EXPECT_GT(late_count_, 0U);
  }
}

}  // namespace
}  // namespace triggers::store
