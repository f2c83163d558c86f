// Purges and replays by several nodes: nodes that die between any two calls, two that work at once, and consumers that
// lease and acknowledge meanwhile. What one node alone must do is in tests/contract/replay_purge_test.cc.

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "dynamo/visit_fleet.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using dynamo::ApiCall;
using dynamo::CallError;
using dynamo::CallResult;
using enum EntryStatus;

class JobsTest : public VisitFleetTest {
 protected:
  /// How a node fails at one of its writes.
  enum class Fault : std::uint8_t {
    dies_before,  ///< The write is not made, and no call after it.
    dies_after,   ///< The write is made, its answer is lost, and no call after it is made.
    answer_lost,  ///< The write is made, and its answer is lost.
  };

  /// Of a node that fails. A dead one would repeat a write whose outcome is unknown until its turn is over.
  static constexpr unsigned retries_max = 4;

  /// True in `reached` once the node has failed, at its write number `at`.
  static void fail_at(VisitTestNode& node, std::size_t at, Fault fault, bool& reached) {
    node.caller.retries_at_once = retries_max;
    auto calls = std::make_shared<std::size_t>(0);
    const auto dead = std::make_shared<bool>(false);
    const auto failing = std::make_shared<boost::json::object>();
    node.caller.before = [=, &reached](ApiCall api_call, const boost::json::object& body) {
      if (!is_write(api_call) || (*calls)++ != at) return;
      reached = true;
      *failing = body;
    };
    const auto is_it = [=](const boost::json::object& body) { return !failing->empty() && body == *failing; };
    node.caller.answer_instead = [=](ApiCall, const boost::json::object& body) -> std::optional<CallResult> {
      *dead = *dead || (fault == Fault::dies_before && is_it(body));
      if (*dead) return CallError{CallError::Kind::unavailable, "the node is dead", {}};
      return std::nullopt;
    };
    node.caller.lose_answer = [=](ApiCall, const boost::json::object& body) {
      if (fault == Fault::dies_before || !is_it(body)) return false;
      failing->clear();
      *dead = fault == Fault::dies_after;
      return true;
    };
  }

  /// `prepare` starts a job. A node fails at the first write of its work, then at the second, and so on until it does
  /// not get that far; then another node takes over, and `check` is called.
  template <class Prepare, class Check>
  void at_every_call(Prepare prepare, Check check) {
    for (const Fault fault : {Fault::dies_before, Fault::dies_after, Fault::answer_lost}) {
      for (std::size_t at = 0;; ++at) {
        SCOPED_TRACE("fault " + std::to_string(static_cast<int>(fault)) + " at write " + std::to_string(at));
        tenant = Tenant{"acme" + std::to_string(++rounds_)};
        const auto good = visit_node();
        manage(*good);
        auto prepared = prepare(*good);
        const auto failing = visit_node();
        bool reached = false;
        fail_at(*failing, at, fault, reached);
        const Status worked = work_on_jobs(*failing);
        const auto other = visit_node();
        check(*other, prepared);
        if (HasFailure()) return;
        if (!reached) {
          EXPECT_TRUE(worked.ok());
          EXPECT_GT(at, 5U) << "the work writes";
          break;
        }
      }
    }
  }

  /// Everything that can be leased, in the order in which it is.
  Ids lease_all(VisitTestNode& at) {
    Ids ids;
    for (;;) {
      const Leased leased = lease(at, 100);
      if (leased.outcome != Leased::Outcome::leased) return ids;
      for (const EventId& id : ids_of(leased)) ids.push_back(id);
    }
  }

  struct Prepared {
    Ids ids{};
    Job job{};
  };

 private:
  int rounds_ = 0;
};

