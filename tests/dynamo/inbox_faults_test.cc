// Nodes that die between any two calls, and calls whose answers are lost, while entries are leased, acknowledged,
// released and requeued: nothing is lost, handed out twice, or blocked.

#include <algorithm>
#include <map>
#include <set>

#include "dynamo/inbox_fleet.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using dynamo::ApiCall;
using dynamo::CallError;
using dynamo::CallResult;
using enum EntryStatus;

/// How a node fails at one of its writes.
enum class Fault : std::uint8_t {
  dies_after,     ///< The write is made, its answer is lost, and no call after it is made.
  answer_lost,    ///< The write is made, and its answer is lost.
  request_lost,   ///< The write is not made, and its outcome is unknown. The node repeats it.
  arrives_late,   ///< The node gives the write up. It is made later.
  arrives_again,  ///< The node repeats the write, and later it is made once more.
  refused,        ///< The write, or any other call, is refused for load.
};

class InboxFaultsTest : public InboxFleetTest {
 protected:
  static constexpr std::size_t entries_count = 2;
  /// Of a node that fails. A dead one would repeat a write whose outcome is unknown until its request is over.
  static constexpr unsigned retries_max = 4;

  InboxFaultsTest() { inbox.settings.max_attempts = 3; }

  /// Makes the node fail at its write (refused: call) number `at`. True in `reached` once it has.
  void fail_at(InboxTestNode& node, std::size_t at, Fault fault, bool& reached) {
    node.caller.retries_at_once = fault == Fault::arrives_late ? 0 : retries_max;
    auto calls = std::make_shared<std::size_t>(0);
    const auto dead = std::make_shared<bool>(false);
    const auto failing = std::make_shared<boost::json::object>();
    node.caller.before = [=, &reached](ApiCall api_call, const boost::json::object& body) {
      const bool counts = fault == Fault::refused || is_write(api_call);
      if (!counts || (*calls)++ != at) return;
      reached = true;
      *failing = body;
    };
    // Calls run beside each other, but no two are the same.
    const auto is_it = [=](const boost::json::object& body) { return !failing->empty() && body == *failing; };
    node.caller.answer_instead = [=](ApiCall, const boost::json::object& body) -> std::optional<CallResult> {
      if (*dead) return CallError{CallError::Kind::unavailable, "the node is dead", {}};
      if (fault != Fault::refused || !is_it(body)) return std::nullopt;
      failing->clear();
      return CallError{CallError::Kind::throttled, "slower", {}};
    };
    node.caller.lose_answer = [=](ApiCall, const boost::json::object& body) {
      const bool loses = fault == Fault::answer_lost || fault == Fault::dies_after;
      if (!loses || !is_it(body)) return false;
      failing->clear();
      *dead = fault == Fault::dies_after;
      return true;
    };
    node.caller.lose_request = [=, this](ApiCall api_call, const boost::json::object& body) {
      const bool late = fault == Fault::arrives_late || fault == Fault::arrives_again;
      if ((!late && fault != Fault::request_lost) || !is_it(body)) return false;
      failing->clear();
      if (late) late_.emplace(api_call, body);
      return true;
    };
  }

  /// DynamoDB executes the write that was held back.
  void arrive() {
    clock.advance(3s);
    const auto done = sync_wait(real->call(late_->first, late_->second, dynamo::Repeat::once, 5s));
    static_cast<void>(done);  // Its condition may fail.
    late_.reset();
  }

  /// Runs `scenario` on a node that fails at its first write, then at its second, and so on until it does not get that
  /// far; then `check` on another node.
  template <class Prepare, class Scenario, class Check>
  void at_every_call(Prepare prepare, Scenario scenario, Check check) {
    for (const Fault fault : {Fault::dies_after, Fault::answer_lost, Fault::request_lost, Fault::arrives_late,
                              Fault::arrives_again, Fault::refused}) {
      for (std::size_t at = 0;; ++at) {
        SCOPED_TRACE("fault " + std::to_string(static_cast<int>(fault)) + " at call " + std::to_string(at));
        tenant = Tenant{"acme" + std::to_string(++rounds_)};
        const auto good = inbox_node();
        auto prepared = prepare(*good);
        const auto failing = inbox_node();
        bool reached = false;
        fail_at(*failing, at, fault, reached);
        auto done = scenario(*failing, prepared);
        if (late_) arrive();
        const auto other = inbox_node();
        check(*other, prepared, done);
        if (HasFailure()) return;
        if (!reached) {
          EXPECT_GT(at, 2U) << "the scenario writes";
          break;
        }
      }
    }
  }

  /// Lets time pass until everything that is held has ended.
  void end_everything(InboxTestNode& at) {
    for (int round = 0; round < 2; ++round) {
      clock.advance(40s);
      bool more = true;
      while (more) more = call(at, [](Entries& entries) { return entries.visit(); }).value();
    }
  }

 private:
  int rounds_ = 0;
  std::optional<std::pair<ApiCall, boost::json::object>> late_;
};

