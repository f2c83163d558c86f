// Consuming over HTTP: pages of entries, leases, acknowledging, dead entries, jobs. What the store does is in
// tests/contract; here are the bodies and the answers.

#include <fmt/format.h>

#include "api/endpoints/inboxes/test_inboxes.h"
#include "base/sync_wait.h"
#include "base/timestamp.h"

namespace triggers::api {
namespace {

using namespace std::chrono_literals;
using http::Method;

TEST_F(InboxesTest, LeaseAnswersTheEventsAndWhenItEnds) {
  const auto ids = send(2);
  const Seen leased = post("/inboxes/default/lease", R"({"limit":1,"lease_seconds":60})");
  EXPECT_EQ(leased.status(), 200U);
  EXPECT_EQ(leased.text("leased_until"), format_timestamp(service_.clock.now() + 60s));
  EXPECT_TRUE(Uuid7::parse(leased.text("lease_id")));
  const std::string event = R"({"id":")" + ids[0] + R"(","event_id":")" + ids[0] + R"(","timestamp":")" +
                            format_timestamp(service_.clock.now()) +
                            R"(","event_type":"t","payload":{"n":0},"source":null,"metadata":null)";
  EXPECT_EQ(leased.response.body, R"({"lease_id":")" + leased.text("lease_id") + R"(","leased_until":")" +
                                      leased.text("leased_until") + R"(","events":[)" + event + ",\"attempt\":1}]}\n");
  const Seen rest = post("/inboxes/default/lease", "");
  EXPECT_EQ(this->ids(rest), Strings{ids[1]});
  EXPECT_EQ(rest.text("leased_until"), format_timestamp(service_.clock.now() + 30s));
  EXPECT_EQ(post("/inboxes/default/lease", "{}").response.body,
            "{\"lease_id\":null,\"leased_until\":null,\"events\":[]}\n");
  service_.clock.advance(30s);
  EXPECT_EQ(each(post("/inboxes/default/lease", "{}"), "events", "attempt"), Strings{"2"});
}

TEST_F(InboxesTest, LeaseIsAcknowledgedAsAWholeOrInPart) {
  const auto ids = send(3);
  const std::string lease = post("/inboxes/default/lease", "{}").text("lease_id");
  const Seen part = post("/inboxes/default/ack", R"({"lease_id":")" + lease + R"(","event_ids":[")" + ids[1] +
                                                     R"(","no id",")" + ids[1] + "\"]}");
  EXPECT_EQ(part.response.body,
            R"({"results":[{"event_id":")" + ids[1] +
                R"(","status":"acknowledged"},{"event_id":"no id","status":"not_found"},{"event_id":")" + ids[1] +
                R"(","status":"already_acknowledged"}]})" + "\n");
  const Seen rest = post("/inboxes/default/ack", R"({"lease_id":")" + lease + "\"}");
  EXPECT_EQ(each(rest, "results", "event_id"), (Strings{ids[0], ids[2]}));
  EXPECT_EQ(statuses(rest), (Strings{"acknowledged", "acknowledged"}));
  EXPECT_EQ(post("/inboxes/default/ack", R"({"lease_id":")" + lease + "\"}").response.body, "{\"results\":[]}\n");
  EXPECT_EQ(get("/events/" + ids[0]).text("delivered"), "true");
}

TEST_F(InboxesTest, EventsAreAcknowledgedWithoutALease) {
  put("crm", "{}");
  const auto ids = send(2);
  EXPECT_EQ(statuses(post("/inboxes/crm/ack", R"({"event_ids":)" + list({ids[0], ids[0], viewer_}) + "}")),
            (Strings{"acknowledged", "already_acknowledged", "not_found"}));
  EXPECT_EQ(counts("crm"), R"({"available":1,"leased":0,"delayed":0,"dead":0})");
  EXPECT_EQ(counts("default"), R"({"available":2,"leased":0,"delayed":0,"dead":0})");
  EXPECT_EQ(get("/events/" + ids[0]).text("delivered"), "false");
}

