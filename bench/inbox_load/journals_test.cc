#include "journals.h"

#include <gtest/gtest.h>

namespace triggers::bench {
namespace {

using std::chrono::milliseconds;

Time at(int ms) { return Time{} + std::chrono::seconds{1} + milliseconds{ms}; }

/// Events that went the whole way: sent at 0 ms, accepted at 2, received at 5 and acknowledged at 10.
struct Journals {
  std::vector<SentEvent> sent;
  std::vector<ReceivedEvent> received;

  explicit Journals(std::size_t events)
      : sent(events, {.sent = at(0), .accepted = at(2)}),
        received(events, {.received = at(5), .acknowledged = at(10), .receipts = 1, .acknowledgements = 1}) {}

  [[nodiscard]] Account judged(Time from = at(0), Time to = at(1000)) const { return judge(sent, received, from, to); }
};

TEST(Journals, WithoutFaultAreComplete) {
  const Account account = Journals(100).judged();
  EXPECT_TRUE(account.complete());
  EXPECT_EQ(account.sent, 100U);
  EXPECT_EQ(account.accepted, 100U);
  EXPECT_EQ(account.received, 100U);
  EXPECT_EQ(account.acknowledged, 100U);
}

TEST(Journals, EachFaultIsCountedOnce) {
  Journals journals(10);
  journals.sent[0].accepted = Time{};
  journals.received[0] = {};
  journals.received[1] = {};
  journals.received[2].receipts = 2;
  journals.received[3].acknowledgements = 0;
  journals.received[4].acknowledgements = 2;
  journals.sent[5].accepted = Time{};
  const Account account = journals.judged();
  EXPECT_FALSE(account.complete());
  EXPECT_EQ(account.unanswered, 2U);  // 0 and 5
  EXPECT_EQ(account.lost, 1U);
  EXPECT_EQ(account.twice, 1U);
  EXPECT_EQ(account.unacknowledged, 1U);
  EXPECT_EQ(account.acknowledged_twice, 1U);
  EXPECT_EQ(account.unaccepted, 1U);
}

TEST(Journals, AnyFaultAloneIsIncomplete) {
  for (const auto fault : {&Account::unanswered, &Account::lost, &Account::twice, &Account::unacknowledged,
                           &Account::acknowledged_twice, &Account::unaccepted}) {
    Account account;
    EXPECT_TRUE(account.complete());
    account.*fault = 1;
    EXPECT_FALSE(account.complete());
  }
}

TEST(Journals, EventsBehindTheEndOfTheReceivedAreLost) {
  Journals journals(10);
  journals.received.resize(7);
  EXPECT_EQ(journals.judged().lost, 3U);
}

TEST(Journals, RateCountsWhatWasAcknowledgedInTime) {
  Journals journals(10);
  journals.received[8].acknowledged = at(499);
  journals.received[9].acknowledged = at(500);
  EXPECT_DOUBLE_EQ(journals.judged(at(0), at(500)).events_per_second, 18);
}

TEST(Journals, LatenciesAreOfEventsAcceptedInTime) {
  Journals journals(100);
  journals.sent[0].accepted = at(-1);
  journals.received[0].received = at(900);  // accepted before the measured time
  const Account account = journals.judged();
  EXPECT_NEAR(account.from_sent.p50_ms, 5, 0.05);
  EXPECT_NEAR(account.from_accepted.p50_ms, 3, 0.03);
  EXPECT_NEAR(account.from_accepted.p99_ms, 3, 0.03);
}

TEST(Journals, ReceiptBeforeThePromiseCountsAsZero) {
  Journals journals(4);
  for (int i = 0; i < 3; ++i) journals.received[static_cast<std::size_t>(i)].received = at(1);
  const Account account = journals.judged();
  EXPECT_DOUBLE_EQ(account.early_share, 0.75);
  EXPECT_EQ(account.from_accepted.p50_ms, 0);
  EXPECT_NEAR(account.from_accepted.p99_ms, 3, 0.03);
}

}  // namespace
}  // namespace triggers::bench
