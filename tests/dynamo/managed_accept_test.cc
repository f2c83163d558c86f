// Accepting events of a tenant with several inboxes: into all that take them or none, whatever call fails, is cut off
// or arrives late, and by the settings of the last answered change on every node.

#include <atomic>
#include <thread>

#include "dynamo/managed_fleet.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using dynamo::ApiCall;
using dynamo::CallError;
using dynamo::CallResult;
using dynamo::Repeat;
using Outcome = Appended::Outcome;
using Numbers = std::set<std::uint64_t>;

bool accepts(ApiCall api_call, const boost::json::object& body) {
  return api_call == ApiCall::transact_write_items && writes(body, "d#");
}

class ManagedAcceptTest : public ManagedFleetTest {
 protected:
  /// A node whose requests do not try for long.
  Node hurried_node() {
    auto hurried = config;
    hurried.timing.request_for = 500ms;
    return node(hurried);
  }
  /// A hundred inboxes, all of which take everything.
  void fill_with_inboxes() {
    for (int i = 1; i < 100; ++i) put(one_, named("inbox-" + std::to_string(i)));
  }
  /// Does `work` once, just before the first acceptance of `at` reaches DynamoDB.
  void before_accept(Node& at, std::function<void()> work) {
    at.caller->before = [done = false, work = std::move(work)](ApiCall api_call, const auto& body) mutable {
      if (done || !accepts(api_call, body)) return;
      done = true;
      std::jthread([&] { work(); }).join();
    };
  }
  /// The first acceptance of one_ is not made, and its outcome is unknown. late_ keeps it.
  void lose_first_accept() {
    one_.caller->lose_request = [this](ApiCall api_call, const boost::json::object& body) {
      if (late_ || !accepts(api_call, body)) return false;
      late_ = body;
      return true;
    };
  }
  bool arrives_late() { return sync_wait(real->call(ApiCall::transact_write_items, *late_, Repeat::once, 5s)).ok(); }

  Node one_ = node(), two_ = node();
  std::optional<boost::json::object> late_;
};

TEST_F(ManagedAcceptTest, EventIsOnceInTheLogAndInEachInboxThatTakesIt) {
  const auto first = put(one_, crm, {.filter = R"({"event_type":["a"]})"}).number;
  const auto second = put(one_, billing).number;
  const EventId a = append(one_, {.event_type = "a"}).id;
  const EventId b = append(two_, {.event_type = "b"}).id;
  EXPECT_EQ(log(), (std::map<EventId, Numbers>{{a, {0, first, second}}, {b, {0, second}}}));
  for (Node* at : {&one_, &two_}) {
    EXPECT_EQ(entries(*at, crm), Ids{a});
    EXPECT_EQ(entries(*at, billing).size(), 2U);
    EXPECT_EQ(paged(*at).size(), 2U);
    EXPECT_EQ(get(*at, b)->event_type, "b");
  }
}

TEST_F(ManagedAcceptTest, SmallEventIsCopiedIntoItsEntriesAndALargeOneIsNot) {
  put(one_, crm);
  Draft large = numbered(1);
  large.metadata = R"({"text":")" + std::string(2'000, 'x') + R"("})";
  append(one_, large);
  append(one_, numbered(2));
  Numbers copied;
  for (const auto& item : items("q#")) copied.insert(item.contains("p") ? 1U : 0U);
  EXPECT_EQ(copied, (Numbers{0, 1}));
  const Page seen = page(two_);
  ASSERT_EQ(seen.events.size(), 2U);
  EXPECT_EQ(seen.events[0].metadata, large.metadata);
  EXPECT_EQ(seen.events[1].payload, numbered(2).payload);
  EXPECT_EQ(lease(two_, 1, crm).events.at(0).event.metadata, large.metadata);
}

TEST_F(ManagedAcceptTest, EventThatNoInboxTakesIsInTheLog) {
  put(one_, {}, {.collect = false});
  const EventId id = append(one_, numbered(1)).id;
  EXPECT_EQ(log(), (std::map<EventId, Numbers>{{id, {}}}));
  EXPECT_TRUE(items("d#").at(0).contains("x"));
  EXPECT_TRUE(get(two_, id));
  EXPECT_FALSE(get(two_, id)->acknowledged_at);
  EXPECT_TRUE(paged(two_).empty());
  EXPECT_EQ(append(two_, numbered(1)).outcome, Outcome::duplicate);
}