TEST_F(InboxesTest, EndedLeaseIsToldThatItIsLost) {
  const auto ids = send(1);
  const std::string lease = post("/inboxes/default/lease", "{}").text("lease_id");
  service_.clock.advance(30s);
  const std::string body = R"({"lease_id":")" + lease + R"(","event_ids":)" + list(ids);
  EXPECT_EQ(statuses(post("/inboxes/default/ack", body + "}")), Strings{"lease_lost"});
  EXPECT_EQ(statuses(post("/inboxes/default/release", body + "}")), Strings{"lease_lost"});
  const Seen extended = post("/inboxes/default/extend", body + R"(,"lease_seconds":5})");
  EXPECT_EQ(extended.response.body,
            R"({"results":[{"event_id":")" + ids[0] + R"(","status":"lease_lost"}],"leased_until":null})" + "\n");
}

TEST_F(InboxesTest, ReleasedEntryWaitsWithItsError) {
  const auto ids = send(2);
  const std::string lease = post("/inboxes/default/lease", "{}").text("lease_id");
  const Seen released =
      post("/inboxes/default/release", R"({"lease_id":")" + lease + R"(","event_ids":)" + list({ids[0]}) +
                                           R"(,"delay_seconds":60,"error":"no \"x\""})");
  EXPECT_EQ(statuses(released), Strings{"released"});
  EXPECT_EQ(counts("default"), R"({"available":0,"leased":1,"delayed":1,"dead":0})");
  const Seen delayed = get("/inboxes/default/events?state=delayed");
  EXPECT_EQ(this->ids(delayed), Strings{ids[0]});
  EXPECT_EQ(each(delayed, "events", "last_error"), Strings{"no \"x\""});
  EXPECT_EQ(each(delayed, "events", "last_error_at"), Strings{format_timestamp(service_.clock.now())});
  EXPECT_EQ(statuses(post("/inboxes/default/release", R"({"lease_id":")" + lease + "\"}")), Strings{"released"});
  EXPECT_EQ(counts("default"), R"({"available":1,"leased":0,"delayed":1,"dead":0})");
}

TEST_F(InboxesTest, ExtendedLeaseSaysItsNewEnd) {
  send(1);
  const std::string lease = post("/inboxes/default/lease", "{}").text("lease_id");
  const Seen extended = post("/inboxes/default/extend", R"({"lease_id":")" + lease + R"(","lease_seconds":43200})");
  EXPECT_EQ(statuses(extended), Strings{"extended"});
  EXPECT_EQ(extended.text("leased_until"), format_timestamp(service_.clock.now() + 12h));
}

