// Requests that wait: what wakes them, what ends them, and how many there may be. Streams are in stream_test.cc.

#include <gmock/gmock.h>

#include "api/endpoints/inboxes/test_waiting.h"

namespace triggers::api {
namespace {

using Reason = Cancellation::Reason;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr milliseconds slack{2000};  // How long the machine may take.

TEST_F(WaitingTest, LeaseWaitsForAnEvent) {
  auto lease = start_lease();
  EXPECT_TRUE(lease.waits());
  EXPECT_LE(lease.caller().patience(), seconds{20});
  EXPECT_GE(lease.caller().patience(), seconds{20} - slack);
  EXPECT_EQ(waiting(), 1U);
  const auto sent = send(1);
  ASSERT_NE(lease.seen(), nullptr);
  EXPECT_EQ(lease.seen()->status(), 200U);
  EXPECT_EQ(ids(*lease.seen()), sent);
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(WaitingTest, LeaseThatFindsSomethingDoesNotWait) {
  send(1);
  auto lease = start_lease();
  ASSERT_NE(lease.seen(), nullptr);
  EXPECT_EQ(ids(*lease.seen()).size(), 1U);
}

TEST_F(WaitingTest, LeaseWithoutAWaitAnswersAtOnce) {
  for (const std::string body : {"", "{}", R"({"wait_seconds":0})"}) {
    auto lease = start_lease(body);
    ASSERT_NE(lease.seen(), nullptr) << body;
    EXPECT_EQ(lease.seen()->text("lease_id"), "null");
  }
}

TEST_F(WaitingTest, EndOfTheTimeAndOfTheServerAnswerThatNothingIsThere) {
  for (const Reason reason : {Reason::timeout, Reason::stopping}) {
    auto lease = start_lease();
    auto page = start_get("/inbox?wait=20");
    auto entries = start_get("/inboxes/default/events?wait=20");
    for (auto* started : {&lease, &page, &entries}) {
      EXPECT_TRUE(started->waits());
      started->caller().end(reason);
      ASSERT_NE(started->seen(), nullptr);
      EXPECT_EQ(started->seen()->status(), 200U);
      EXPECT_TRUE(ids(*started->seen()).empty());
    }
    EXPECT_EQ(waiting(), 0U);
  }
}

TEST_F(WaitingTest, ClientThatLeavesFreesItsPlaceAndLeasesNothing) {
  auto lease = start_lease();
  EXPECT_TRUE(lease.waits());
  lease.caller().end(Reason::gone);
  EXPECT_NE(lease.seen(), nullptr);
  EXPECT_EQ(waiting(), 0U);
  send(1);
  EXPECT_THAT(counts("default"), HasSubstr(R"("available":1)"));
}

TEST_F(WaitingTest, WakeOfAClientThatLeavesGoesToTheNext) {
  auto first = start_lease(), second = start_lease();
  EXPECT_TRUE(first.waits());
  EXPECT_TRUE(second.waits());
  send(1);
  // Woken, and gone before it has run.
  first.caller().end(Reason::gone);
  ASSERT_NE(second.seen(), nullptr);
  EXPECT_EQ(ids(*second.seen()).size(), 1U);
}

TEST_F(WaitingTest, PagesWaitForAnEvent) {
  auto page = start_get("/inbox?wait=20");
  auto alias = start_get("/events/inbox?wait=1");
  auto entries = start_get("/inboxes/default/events?wait=20&state=available");
  EXPECT_TRUE(page.waits());
  EXPECT_TRUE(alias.waits());
  EXPECT_TRUE(entries.waits());
  const auto sent = send(1);
  for (auto* started : {&page, &alias, &entries}) {
    ASSERT_NE(started->seen(), nullptr);
    EXPECT_EQ(ids(*started->seen()), sent);
  }
}

TEST_F(WaitingTest, PageBehindACursorWaitsForWhatComesBehindIt) {
  send(1);
  const auto cursor = start_get("/inboxes/default/events").seen()->json().at("pagination").at("next_cursor");
  auto entries = start_get("/inboxes/default/events?wait=20&cursor=" + std::string(cursor.as_string()));
  EXPECT_TRUE(entries.waits());
  const auto sent = send(1);
  ASSERT_NE(entries.seen(), nullptr);
  EXPECT_EQ(ids(*entries.seen()), sent);
}

TEST_F(WaitingTest, ReleasedEventEndsTheWaitOfAPageOfAvailableEntries) {
  send(1);
  const auto leased = post("/inboxes/default/lease", "{}");
  auto entries = start_get("/inboxes/default/events?wait=20&state=available");
  EXPECT_TRUE(entries.waits());
  post("/inboxes/default/release", R"({"lease_id":")" + leased.text("lease_id") + "\"}");
  ASSERT_NE(entries.seen(), nullptr);
  EXPECT_EQ(ids(*entries.seen()), ids(leased));
}

TEST_F(WaitingTest, PageThatFindsNothingAgainAndAgainLooksLessOften) {
  auto page = start_get("/inbox?wait=20&event_type=rare");
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(page.waits());
    EXPECT_GE(page.caller().patience(), seconds{10}) << i;
    send(1, "frequent");
  }
  // Now it pauses, whatever comes.
  EXPECT_TRUE(page.waits());
  EXPECT_LE(page.caller().patience(), milliseconds{250});
  send(1, "rare");
  EXPECT_TRUE(page.waits());
  page.caller().time_is_over();
  ASSERT_NE(page.seen(), nullptr);
  EXPECT_EQ(ids(*page.seen()).size(), 1U);
}

TEST_F(WaitingTest, WrongWaitIsRefused) {
  for (const std::string wait : {"31", "-1", "x", "1.5", ""}) {
    EXPECT_EQ(get("/inbox?wait=" + wait).status(), 400U) << wait;
    const auto refused = get("/inboxes/default/events?wait=" + wait);
    EXPECT_EQ(refused.status(), 400U);
    EXPECT_EQ(refused.detail("field"), "wait");
  }
  for (const std::string wait : {"31", "-1", "\"x\"", "1.5", "null"}) {
    const auto refused = post("/inboxes/default/lease", R"({"wait_seconds":)" + wait + "}");
    EXPECT_EQ(refused.status(), 400U) << wait;
    EXPECT_EQ(refused.detail("field"), "wait_seconds");
  }
  for (const std::string state : {"leased", "delayed", "dead"}) {
    EXPECT_EQ(get("/inboxes/default/events?wait=1&state=" + state).status(), 400U);
    EXPECT_EQ(get("/inboxes/default/events?wait=0&state=" + state).status(), 200U);
  }
}

TEST_F(WaitingTest, RequestWithoutAClientToWatchAnswersAtOnce) {
  EXPECT_EQ(post("/inboxes/default/lease", R"({"wait_seconds":30})").text("lease_id"), "null");
  EXPECT_EQ(get("/inbox?wait=30").status(), 200U);
}

TEST_F(WaitingTest, StoreThatCannotWaitSaysSo) {
  service().forget_inboxes();
  EXPECT_EQ(get("/inbox?wait=1").detail("field"), "wait");
  EXPECT_EQ(get("/inbox?wait=0").status(), 200U);
}

TEST_F(WaitingTest, RemovedInboxEndsTheWait) {
  put("billing", "{}");
  auto lease = start_lease(R"({"wait_seconds":20})", "billing");
  EXPECT_TRUE(lease.waits());
  remove("billing");
  ASSERT_NE(lease.seen(), nullptr);
  EXPECT_EQ(lease.seen()->status(), 404U);
  EXPECT_EQ(start_lease(R"({"wait_seconds":20})", "billing").seen()->status(), 404U);
}

TEST_F(WaitingTest, RemovedInboxThatIsMadeAgainAtOnceEndsTheWait) {
  put("billing", "{}");
  auto lease = start_lease(R"({"wait_seconds":20})", "billing");
  auto page = start_get("/inboxes/billing/events?wait=20");
  EXPECT_TRUE(lease.waits());
  EXPECT_TRUE(page.waits());
  remove("billing");
  put("billing", "{}");
  for (auto* const waiting : {&lease, &page}) {
    ASSERT_NE(waiting->seen(), nullptr);
    EXPECT_EQ(waiting->seen()->status(), 404U);
  }
}

TEST_F(WaitingTest, KeyThatIsRevokedMeanwhileGetsNothing) {
  auto page = start_get("/inbox?wait=20");
  EXPECT_TRUE(page.waits());
  revoke_viewer();
  send(1);
  ASSERT_NE(page.seen(), nullptr);
  EXPECT_EQ(page.seen()->status(), 403U);
  EXPECT_EQ(page.seen()->detail("reason"), "key_changed");
}

class FewPlaces : public WaitingTest {
 protected:
  FewPlaces() : WaitingTest() {}
  TestService few_{"waiters-max", "4"};
  std::string key_of(const std::string& tenant) { return few_.key(auth::Role::creator, {}, tenant); }
  StartedRequest wait(const std::string& key) {
    return {*few_.api, executor_, request(http::Method::get, "/inbox?wait=20", key)};
  }
};

TEST_F(FewPlaces, TenantHasHalfOfWhatTheOthersLeave) {
  const auto acme = key_of("acme"), other = key_of("other"), third = key_of("third");
  auto first = wait(acme), second = wait(acme), refused = wait(acme);
  EXPECT_TRUE(first.waits());
  EXPECT_TRUE(second.waits());
  ASSERT_NE(refused.seen(), nullptr);
  EXPECT_EQ(refused.seen()->status(), 429U);
  EXPECT_EQ(refused.seen()->detail("reason"), "too_many_waiters");
  EXPECT_EQ(refused.seen()->header("Retry-After"), "1");
  auto others = wait(other), thirds = wait(third), last = wait(key_of("last"));
  EXPECT_TRUE(others.waits());
  EXPECT_TRUE(thirds.waits());
  ASSERT_NE(last.seen(), nullptr);
  EXPECT_EQ(last.seen()->status(), 503U);
  EXPECT_EQ(last.seen()->detail("reason"), "too_many_waiters");
  EXPECT_EQ(few_.store->waiters().refused(), 2U);
  for (auto* started : {&first, &second, &others, &thirds}) started->caller().end(Reason::gone);
  executor_.run();
  EXPECT_EQ(few_.store->waiters().waiting(), 0U);
}

}  // namespace
}  // namespace triggers::api