TEST_F(InboxFaultsTest, LeaseThatFailsBetweenAnyTwoCallsLosesNothing) {
  at_every_call([&](InboxTestNode&) { return accept(entries_count); },
                [&](InboxTestNode& failing, const Ids&) { return try_lease(failing, entries_count); },
                [&](InboxTestNode& other, const Ids& ids, const Result<Leased>& leased) {
                  const Ids held = leased ? ids_of(*leased) : Ids{};
                  // What was handed out is held, and nobody else gets it.
                  for (const EventId& id : ids_of(lease(other, 10))) EXPECT_FALSE(std::ranges::count(held, id));
                  end_everything(other);
                  EXPECT_EQ(ids_of(entries(other)), ids);
                  const Leased again = lease(other, 10);
                  EXPECT_EQ(ids_of(again), ids);
                  for (const LeasedEvent& event : again.events) {
                    if (std::ranges::count(held, event.event.id)) {
                      EXPECT_GE(event.attempt, 2U);
                    }
                  }
                });
}

TEST_F(InboxFaultsTest, AcknowledgementThatFailsBetweenAnyTwoCallsIsDoneOrCanBeRepeated) {
  struct Prepared {
    Ids ids;
    Leased leased;
  };
  at_every_call(
      [&](InboxTestNode& good) {
        const Ids ids = accept(entries_count);
        return Prepared{ids, lease(good, entries_count)};
      },
      [&](InboxTestNode& failing, const Prepared& prepared) {
        return try_acknowledge(failing, prepared.leased.lease, prepared.ids);
      },
      [&](InboxTestNode& other, const Prepared& prepared, const Result<Results>& done) {
        if (done) {
          EXPECT_EQ(*done, all(prepared.ids, acknowledged));
        }
        for (const EntryResult& result : acknowledge_by(other, prepared.leased, prepared.ids)) {
          const bool right = result.status == already_acknowledged || (!done && result.status == acknowledged);
          EXPECT_TRUE(right) << inbox::status_name(result.status);
        }
        EXPECT_TRUE(entries(other).empty());
        end_everything(other);
        EXPECT_EQ(lease(other, 10).outcome, Leased::Outcome::nothing);
      });
}

TEST_F(InboxFaultsTest, AcknowledgementWithoutALeaseThatFailsIsDoneOrCanBeRepeated) {
  at_every_call([&](InboxTestNode&) { return accept(entries_count); },
                [&](InboxTestNode& failing, const Ids& ids) { return try_acknowledge(failing, {}, ids); },
                [&](InboxTestNode& other, const Ids& ids, const Result<Results>& done) {
                  if (done) {
                    EXPECT_EQ(*done, all(ids, acknowledged));
                  }
                  const Results again = try_acknowledge(other, {}, ids).value();
                  for (const EntryResult& result : again) {
                    EXPECT_TRUE(result.status == already_acknowledged || (!done && result.status == acknowledged));
                  }
                  EXPECT_EQ(lease(other, 10).outcome, Leased::Outcome::nothing);
                  EXPECT_TRUE(entries(other).empty());
                });
}

TEST_F(InboxFaultsTest, ReleaseThatFailsBetweenAnyTwoCallsBlocksNothing) {
  struct Prepared {
    Ids ids;
    Leased leased;
  };
  for (const auto delay : {0s, 5s}) {
    at_every_call(
        [&](InboxTestNode& good) {
          const Ids ids = accept(entries_count);
          return Prepared{ids, lease(good, entries_count)};
        },
        [&](InboxTestNode& failing, const Prepared& prepared) { return try_release(failing, prepared.leased, delay); },
        [&](InboxTestNode& other, const Prepared& prepared, const Result<Results>& done) {
          if (done) {
            EXPECT_EQ(*done, all(prepared.ids, released));
          }
          end_everything(other);
          const Leased again = lease(other, 10);
          EXPECT_EQ(ids_of(again), prepared.ids);
          EXPECT_EQ(attempts_of(again), std::vector<std::uint32_t>(entries_count, 2));
        });
  }
}

TEST_F(InboxFaultsTest, DeathAndRequeueThatFailBetweenAnyTwoCallsLoseNothing) {
  inbox.settings.max_attempts = 1;
  at_every_call(
      [&](InboxTestNode& good) {
        const Ids ids = accept(entries_count);
        lease(good, entries_count, 1s);
        clock.advance(1s);
        return ids;
      },
      [&](InboxTestNode& failing, const Ids& ids) {
        const auto dead = call(failing, [](Entries& entries) { return entries.visit(); });
        return call(failing, [&](Entries& entries) { return entries.requeue(ids); });
      },
      [&](InboxTestNode& other, const Ids& ids, const Result<Results>& done) {
        end_everything(other);
        const Ids dead = ids_of(entries(other, EntryState::dead));
        const Ids waiting = ids_of(entries(other));
        EXPECT_EQ(dead.size() + waiting.size(), ids.size());
        if (done) {
          EXPECT_EQ(waiting, ids);
        }
        const auto requeued_now = call(other, [&](Entries& entries) { return entries.requeue(dead); }).value();
        EXPECT_EQ(requeued_now, all(dead, requeued));
        EXPECT_EQ(ids_of(entries(other)), ids);
        const Leased again = lease(other, 10);
        EXPECT_EQ(ids_of(again), ids);
        EXPECT_EQ(attempts_of(again), std::vector<std::uint32_t>(entries_count, 1));
        acknowledge_by(other, again);
      });
}

}  // namespace
}  // namespace triggers::store