TEST_F(InboxesTest, PagesShowEachStateAndGoOnWithTheirCursor) {
  const auto ids = send(6);
  change("default", R"({"max_attempts":1})");
  const std::string dead = post("/inboxes/default/lease", R"({"limit":2})").text("lease_id");
  post("/inboxes/default/release", R"({"lease_id":")" + dead + R"(","error":"broken"})");
  change("default", R"({"max_attempts":10})");
  const std::string delayed = post("/inboxes/default/lease", R"({"limit":1})").text("lease_id");
  post("/inboxes/default/release", R"({"lease_id":")" + delayed + R"(","delay_seconds":9})");
  post("/inboxes/default/lease", R"({"limit":1})");
  const auto page = [&](const std::string& query) { return get("/inboxes/default/events?" + query); };
  EXPECT_EQ(this->ids(page("state=dead")), (Strings{ids[0], ids[1]}));
  EXPECT_EQ(this->ids(page("state=delayed")), Strings{ids[2]});
  EXPECT_EQ(this->ids(page("state=leased")), Strings{ids[3]});
  EXPECT_EQ(this->ids(page("state=available")), (Strings{ids[4], ids[5]}));
  EXPECT_EQ(this->ids(page("state=undelivered")), this->ids(page("")));
  EXPECT_EQ(each(page(""), "events", "state"), (Strings{"delayed", "leased", "available", "available"}));
  EXPECT_EQ(each(page(""), "events", "attempts"), (Strings{"1", "1", "0", "0"}));
  EXPECT_EQ(each(page(""), "events", "last_error"), (Strings{"null", "null", "null", "null"}));
  EXPECT_EQ(page("").text("counts"), R"({"available":2,"leased":1,"delayed":1,"dead":2})");
  EXPECT_EQ(page("event_type=other").text("events"), "[]");

  const Seen first = page("limit=3");
  EXPECT_EQ(this->ids(first), (Strings{ids[2], ids[3], ids[4]}));
  const auto pagination = first.json().at("pagination");
  EXPECT_TRUE(pagination.at("has_more").as_bool());
  EXPECT_EQ(pagination.at("total_undelivered").as_int64(), 4);
  const std::string cursor(pagination.at("next_cursor").as_string());
  EXPECT_EQ(this->ids(page("limit=3&cursor=" + cursor)), Strings{ids[5]});
  EXPECT_EQ(page("state=undelivered&cursor=" + cursor).status(), 200U);
  put("crm", "{}");
  for (const std::string& other :
       {"/inboxes/default/events?state=dead&cursor=" + cursor, "/inboxes/default/events?event_type=t&cursor=" + cursor,
        "/inboxes/crm/events?cursor=" + cursor, "/inbox?cursor=" + cursor}) {
    EXPECT_EQ(get(other).detail("field"), "cursor") << other;
  }
  const std::string of_events(get("/inbox?limit=1").json().at("pagination").at("next_cursor").as_string());
  EXPECT_EQ(page("cursor=" + of_events).detail("field"), "cursor");
  for (const auto& [query, field] :
       std::initializer_list<std::pair<std::string, std::string>>{{"limit=0", "limit"},
                                                                  {"limit=201", "limit"},
                                                                  {"state=acknowledged", "state"},
                                                                  {"state=", "state"},
                                                                  {"event_type=", "event_type"},
                                                                  {"cursor=x", "cursor"},
                                                                  {"order=desc", "query"}}) {
    EXPECT_EQ(page(query).detail("field"), field) << query;
  }
}

TEST_F(InboxesTest, CursorOfADeletedInboxIsNotOneOfItsSuccessor) {
  put("crm", "{}");
  send(2);
  const std::string first = "/inboxes/crm/events?limit=1";
  const std::string cursor(get(first).json().at("pagination").at("next_cursor").as_string());
  EXPECT_EQ(get(first + "&cursor=" + cursor).status(), 200U);
  change("crm", R"({"description":"the same inbox"})");
  EXPECT_EQ(get(first + "&cursor=" + cursor).status(), 200U);
  remove("crm");
  put("crm", "{}");
  const Seen refused = get(first + "&cursor=" + cursor);
  EXPECT_EQ(refused.status(), 400U);
  EXPECT_EQ(refused.detail("field"), "cursor");
  EXPECT_NE(refused.text("message").find("was deleted"), std::string::npos);
}

TEST_F(InboxesTest, DeadEntriesAreRequeuedAndDiscarded) {
  change("default", R"({"max_attempts":1})");
  const auto ids = send(3);
  const auto others = send(1, "other");
  post("/inboxes/default/release", R"({"lease_id":")" + post("/inboxes/default/lease", "").text("lease_id") + "\"}");
  EXPECT_EQ(counts("default"), R"({"available":0,"leased":0,"delayed":0,"dead":4})");
  EXPECT_EQ(statuses(post("/inboxes/default/requeue", R"({"event_ids":)" + list({ids[0], "x", ids[0]}) + "}")),
            (Strings{"requeued", "not_found", "not_found"}));
  EXPECT_EQ(statuses(post("/inboxes/default/discard", R"({"event_ids":)" + list({ids[1], ids[0]}) + "}")),
            (Strings{"discarded", "not_found"}));
  EXPECT_EQ(post("/inboxes/default/requeue", R"({"all":true,"event_type":"other"})").response.body,
            "{\"count\":1,\"has_more\":false}\n");
  EXPECT_EQ(post("/inboxes/default/discard", R"({"all":true})").response.body, "{\"count\":1,\"has_more\":false}\n");
  EXPECT_EQ(this->ids(get("/inboxes/default/events")), (Strings{ids[0], others[0]}));
}