TEST_F(JobsTest, PurgeWhoseNodeFailsBetweenAnyTwoCallsIsFinishedByAnother) {
  at_every_call(
      [&](VisitTestNode& good) {
        Prepared prepared{.ids = accept(3)};
        lease(good, 1);
        prepared.job = try_purge(good).value();
        return prepared;
      },
      [&](VisitTestNode& other, const Prepared& prepared) {
        const Job ended = finish(other, prepared.job.id);
        EXPECT_LE(ended.done, 3U);
        EXPECT_TRUE(entries(other).empty());
        EXPECT_EQ(lease(other, 10).outcome, Leased::Outcome::nothing);
        clock.advance(40s);
        EXPECT_FALSE(call(other, [](Entries& entries) { return entries.visit(); }).value());
        EXPECT_EQ(lease(other, 10).outcome, Leased::Outcome::nothing);
        for (const std::string& partition : partitions(tenant)) {
          EXPECT_FALSE(partition.starts_with("q#") || partition.starts_with("b#")) << partition;
        }
      });
}

TEST_F(JobsTest, ReplayWhoseNodeFailsBetweenAnyTwoCallsIsFinishedByAnother) {
  at_every_call(
      [&](VisitTestNode& good) {
        Prepared prepared{.ids = accept(3)};
        acknowledge_by(good, lease(good, 2));
        prepared.job = try_replay(good).value();
        return prepared;
      },
      [&](VisitTestNode& other, const Prepared& prepared) {
        const Job ended = finish(other, prepared.job.id);
        EXPECT_LE(ended.done, 2U);
        clock.advance(40s);
        EXPECT_FALSE(call(other, [](Entries& entries) { return entries.visit(); }).value());
        EXPECT_EQ(ids_of(entries(other)), prepared.ids);
        const Leased leased = lease(other, 10);
        EXPECT_EQ(ids_of(leased), prepared.ids);
        EXPECT_EQ(attempts_of(leased), (std::vector<std::uint32_t>{1, 1, 1}));
        EXPECT_EQ(acknowledge_by(other, leased), all(prepared.ids, acknowledged));
      });
}

TEST_F(JobsTest, JobWhoseStartFailsRunsOrCanBeStarted) {
  for (const Fault fault : {Fault::dies_before, Fault::dies_after, Fault::answer_lost}) {
    SCOPED_TRACE("fault " + std::to_string(static_cast<int>(fault)));
    tenant = Tenant{"acme" + std::to_string(static_cast<int>(fault))};
    const auto failing = visit_node(), other = visit_node();
    manage(*other);
    accept(3, static_cast<std::size_t>(fault) * 3);
    bool reached = false;
    fail_at(*failing, 0, fault, reached);
    EXPECT_FALSE(try_purge(*failing).ok());
    EXPECT_TRUE(reached);
    const auto again = try_purge(*other);
    if (fault == Fault::dies_before) {
      EXPECT_TRUE(again.ok());
    } else {
      ASSERT_FALSE(again.ok());
      EXPECT_EQ(again.error().code, ErrorCode::conflict) << "it runs";
    }
    EXPECT_TRUE(work_on_jobs(*other).ok());
    EXPECT_TRUE(entries(*other).empty());
  }
}

TEST_F(JobsTest, NodeLeavesAJobToTheOneThatHasClaimedItAndTakesItOverLater) {
  const auto one = visit_node(), two = visit_node();
  manage(*one);
  accept(150);
  const Job started = try_purge(*one).value();
  // The first node dies after its first turn.
  int saved = 0;
  one->caller.answer_instead = [&](ApiCall, const boost::json::object& body) -> std::optional<CallResult> {
    saved += writes(body, "jobs") ? 1 : 0;
    if (saved > 3) return CallError{CallError::Kind::unavailable, "the node is dead", {}};
    return std::nullopt;
  };
  EXPECT_FALSE(work_on_jobs(*one).ok());
  const std::uint64_t done = job(*two, started.id)->done;
  EXPECT_GT(done, 0U);
  EXPECT_TRUE(work_on_jobs(*two).ok());
  EXPECT_EQ(job(*two, started.id)->done, done) << "it is another node's";
  EXPECT_EQ(finish(*two, started.id).done, 150U);
  EXPECT_TRUE(entries(*two).empty());
}

