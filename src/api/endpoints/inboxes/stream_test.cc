// GET /inboxes/{name}/stream: what it sends, where it continues, and what ends it.

#include <gmock/gmock.h>

#include "api/endpoints/inboxes/test_waiting.h"
#include "http/wire/event_stream.h"

namespace triggers::api {
namespace {

using Reason = Cancellation::Reason;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

class StreamOfEntries : public WaitingTest {
 protected:
  /// The ids of the events in what was sent, and its last place.
  Strings read(StartedRequest& stream) {
    http::EventStreamReader reader(1024 * 1024);
    std::vector<http::StreamMessage> messages;
    EXPECT_TRUE(reader.feed(stream.sent(), messages));
    if (!reader.last_id().empty()) place_ = reader.last_id();
    Strings ids;
    for (const auto& message : messages) {
      EXPECT_EQ(message.type, "");
      ids.emplace_back(boost::json::parse(message.data).at("event_id").as_string());
    }
    return ids;
  }
  std::string place_;
};

TEST_F(StreamOfEntries, BeginsWithWhatComesFromNowOn) {
  send(2);
  auto stream = start_stream();
  ASSERT_NE(stream.seen(), nullptr);
  EXPECT_EQ(stream.seen()->status(), 200U);
  EXPECT_EQ(stream.seen()->response.content_type, "text/event-stream");
  EXPECT_EQ(stream.seen()->header("Cache-Control"), "no-store");
  EXPECT_EQ(read(stream), Strings{});
  EXPECT_NE(place_, "");
  const auto one = send(1);
  EXPECT_EQ(read(stream), one);
  const auto two = send(2);
  EXPECT_EQ(read(stream), two);
  EXPECT_FALSE(stream.ended());
}

TEST_F(StreamOfEntries, ContinuesBehindTheLastPlace) {
  auto first = start_stream();
  read(first);
  first.caller().end(Reason::gone);
  EXPECT_TRUE(first.ended());
  // Also before the first event.
  const auto missed = send(3);
  auto second = start_stream("", place_);
  EXPECT_EQ(read(second), missed);
  second.caller().end(Reason::gone);
  const auto more = send(1);
  auto third = start_stream("", place_);
  EXPECT_EQ(read(third), more);
}

TEST_F(StreamOfEntries, ContinuesBehindAPage) {
  send(1);
  const auto cursor = get("/inboxes/default/events").json().at("pagination").at("next_cursor");
  const auto sent = send(1);
  auto stream = start_stream("", std::string(cursor.as_string()));
  EXPECT_EQ(read(stream), sent);
  const auto page = get("/inboxes/default/events?cursor=" + place_);
  EXPECT_EQ(page.status(), 200U);
  EXPECT_TRUE(ids(page).empty());
}

TEST_F(StreamOfEntries, LongBacklogComesInPieces) {
  auto stream = start_stream();
  read(stream);
  const auto place = place_;
  stream.caller().end(Reason::gone);
  const auto sent = send(130);
  auto behind = start_stream("", place);
  EXPECT_EQ(read(behind), sent);
}

TEST_F(StreamOfEntries, SendsOnlyTheTypeThatWasAskedFor) {
  auto stream = start_stream("?event_type=a");
  read(stream);
  send(1, "b");
  EXPECT_EQ(read(stream), Strings{});
  const auto sent = send(1, "a");
  EXPECT_EQ(read(stream), sent);
  // Its places are not those of another type.
  EXPECT_EQ(start_stream("?event_type=b", place_).seen()->detail("field"), "Last-Event-ID");
}

TEST_F(StreamOfEntries, CommentComesWhileNothingElseDoes) {
  auto stream = start_stream();
  read(stream);
  EXPECT_LE(stream.caller().patience(), seconds{15});
  EXPECT_GE(stream.caller().patience(), seconds{13});
  stream.caller().time_is_over();
  EXPECT_EQ(stream.sent(), ":\n\n");
  stream.caller().time_is_over();
  EXPECT_EQ(stream.sent(), ":\n\n");
  EXPECT_FALSE(stream.ended());
}

TEST_F(StreamOfEntries, CountsComeAtOnceAndWhenEntriesBecomeAvailable) {
  send(1);
  auto stream = start_stream("?signal=true");
  EXPECT_THAT(stream.sent(),
              HasSubstr("event: counts\ndata: {\"available\":1,\"leased\":0,\"delayed\":0,\"dead\":0}\n\n"));
  send(1);
  EXPECT_THAT(stream.sent(), HasSubstr("\"available\":2"));
  // It pauses, and then sends what has changed meanwhile in one message.
  EXPECT_LE(stream.caller().patience(), milliseconds{250});
  send(2);
  EXPECT_EQ(stream.sent(), "");
  stream.caller().time_is_over();
  EXPECT_THAT(stream.sent(), HasSubstr("\"available\":4"));
}

TEST_F(StreamOfEntries, EntryThatComesBackIsSignalledThoughTheCountsAreTheSame) {
  send(1);
  auto stream = start_stream("?signal=true");
  EXPECT_THAT(stream.sent(), HasSubstr("\"available\":1"));
  const auto leased = post("/inboxes/default/lease", "{}");
  EXPECT_EQ(stream.sent(), "");
  post("/inboxes/default/release", R"({"lease_id":")" + leased.text("lease_id") + "\"}");
  EXPECT_THAT(stream.sent(), HasSubstr("\"available\":1"));
}

TEST_F(StreamOfEntries, LineBreaksOfAPayloadEndNoField) {
  auto stream = start_stream();
  read(stream);
  service().post(creator_, "t", "{\n\"a\"\r\n:\r1}");
  const auto text = stream.sent();
  EXPECT_THAT(text, HasSubstr(R"({ "a"  : 1})"));
  EXPECT_EQ(text.find('\r'), std::string::npos);
}

TEST_F(StreamOfEntries, SlowClientGetsTheNextPieceWhenItHasReadTheLast) {
  auto stream = start_stream();
  read(stream);
  stream.stops_reading();
  auto sent = send(1);
  EXPECT_EQ(stream.sent(), "");
  for (const auto& id : send(5)) sent.push_back(id);
  EXPECT_EQ(stream.sent(), "");
  stream.reads_again();
  EXPECT_EQ(read(stream), sent);
}

TEST_F(StreamOfEntries, EndsWhenTheClientLeavesAndWhenTheServerStops) {
  for (const Reason reason : {Reason::gone, Reason::stopping}) {
    auto stream = start_stream();
    EXPECT_EQ(waiting(), 1U);
    EXPECT_EQ(service().streams.taken(), 1U);
    stream.caller().end(reason);
    EXPECT_TRUE(stream.ended());
    EXPECT_EQ(waiting(), 0U);
    EXPECT_EQ(service().streams.taken(), 0U);
  }
}

TEST_F(StreamOfEntries, RevokedKeySeesNoFurtherEvent) {
  auto stream = start_stream();
  read(stream);
  revoke_viewer();
  send(1);
  EXPECT_EQ(stream.sent(), "");
  EXPECT_TRUE(stream.ended());
}

TEST_F(StreamOfEntries, RevokedKeyIsFoundThoughNothingComes) {
  auto stream = start_stream();
  auto counts = start_stream("?signal=true");
  read(stream);
  counts.sent();
  revoke_viewer();
  for (auto* open : {&stream, &counts}) {
    open->caller().time_is_over();
    EXPECT_EQ(open->sent(), "");
    EXPECT_TRUE(open->ended());
  }
}

TEST_F(StreamOfEntries, RemovedInboxEndsTheStream) {
  put("billing", "{}");
  auto stream = start_stream("", "", "billing"), counts = start_stream("?signal=true", "", "billing");
  EXPECT_FALSE(stream.ended());
  EXPECT_FALSE(counts.ended());
  remove("billing");
  EXPECT_TRUE(stream.ended());
  EXPECT_TRUE(counts.ended());
  EXPECT_EQ(start_stream("", "", "billing").seen()->status(), 404U);
}

TEST_F(StreamOfEntries, RemovedInboxThatIsMadeAgainAtOnceEndsTheStream) {
  put("billing", "{}");
  auto stream = start_stream("", "", "billing"), counts = start_stream("?signal=true", "", "billing");
  EXPECT_FALSE(stream.ended());
  EXPECT_FALSE(counts.ended());
  remove("billing");
  put("billing", "{}");
  EXPECT_TRUE(stream.ended());
  EXPECT_TRUE(counts.ended());
}

TEST_F(StreamOfEntries, PlaceInADeletedInboxIsNotOneInItsSuccessor) {
  put("billing", "{}");
  auto stream = start_stream("", "", "billing");
  read(stream);
  remove("billing");
  put("billing", "{}");
  auto refused = start_stream("", place_, "billing");
  EXPECT_EQ(refused.seen()->status(), 400U);
  EXPECT_EQ(refused.seen()->detail("field"), "Last-Event-ID");
  EXPECT_EQ(service().streams.taken(), 0U);
}

TEST_F(StreamOfEntries, ClientWithoutStreamsIsToldWhatToUse) {
  StartedRequest refused(*service().api, executor_, request(http::Method::get, "/inboxes/default/stream", viewer_),
                         false);
  ASSERT_NE(refused.seen(), nullptr);
  EXPECT_EQ(refused.seen()->status(), 501U);
  EXPECT_THAT(refused.seen()->text("message"), HasSubstr("/inboxes/default/events?wait=20"));
  EXPECT_EQ(get("/inboxes/default/stream").status(), 501U);
}

TEST_F(StreamOfEntries, WrongRequestsAreRefused) {
  EXPECT_EQ(start_stream("?signal=yes").seen()->detail("field"), "signal");
  EXPECT_EQ(start_stream("?limit=1").seen()->status(), 400U);
  EXPECT_EQ(start_stream("?signal=true&event_type=a").seen()->detail("field"), "event_type");
  EXPECT_EQ(start_stream("", "AQGi").seen()->detail("field"), "Last-Event-ID");
  put("other", "{}");
  auto stream = start_stream();
  read(stream);
  EXPECT_EQ(start_stream("", place_, "other").seen()->detail("field"), "Last-Event-ID");
  EXPECT_EQ(service().streams.taken(), 1U);
}

TEST_F(StreamOfEntries, TenantHasHalfOfThePlaces) {
  TestService few("streams-max", "2");
  const auto ask = [&](const std::string& tenant) {
    return request(http::Method::get, "/inboxes/default/stream", few.key(auth::Role::viewer, {}, tenant));
  };
  StartedRequest first(*few.api, executor_, ask("acme")), refused(*few.api, executor_, ask("acme"));
  StartedRequest others(*few.api, executor_, ask("other")), last(*few.api, executor_, ask("third"));
  EXPECT_EQ(first.seen()->status(), 200U);
  EXPECT_EQ(refused.seen()->status(), 429U);
  EXPECT_EQ(refused.seen()->detail("reason"), "too_many_streams");
  EXPECT_EQ(others.seen()->status(), 200U);
  EXPECT_EQ(last.seen()->status(), 503U);
  EXPECT_EQ(last.seen()->detail("reason"), "too_many_streams");
  for (auto* open : {&first, &others}) open->caller().end(Reason::gone);
  EXPECT_TRUE(first.ended());
  EXPECT_TRUE(others.ended());
  EXPECT_EQ(few.streams.taken(), 0U);
}

TEST_F(StreamOfEntries, BusyStoreIsAskedAgain) {
  auto stream = start_stream();
  read(stream);
  FairBudget::Share others(&service().answers, "others");
  EXPECT_TRUE(others.grow(service().config.answers_bytes_max));
  service().post(creator_, "t", R"({"a":")" + std::string(200 * 1024, 'x') + R"("})");
  EXPECT_EQ(stream.sent(), "");
  EXPECT_FALSE(stream.ended());
  EXPECT_LE(stream.caller().patience(), seconds{1});
  others.shrink(others.bytes());
  stream.caller().time_is_over();
  EXPECT_THAT(stream.sent(), HasSubstr("data: {"));
}

TEST_F(StreamOfEntries, StreamWithoutAPlaceToWaitLooksEverySecond) {
  TestService few("waiters-max", "1");
  const auto key = few.key();
  StartedRequest waits(*few.api, executor_, request(http::Method::get, "/inbox?wait=20", key));
  EXPECT_TRUE(waits.waits());
  StartedRequest stream(*few.api, executor_, request(http::Method::get, "/inboxes/default/stream", key));
  stream.sent();
  EXPECT_LE(stream.caller().patience(), seconds{1});
  few.post(key, "t", "{}");
  EXPECT_EQ(stream.sent(), "");
  stream.caller().time_is_over();
  EXPECT_THAT(stream.sent(), HasSubstr("data: {"));
  for (auto* open : {&waits, &stream}) open->caller().end(Reason::gone);
  EXPECT_TRUE(stream.ended());
}

}  // namespace
}  // namespace triggers::api