TEST_F(InboxesTest, JobIsAnsweredAndCanBeLookedAt) {
  const auto ids = send(3);
  post("/inboxes/default/ack", R"({"event_ids":)" + list({ids[0]}) + "}");
  const Seen purged = post("/inboxes/default/purge", "");
  EXPECT_EQ(purged.status(), 202U);
  const std::string now = format_timestamp(service_.clock.now());
  const std::string id = purged.text("job_id");
  EXPECT_EQ(purged.header("Location"), "/inboxes/default/jobs/" + id);
  EXPECT_EQ(purged.response.body, R"({"job_id":")" + id +
                                      R"(","kind":"purge","state":"done","count":2,"started_at":")" + now +
                                      R"(","ended_at":")" + now + "\"}\n");
  EXPECT_EQ(get(purged.header("Location")).response.body, purged.response.body);
  change("default", R"({"retention_days":1})");
  service_.clock.advance(24h);
  const auto young = send(1);
  post("/inboxes/default/purge", "{}");
  const Seen replayed = post("/inboxes/default/replay", R"({"since":"2020-01-01T00:00:00Z"})");
  EXPECT_EQ(replayed.status(), 202U);
  EXPECT_EQ(replayed.text("kind"), "replay");
  EXPECT_EQ(replayed.text("count"), "1");
  EXPECT_EQ(replayed.text("skipped_too_old"), "3");
  EXPECT_EQ(get(replayed.header("Location")).text("skipped_too_old"), "3");
  put("crm", "{}");
  for (const std::string& path :
       {"/inboxes/crm/jobs/" + id, std::string("/inboxes/default/jobs/x"), "/inboxes/default/jobs/" + ids[0]}) {
    EXPECT_EQ(get(path).status(), 404U) << path;
  }
}

TEST_F(InboxesTest, ReplayTakesARangeAndAType) {
  const auto early = send(1);
  service_.clock.advance(1s);
  const auto odd = send(1, "odd");
  const auto ids = send(1);
  service_.clock.advance(1s);
  send(1);
  put("crm", R"({"collect":false})");
  const UnixMillis now = service_.clock.now();
  const std::string range =
      R"({"since":")" + format_timestamp(now - 1s) + R"(","until":")" + format_timestamp(now) + "\"";
  EXPECT_EQ(post("/inboxes/crm/replay", range + R"(,"event_type":"t"})").text("count"), "1");
  EXPECT_EQ(this->ids(get("/inboxes/crm/events")), ids);
  EXPECT_EQ(post("/inboxes/crm/replay", range + "}").text("count"), "1");
  EXPECT_EQ(this->ids(get("/inboxes/crm/events")), (Strings{odd[0], ids[0]}));
}

TEST_F(InboxesTest, TooManyLeasedEntriesAreToldAsSuch) {
  store::MemoryConfig memory;
  memory.clock = &service_.clock;
  memory.leased_max = 1;
  const auto other = store::MemoryStore::create(memory);
  service_.services.inboxes = other.get();
  store::IncomingEvent event;
  event.event_type = "t";
  event.payload = "{}";
  service_.api.emplace(service_.services, nullptr);
  // The log of this service is another store, so the events come in directly.
  for (int i = 0; i != 2; ++i) {
    const std::string payload = fmt::format(R"({{"n":{}}})", i);
    event.payload = payload;
    EXPECT_TRUE(sync_wait(other->append(Tenant{"acme"}, event)).ok());
  }
  EXPECT_EQ(ids(post("/inboxes/default/lease", "{}")).size(), 1U);
  const Seen refused = post("/inboxes/default/lease", "{}");
  EXPECT_EQ(refused.status(), 429U);
  EXPECT_EQ(refused.detail("reason"), "too_many_leased");
  EXPECT_EQ(refused.header("Retry-After"), "1");
}