TEST_F(ManagedAcceptTest, ChangeAppliesToAllThatIsAcceptedAfterItsAnswerOnEveryNode) {
  std::size_t number = 0;
  append(two_, numbered(number++));  // It knows that the tenant is plain.
  put(one_, crm);
  EventId expected = append(two_, numbered(number++)).id;
  EXPECT_EQ(entries(one_, crm), Ids{expected});
  for (int round = 0; round < 5; ++round) {
    append(two_, numbered(number++));
    put(one_, crm, {.collect = false});
    const auto without = append(two_, numbered(number++)).id;
    EXPECT_FALSE(log().at(without).contains(1)) << round;
    put(one_, crm);
    const auto with = append(two_, numbered(number++)).id;
    EXPECT_TRUE(log().at(with).contains(1)) << round;
  }
}

TEST_F(ManagedAcceptTest, OfEqualEventsThatRaceOnTwoNodesOneIsAccepted) {
  put(one_, crm);
  std::atomic<int> accepted{0};
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 6; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < 6; ++i) {
          accepted += append(thread % 2 == 0 ? one_ : two_, numbered(1)).outcome == Outcome::accepted ? 1 : 0;
        }
      });
    }
  }
  EXPECT_EQ(accepted, 1);
  EXPECT_EQ(log().size(), 1U);
  EXPECT_EQ(entries(one_, crm).size(), 1U);
}

/// What happens to one call of an accept, and to all after it.
enum class Fault : std::uint8_t {
  refused,      ///< It is not made, and its caller knows.
  cut,          ///< It is not made, and its caller does not know.
  unanswered,   ///< It is made, and its caller does not know.
  dies_before,  ///< It is not made, nor is any call after it.
  dies_after,   ///< It is made; no call after it is.
};

class ManagedFaultsTest : public ManagedAcceptTest, public testing::WithParamInterface<Fault> {
 protected:
  /// Lets the calls of `dying` from its `which`-th on fail. False: it does not make so many.
  bool append_with_fault(const Draft& draft, int which) {
    Node dying = hurried_node();
    page(dying);  // It knows the shards and the settings.
    int calls = 0;
    const auto after = [&](int call) { return call > which; };
    dying.caller->before = [&](ApiCall, const auto&) {
      clock.advance(30ms);
    };  // Or it would ask for as long as it may.
    dying.caller->lose_request = [&](ApiCall, const auto&) {
      const int call = calls++;
      const bool dead = GetParam() == Fault::dies_before || GetParam() == Fault::dies_after;
      return (call == which && (GetParam() == Fault::cut || GetParam() == Fault::dies_before)) || (dead && after(call));
    };
    dying.caller->answer_instead = [&](ApiCall, const auto&) -> std::optional<CallResult> {
      if (calls - 1 != which || GetParam() != Fault::refused) return {};
      return CallError{CallError::Kind::unavailable, "refused by the test", {}};
    };
    dying.caller->lose_answer = [&](ApiCall, const auto&) {
      return calls - 1 == which && (GetParam() == Fault::unanswered || GetParam() == Fault::dies_after);
    };
    const auto answer = try_append(dying, draft);
    const bool told = answer && answer->outcome == Outcome::accepted;
    // Whoever was told so finds it in all inboxes at once.
    EXPECT_TRUE(!told || log().at(answer->id).size() == inboxes_);
    return calls > which;
  }
  void expect_whole_after(const Draft& draft) {
    log();  // Nothing is there by half.
    const auto again = append(two_, draft);
    EXPECT_EQ(log().at(again.id).size(), inboxes_);
    EXPECT_EQ(append(one_, draft).id, again.id);
  }

  std::size_t inboxes_ = 0;
};