TEST_F(JobsTest, TwoNodesThatWorkOnOneJobAtOnceDoNothingTwice) {
  visit_config.jobs.claimed_for = 0ms;
  const auto one = visit_node(), two = visit_node();
  manage(*one);
  const Ids ids = accept(60);
  acknowledge_by(*one, lease(*one, 60));
  const Job started = try_replay(*one).value();
  {
    std::jthread thread([&] { EXPECT_TRUE(work_on_jobs(*one).ok()); });
    EXPECT_TRUE(work_on_jobs(*two).ok());
  }
  EXPECT_TRUE(work_on_jobs(*two).ok());
  EXPECT_EQ(job(*two, started.id)->state, Job::State::done);
  EXPECT_LE(job(*two, started.id)->done, 60U);
  EXPECT_EQ(ids_of(entries(*two)), ids);
  EXPECT_EQ(lease_all(*two), ids);
}

TEST_F(JobsTest, ConsumersBesideAReplayLoseNothingAndHoldNothingTwice) {
  const auto worker = visit_node(), consumer = visit_node();
  manage(*worker);
  const Ids ids = accept(40);
  std::atomic<bool> stop = false;
  {
    std::jthread consuming([&] {
      while (!stop) {
        const Leased leased = lease(*consumer, 7);
        std::set<EventId> distinct;
        for (const EventId& id : ids_of(leased)) EXPECT_TRUE(distinct.insert(id).second);
        if (leased.outcome != Leased::Outcome::leased) continue;
        for (const EntryResult& result : acknowledge_by(*consumer, leased)) EXPECT_EQ(result.status, acknowledged);
      }
    });
    std::uint64_t replayed = 0;
    for (int round = 0; round < 4; ++round) replayed += finish(*worker, try_replay(*worker).value().id).done;
    EXPECT_GT(replayed, 0U);
    stop = true;
  }
  const std::size_t waiting = entries(*worker).size();
  std::uint64_t last = finish(*worker, try_replay(*worker).value().id).done;
  EXPECT_EQ(waiting + last, ids.size()) << "each event is in the inbox once, or was put there";
  EXPECT_EQ(ids_of(entries(*worker)), ids);
  EXPECT_EQ(lease_all(*worker), ids);
}

TEST_F(JobsTest, ConsumersBesideAPurgeLeaveNothingBehind) {
  const auto worker = visit_node(), consumer = visit_node();
  manage(*worker);
  for (int round = 0; round < 3; ++round) {
    accept(40, static_cast<std::size_t>(round) * 40);
    const Job started = try_purge(*worker).value();
    std::uint64_t acknowledged_entries = 0;
    {
      std::jthread consuming([&] {
        for (;;) {
          const Leased leased = lease(*consumer, 7);
          if (leased.outcome != Leased::Outcome::leased) break;
          for (const EntryResult& result : acknowledge_by(*consumer, leased)) {
            EXPECT_TRUE(result.status == acknowledged || result.status == not_found);
            acknowledged_entries += result.status == acknowledged ? 1 : 0;
          }
        }
      });
      EXPECT_TRUE(work_on_jobs(*worker).ok());
    }
    const auto ended = job(*worker, started.id);
    EXPECT_EQ(ended->state, Job::State::done);
    EXPECT_EQ(ended->done + acknowledged_entries, 40U) << "each entry left once";
    EXPECT_TRUE(entries(*worker).empty());
  }
}

TEST_F(JobsTest, InboxHasOneJobATimeAndATenantTen) {
  const auto node = visit_node();
  manage(*node);
  EXPECT_TRUE(try_purge(*node).ok());
  EXPECT_EQ(try_replay(*node).error().code, ErrorCode::conflict);
  for (std::uint64_t number = 1; number < dynamo::running_jobs_of_tenant_max; ++number) {
    inbox.number = number;
    EXPECT_TRUE(try_purge(*node).ok());
  }
  inbox.number = dynamo::running_jobs_of_tenant_max;
  EXPECT_EQ(try_purge(*node).error().code, ErrorCode::share_used);
  // The other inboxes do not exist: their jobs end with them.
  EXPECT_TRUE(work_on_jobs(*node).ok());
  EXPECT_TRUE(try_purge(*node).ok());
  tenant = Tenant{"other"};
  EXPECT_TRUE(try_purge(*node).ok());
}

}  // namespace
}  // namespace triggers::store