TEST_F(InboxesTest, TooManyTrackedEntriesAreToldWithTheLimit) {
  TestService few("tenant-tracked-max", "1");
  const auto key = few.key();
  const auto lease = [&](const std::string& inbox) {
    return few.send(http::Method::post, "/inboxes/" + inbox + "/lease", key, "{}");
  };
  few.post(key, "t", R"({"n":1})");
  few.post(key, "t", R"({"n":2})");
  EXPECT_EQ(ids(lease("default")).size(), 1U);
  const Seen refused = lease("default");
  EXPECT_EQ(refused.status(), 429U);
  EXPECT_EQ(refused.detail("reason"), "too_many_tracked");
  EXPECT_EQ(refused.detail("limit"), "tenant-tracked-max");
  EXPECT_EQ(refused.detail("limit_entries"), "1");
  EXPECT_EQ(refused.header("Retry-After"), "1");
}

TEST_F(InboxesTest, WrongBodyIsNamedAndChangesNothing) {
  const std::string lease = "01a20bbb-7022-7d01-8d91-44c476987c33";
  const std::string by = R"({"lease_id":")" + lease + '"';
  struct {
    std::string verb, body, field;
  } const rows[] = {
      {"lease", R"({"limit":0})", "limit"},
      {"lease", R"({"limit":501})", "limit"},
      {"lease", R"({"limit":"1"})", "limit"},
      {"lease", R"({"limit":null})", "limit"},
      {"lease", R"({"lease_seconds":0})", "lease_seconds"},
      {"lease", R"({"lease_seconds":43201})", "lease_seconds"},
      {"lease", R"({"lease_second":1})", "lease_second"},
      {"lease", "[]", "body"},
      {"ack", "{}", "lease_id"},
      {"ack", "", "body"},
      {"ack", R"({"lease_id":"x"})", "lease_id"},
      {"ack", R"({"lease_id":null})", "lease_id"},
      {"ack", by + R"(,"event_ids":[]})", "event_ids"},
      {"ack", by + R"(,"event_ids":"x"})", "event_ids"},
      {"ack", by + R"(,"event_ids":[1]})", "event_ids"},
      {"ack", by + R"(,"event_ids":)" + list(Strings(501, "x")) + "}", "event_ids"},
      {"ack", by + R"(,"delay_seconds":1})", "delay_seconds"},
      {"release", R"({"event_ids":["x"]})", "lease_id"},
      {"release", by + R"(,"delay_seconds":-1})", "delay_seconds"},
      {"release", by + R"(,"delay_seconds":43201})", "delay_seconds"},
      {"release", by + R"(,"error":1})", "error"},
      {"release", by + R"(,"error":")" + std::string(1'001, 'x') + "\"}", "error"},
      {"extend", R"({"lease_seconds":1})", "lease_id"},
      {"extend", by + "}", "lease_seconds"},
      {"extend", by + R"(,"lease_seconds":0})", "lease_seconds"},
      {"requeue", "{}", "event_ids"},
      {"requeue", R"({"all":false})", "all"},
      {"requeue", R"({"all":1})", "all"},
      {"requeue", R"({"all":true,"event_ids":["x"]})", "all"},
      {"requeue", R"({"event_type":"t","event_ids":["x"]})", "event_type"},
      {"requeue", R"({"event_type":"t"})", "event_ids"},
      {"discard", R"({"all":true,"event_type":""})", "event_type"},
      {"discard", R"({"all":true,"event_typ":"t"})", "event_typ"},
      {"purge", R"({"event_type":"t"})", "event_type"},
      {"purge", "1", "body"},
      {"replay", "{}", "since"},
      {"replay", R"({"since":"yesterday"})", "since"},
      {"replay", R"({"since":1})", "since"},
      {"replay", R"({"since":"2026-01-01T00:00:00Z","until":"2026-01-01T00:00:00Z"})", "until"},
      {"replay", R"({"since":"2026-01-01T00:00:00Z","event_type":1})", "event_type"},
  };
  send(1);
  for (const auto& row : rows) {
    const Seen seen = post("/inboxes/default/" + row.verb, row.body);
    EXPECT_EQ(seen.status(), 400U) << row.verb << ' ' << row.body.substr(0, 80);
    EXPECT_EQ(seen.detail("field"), row.field) << row.verb << ' ' << seen.text("message");
    EXPECT_NE(seen.detail("problem"), "") << row.verb << ' ' << row.body.substr(0, 80);
  }
  EXPECT_EQ(counts("default"), R"({"available":1,"leased":0,"delayed":0,"dead":0})");
  for (const char* verb : {"lease", "ack", "release", "extend", "requeue", "discard", "purge", "replay"}) {
    const Seen seen = service_.send(Method::post, fmt::format("/inboxes/default/{}", verb), creator_, "{}",
                                    {{"Content-Type", "text/plain"}});
    EXPECT_EQ(seen.status(), 415U) << verb;
  }
}