TEST_P(ManagedFaultsTest, EventIsInAllInboxesOrInNoneAndOnceIfItIsSentAgain) {
  put(one_, crm);
  put(one_, billing);
  inboxes_ = 3;
  std::size_t events = 0;
  for (int which = 0; which < 12; ++which) {
    Draft draft = numbered(events);
    if (which % 2 == 1) draft.idempotency_key = "key " + std::to_string(events);
    ++events;
    append_with_fault(draft, which / 2);
    expect_whole_after(draft);
  }
  EXPECT_EQ(log().size(), events);
  EXPECT_EQ(entries(two_, crm).size(), events);
  EXPECT_EQ(entries(two_, billing).size(), events);
  EXPECT_EQ(paged(two_).size(), events);
}

TEST_P(ManagedFaultsTest, EventForAHundredInboxesIsInAllBeforeAnybodyIsTold) {
  fill_with_inboxes();
  inboxes_ = 100;
  bool more = true;
  std::size_t events = 0;
  for (int which = 0; more && which < 8; ++which) {
    const Draft draft = numbered(events++);
    more = append_with_fault(draft, which);
    // Half of the time a consumer meets it first, then the sender.
    if (which % 2 == 0) {
      for (const EventId& id : entries(two_, named("inbox-7"))) EXPECT_EQ(log().at(id).size(), inboxes_);
    }
    expect_whole_after(draft);
  }
  EXPECT_FALSE(more);
  EXPECT_EQ(log().size(), events);
}

std::string name_of(const testing::TestParamInfo<Fault>& info) {
  switch (info.param) {
    case Fault::refused: return "Refused";
    case Fault::cut: return "Cut";
    case Fault::unanswered: return "Unanswered";
    case Fault::dies_before: return "DiesBefore";
    case Fault::dies_after: return "DiesAfter";
  }
  return "";
}

INSTANTIATE_TEST_SUITE_P(Faults, ManagedFaultsTest,
                         testing::Values(Fault::refused, Fault::cut, Fault::unanswered, Fault::dies_before,
                                         Fault::dies_after),
                         name_of);

TEST_F(ManagedAcceptTest, AcceptThatArrivesAfterItsRepetitionDoesNothing) {
  put(one_, crm);
  lose_first_accept();
  const auto answer = append(one_, numbered(1));
  EXPECT_EQ(answer.outcome, Outcome::accepted);
  EXPECT_EQ(lease(two_, 1, crm).events.size(), 1U);
  EXPECT_EQ(acknowledge(two_, answer.id), AckStatus::acknowledged);
  arrives_late();
  (*late_)["ClientRequestToken"] = dynamo::request_token();  // As after the ten minutes for which DynamoDB knows one.
  EXPECT_FALSE(arrives_late());
  EXPECT_TRUE(paged(two_).empty());
  EXPECT_TRUE(get(two_, answer.id)->acknowledged_at);
  EXPECT_EQ(lease(two_, 1, crm).outcome, Leased::Outcome::nothing);
}

TEST_F(ManagedAcceptTest, AcceptThatArrivesAfterItsIdWasFencedOffDoesNothing) {
  put(one_, crm);
  // The writer claims the content, and its acceptance is on its way for long.
  one_.caller->lose_request = [&](ApiCall api_call, const boost::json::object& body) {
    if (!accepts(api_call, body)) return false;
    if (!late_) late_ = body;
    clock.advance(1s);
    return true;
  };
  EXPECT_EQ(try_append(one_, numbered(1)).error().code, ErrorCode::unavailable);
  const auto other = append(two_, numbered(1));
  EXPECT_EQ(other.outcome, Outcome::accepted);
  EXPECT_FALSE(arrives_late());
  EXPECT_EQ(log().size(), 1U);
  EXPECT_EQ(entries(two_, crm), Ids{other.id});
}