TEST_F(InboxesTest, InboxThatIsNotThereIsNotFoundByAnyEndpoint) {
  for (const AskedPath& asked : about_one_inbox("none")) {
    const Seen seen = service_.send(asked.method, asked.path, admin_, asked.body);
    EXPECT_EQ(seen.status(), 404U) << asked.path;
    EXPECT_EQ(seen.code(), "NOT_FOUND");
    EXPECT_EQ(seen.detail("inbox"), "none") << asked.path;
  }
}

TEST_F(InboxesTest, StoreWithoutInboxesHasNoneOfThePaths) {
  service_.forget_inboxes();
  auto all = about_one_inbox("default");
  all.push_back({Method::get, "/inboxes", ""});
  all.push_back({Method::put, "/inboxes/crm", "{}"});
  all.push_back({Method::post, "/inboxes/test-filter", "{}"});
  for (const AskedPath& asked : all) {
    const Seen seen = service_.send(asked.method, asked.path, admin_, asked.body);
    EXPECT_EQ(seen.status(), 404U) << asked.path;
    EXPECT_NE(seen.text("message").find("There is no such path"), std::string::npos);
    EXPECT_EQ(service_.send(asked.method, asked.path).status(), 404U) << "also without a key";
    http::Request head;
    const auto admission = service_.admit(head, asked.method, asked.path, admin_);
    ASSERT_FALSE(admission);
  }
  EXPECT_EQ(get("/inbox").status(), 200U);
}

TEST(BrokenInboxesTest, FailureOfTheStoreIsToldByEveryEndpoint) {
  struct {
    ErrorCode code;
    unsigned status;
  } const rows[] = {{ErrorCode::overloaded, 503},
                    {ErrorCode::unavailable, 503},
                    {ErrorCode::internal, 500},
                    {ErrorCode::conflict, 409},
                    {ErrorCode::share_used, 429}};
  for (const auto& row : rows) {
    BrokenStore broken({row.code, "words of the disk"});
    TestService service(broken);
    const auto admin = service.key(auth::Role::admin);
    auto all = about_one_inbox("default");
    all.push_back({Method::get, "/inboxes", ""});
    all.push_back({Method::put, "/inboxes/crm", "{}"});
    for (const AskedPath& asked : all) {
      if (asked.path.ends_with("/stream")) continue;  // Refused before it asks the store: nobody would read it.
      const Seen seen = service.send(asked.method, asked.path, admin, asked.body);
      EXPECT_EQ(seen.status(), row.status) << asked.path;
      const bool for_clients = row.code == ErrorCode::conflict || row.code == ErrorCode::share_used;
      EXPECT_EQ(seen.text("message").find("words of the disk") != std::string::npos, for_clients) << asked.path;
    }
  }
}

}  // namespace
}  // namespace triggers::api