TEST_F(ManagedAcceptTest, SlowWriterIsFencedOffAndItsEventIsStoredOnce) {
  put(one_, crm);
  std::optional<Appended> other;
  before_accept(one_, [&] {
    clock.advance(1'500ms);
    other = append(two_, numbered(1));
  });
  const auto answer = append(one_, numbered(1));
  EXPECT_EQ(other->outcome, Outcome::accepted);
  EXPECT_EQ(answer.outcome, Outcome::duplicate);
  EXPECT_EQ(answer.id, other->id);
  EXPECT_EQ(log().size(), 1U);
}

TEST_F(ManagedAcceptTest, EventThatAnotherNodeFinishedAndThatWasAcknowledgedDoesNotComeBackWithItsFirstWriter) {
  put(one_, crm);
  std::optional<Appended> other;
  before_accept(one_, [&] {
    other = append(two_, numbered(1));
    EXPECT_EQ(acknowledge(two_, other->id), AckStatus::acknowledged);
  });
  const auto answer = append(one_, numbered(1));
  EXPECT_EQ(other->outcome, Outcome::accepted);
  EXPECT_EQ(answer.outcome, Outcome::duplicate);
  EXPECT_EQ(answer.id, other->id);
  EXPECT_TRUE(paged(one_).empty());
  EXPECT_EQ(entries(one_, crm), Ids{answer.id});
}

TEST_F(ManagedAcceptTest, NodesThatFinishTheRestOfOneEventAtOnceWriteItOnce) {
  fill_with_inboxes();
  Node dying = hurried_node();
  dying.caller->lose_request = [wrote = false](ApiCall api_call, const auto& body) mutable {
    return std::exchange(wrote, wrote || accepts(api_call, body));
  };
  EXPECT_FALSE(try_append(dying, numbered(1)));
  ASSERT_EQ(items("d#").size(), 1U);
  ASSERT_TRUE(items("d#")[0].contains("u"));
  const auto id = EventId::from_bytes(*dynamo::bytes_of(items("d#")[0], "i"));
  {
    std::vector<std::jthread> threads;
    for (Node* at : {&one_, &two_, &one_, &two_}) {
      threads.emplace_back([&, at] { EXPECT_EQ(append(*at, numbered(1)).outcome, Outcome::duplicate); });
    }
  }
  EXPECT_EQ(log().at(id).size(), 100U);
  EXPECT_EQ(entries(two_, named("inbox-99")), Ids{id});
}

TEST_F(ManagedAcceptTest, LargestEventFitsBesideAHundredInboxes) {
  fill_with_inboxes();
  Draft draft;
  draft.payload = R"({"text":")" + std::string(400 * 1024 - 2'048 - 13 - 11, 'x') + R"("})";
  const auto stored = append(one_, draft);
  EXPECT_EQ(stored.outcome, Outcome::accepted);
  EXPECT_EQ(get(two_, stored.id)->payload, draft.payload);
  EXPECT_EQ(page(two_).events.at(0).payload, draft.payload);
  EXPECT_EQ(lease(two_, 1, named("inbox-50")).events.at(0).event.payload, draft.payload);
}

TEST_F(ManagedAcceptTest, BatchIsAcceptedEventByEvent) {
  put(one_, crm, {.filter = R"({"payload":{"number":[{"numeric":[">=",3]}]}})"});
  std::vector<Draft> drafts;
  for (std::size_t i = 0; i < 6; ++i) drafts.push_back(numbered(i));
  drafts.push_back(numbered(3));
  const auto answers = append_batch(one_, drafts);
  EXPECT_EQ(answers[6]->outcome, Outcome::duplicate);
  EXPECT_EQ(log().size(), 6U);
  EXPECT_EQ(entries(two_, crm).size(), 3U);
}

TEST_F(ManagedAcceptTest, LargeEventsArePagedWithinTheBoundsOfAPage) {
  put(one_, crm);
  Ids ids;
  for (std::size_t i = 0; i < 40; ++i) {
    Draft draft = numbered(i);
    draft.metadata = R"({"text":")" + std::string(250'000, 'x') + R"("})";
    ids.push_back(append(one_, draft).id);
  }
  clock.advance(10s);
  Ids seen;
  PageQuery query{.limit = 200};
  for (int pages = 1;; ++pages) {
    const Page next = page(two_, query);
    for (const auto& event : next.events) {
      EXPECT_GT(event.metadata.size(), 250'000U);
      seen.push_back(event.id);
    }
    if (!next.has_more) {
      EXPECT_EQ(pages, 2);
      break;
    }
    query.after = next.next_after;
  }
  EXPECT_EQ(seen, ids);
  query = {.order = PageOrder::newest_first, .limit = 3};
  EXPECT_EQ(page(two_, query).events.at(0).id, ids.back());
}

}  // namespace
}  // namespace triggers::store
