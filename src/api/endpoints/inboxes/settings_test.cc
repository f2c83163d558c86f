// Making, showing, changing and deleting inboxes over HTTP, and trying a filter. What the store does with the settings
// is in tests/contract/inbox_settings_test.cc.

#include "api/endpoints/inboxes/test_inboxes.h"
#include "base/timestamp.h"
#include "base/turn_pool.h"

namespace triggers::api {
namespace {

using http::Method;

TEST_F(InboxesTest, DefaultIsThereWithItsSettings) {
  const Seen seen = get("/inboxes/default");
  EXPECT_EQ(seen.status(), 200U);
  EXPECT_EQ(seen.header("ETag"), "\"0-0\"");
  EXPECT_EQ(seen.response.body,
            R"({"name":"default","description":"","filter":{},"collect":true,"lease_seconds":30,"max_attempts":10,)"
            R"("retention_days":null,"dead_retention_days":30,"created_at":null,"updated_at":null,)"
            R"("counts":{"available":0,"leased":0,"delayed":0,"dead":0},"oldest_available_at":null,)"
            R"("last_consumed_at":null})"
            "\n");
  EXPECT_EQ(each(get("/inboxes"), "inboxes", "name"), Strings{"default"});
}

TEST_F(InboxesTest, SettingsComeBackAsTheyWereSent) {
  const std::string filter = R"({ "payload": {"total": [{"numeric": [">", 0.10]}]} })";
  const Seen made = put("billing", R"({"description":"é","filter":)" + filter +
                                       R"(,"collect":false,"lease_seconds":60,"max_attempts":null,)"
                                       R"("retention_days":7,"dead_retention_days":1})");
  EXPECT_EQ(made.status(), 201U);
  EXPECT_EQ(made.header("Location"), "/inboxes/billing");
  EXPECT_EQ(made.header("ETag"), "\"1-1\"");
  const std::string now = format_timestamp(service_.clock.now());
  const std::string settings = R"({"name":"billing","description":"é","filter":)" + filter +
                               R"(,"collect":false,"lease_seconds":60,"max_attempts":null,"retention_days":7,)"
                               R"("dead_retention_days":1,"created_at":")" +
                               now + R"(","updated_at":")" + now + "\"";
  EXPECT_EQ(made.response.body, settings + "}\n");
  const Seen shown = get(made.header("Location"));
  EXPECT_EQ(shown.header("ETag"), "\"1-1\"");
  EXPECT_EQ(shown.response.body.substr(0, settings.size() + 1), settings + ",");
  EXPECT_EQ(each(get("/inboxes"), "inboxes", "name"), (Strings{"billing", "default"}));
}

TEST_F(InboxesTest, PutReplacesAllSettingsAndPatchSome) {
  put("crm", R"({"description":"x","max_attempts":3})");
  const Seen changed = change("crm", R"({"max_attempts":null,"filter":{"event_type":["a"]}})");
  EXPECT_EQ(changed.status(), 200U);
  EXPECT_EQ(changed.text("description"), "x");
  EXPECT_EQ(changed.text("max_attempts"), "null");
  EXPECT_EQ(changed.header("Location"), "");
  EXPECT_EQ(change("crm", R"({"filter":{}})").text("filter"), "{}");
  const Seen replaced = put("crm", "{}");
  EXPECT_EQ(replaced.status(), 200U);
  EXPECT_EQ(replaced.text("description"), "");
  EXPECT_EQ(replaced.text("max_attempts"), "10");
  EXPECT_EQ(change("none", R"({"collect":true})").status(), 404U);
  EXPECT_EQ(change("crm", "{}").detail("field"), "body");
}

TEST_F(InboxesTest, InboxOfAllEventsHasNoFilterToEvaluate) {
  put("crm", R"({"filter": { } })");
  EXPECT_NE(get("/inboxes/crm").response.body.find(R"("filter":{},)"), std::string::npos);
  const auto ids = send(2);
  EXPECT_EQ(this->ids(get("/inboxes/crm/events")), ids);
}

TEST_F(InboxesTest, WrongSettingIsNamedWithItsBounds) {
  struct {
    std::string body, field, problem;
  } const rows[] = {
      {R"({"description":1})", "description", "must be a string"},
      {R"({"description":")" + std::string(1'001, 'x') + "\"}", "description", "at most 1000 characters"},
      {R"({"description":"\ud800"})", "description", "cannot be read"},
      {R"({"collect":"yes"})", "collect", "must be true or false"},
      {R"({"collect":null})", "collect", "must be true or false"},
      {R"({"lease_seconds":0})", "lease_seconds", "must be a whole number from 1 to 43200"},
      {R"({"lease_seconds":43201})", "lease_seconds", "must be a whole number from 1 to 43200"},
      {R"({"lease_seconds":1.5})", "lease_seconds", "must be a whole number"},
      {R"({"lease_seconds":"30"})", "lease_seconds", "must be a whole number"},
      {R"({"lease_seconds":null})", "lease_seconds", "must be a whole number"},
      {R"({"lease_seconds":18446744073709551616})", "lease_seconds", "must be a whole number"},
      {R"({"max_attempts":0})", "max_attempts", "from 1 to 1000, or null for no limit"},
      {R"({"max_attempts":1001})", "max_attempts", "from 1 to 1000"},
      {R"({"max_attempts":4294967297})", "max_attempts", "from 1 to 1000"},
      {R"({"retention_days":0})", "retention_days", "from 1 to 36500, or null for no limit"},
      {R"({"retention_days":36501})", "retention_days", "from 1 to 36500"},
      {R"({"dead_retention_days":0})", "dead_retention_days", "from 1 to 36500"},
      {R"({"dead_retention_days":null})", "dead_retention_days", "from 1 to 36500"},
      {R"({"filter":null})", "filter", "A filter is an object"},
      {R"({"filter":{"event_type":["a"],"event_type":["b"]}})", "filter", "twice"},
      {R"({"colect":true})", "colect", "is not a field of this request; it has: description, filter, collect"},
      {R"({"name":"other"})", "name", "is not a field of this request"},
      {R"({"collect":true,"collect":false})", "collect", "is given more than once"},
      {"", "body", "empty"},
      {"[]", "body", "must be a JSON object"},
  };
  put("crm", R"({"description":"as before"})");
  for (const auto& row : rows) {
    for (const Seen& seen : {put("crm", row.body), change("crm", row.body), put("new", row.body)}) {
      EXPECT_EQ(seen.status(), 400U) << row.body;
      EXPECT_EQ(seen.detail("field"), row.field) << row.body;
      EXPECT_NE(seen.text("message").find(row.problem), std::string::npos) << seen.text("message");
    }
  }
  EXPECT_EQ(get("/inboxes/crm").text("description"), "as before");
  EXPECT_EQ(get("/inboxes/new").status(), 404U);
  EXPECT_EQ(put("crm", "{}", {{"Content-Type", "text/plain"}}).status(), 415U);
}

TEST_F(InboxesTest, FilterThatCannotBeUnderstoodIsRefusedWithThePathOfItsFault) {
  const Seen seen = put("crm", R"({"filter":{"payload":{"a":[{"prefix":1}]}}})");
  EXPECT_EQ(seen.status(), 400U);
  EXPECT_EQ(seen.detail("field"), "filter");
  EXPECT_EQ(seen.detail("path"), "$.payload.a[0].prefix");
  EXPECT_NE(seen.text("message").find("filter: at $.payload.a[0].prefix: "), std::string::npos);
}

TEST_F(InboxesTest, FilterMayBeNestedAsDeepAsAFilterMayBe) {
  const auto nested = [](int levels) {
    std::string filter = "[1]";
    for (int i = 0; i != levels; ++i) filter = R"({"a":)" + filter + "}";
    return R"({"filter":{"payload":)" + filter + "}}";
  };
  EXPECT_EQ(put("crm", nested(30)).status(), 201U);
  EXPECT_EQ(put("crm", nested(31)).status(), 400U);
}

TEST_F(InboxesTest, FiltersThatDoNotFitTogetherAreRefused) {
  const auto filter = [](int first, int count) {
    std::string text;
    for (int i = first; i != first + count; ++i) {
      text += (text.empty() ? "" : ",") + (R"({"prefix":"p)" + std::to_string(i)) + "-\"}";
    }
    return R"({"filter":{"payload":{"a":[)" + text + "]}}}";
  };
  for (int i = 0; i != 4; ++i) EXPECT_EQ(put("inbox-" + std::to_string(i), filter(64 * i, 64)).status(), 201U);
  const Seen refused = put("crm", filter(256, 1));
  EXPECT_EQ(refused.status(), 400U);
  EXPECT_EQ(refused.detail("field"), "filter");
  EXPECT_NE(refused.text("message").find("$.payload.a"), std::string::npos) << refused.text("message");
  EXPECT_EQ(put("crm", "{}").status(), 201U);
  EXPECT_EQ(change("crm", filter(256, 1)).detail("field"), "filter");
}

TEST_F(InboxesTest, ChangeOfOldSettingsIsRefused) {
  const std::string old = put("crm", "{}").header("ETag");
  const std::string now = change("crm", R"({"description":"x"})", {{"If-Match", old}}).header("ETag");
  EXPECT_NE(now, old);
  for (const Seen& seen :
       {put("crm", "{}", {{"If-Match", old}}), change("crm", R"({"description":"y"})", {{"If-Match", old}}),
        remove("crm", {{"If-Match", old}})}) {
    EXPECT_EQ(seen.status(), 412U);
    EXPECT_EQ(seen.code(), "PRECONDITION_FAILED");
    EXPECT_EQ(seen.detail("field"), "If-Match");
    EXPECT_EQ(seen.detail("etag"), now);
  }
  EXPECT_EQ(get("/inboxes/crm").text("description"), "x");
  const Seen unmade = put("new", "{}", {{"If-Match", now}});
  EXPECT_EQ(unmade.status(), 412U);
  EXPECT_EQ(unmade.detail("etag"), "");
  EXPECT_EQ(change("default", R"({"lease_seconds":5})", {{"If-Match", "\"0-0\""}}).status(), 200U);
  EXPECT_EQ(change("default", R"({"collect":true})", {{"If-Match", "\"0-0\""}}).detail("etag"), "\"0-1\"");
  EXPECT_EQ(remove("crm", {{"If-Match", now}}).status(), 202U);
}

TEST_F(InboxesTest, IfMatchIsOneTag) {
  for (const char* field : {"*", "1-1", "\"1-1", "", "\"1-1\", \"1-2\"", "\"a\"b\"", "W/1"}) {
    const Seen seen = put("crm", "{}", {{"If-Match", field}});
    EXPECT_EQ(seen.status(), 400U) << field;
    EXPECT_EQ(seen.detail("field"), "If-Match");
  }
  EXPECT_EQ(put("crm", "{}", {{"If-Match", "\"1-1\""}, {"If-Match", "\"1-1\""}}).status(), 400U);
  const std::string tag = put("crm", "{}").header("ETag");
  // Tags of other servers, and other ways to write a number: well formed, but not ours.
  for (const std::string& field : {std::string("\"abc\""), "W/" + tag, std::string("\"\""), std::string("\"01-1\""),
                                   std::string("\"1-1 \"").substr(0, 4) + "1\"", std::string("\"1--1\""),
                                   std::string("\"99999999999999999999-1\"")}) {
    EXPECT_EQ(put("crm", "{}", {{"If-Match", field}}).status(), 412U) << field;
  }
  const Seen weak = put("crm", "{}", {{"If-Match", "W/" + tag}});
  EXPECT_EQ(weak.detail("field"), "If-Match");
  EXPECT_NE(weak.text("message").find("weak"), std::string::npos) << weak.text("message");
  EXPECT_EQ(put("crm", "{}", {{"If-Match", tag}}).status(), 200U);
}

TEST_F(InboxesTest, DeletedInboxIsGoneAndItsNameFree) {
  put("crm", "{}");
  send(2);
  const Seen removed = remove("crm");
  EXPECT_EQ(removed.status(), 202U);
  EXPECT_EQ(removed.response.body, "");
  EXPECT_EQ(get("/inboxes/crm").status(), 404U);
  EXPECT_EQ(remove("crm").status(), 404U);
  EXPECT_EQ(put("crm", "{}").status(), 201U);
  EXPECT_EQ(counts("crm"), R"({"available":0,"leased":0,"delayed":0,"dead":0})");
  const Seen kept = remove("default");
  EXPECT_EQ(kept.status(), 400U);
  EXPECT_EQ(kept.detail("field"), "name");
  EXPECT_NE(kept.text("message").find("cannot be deleted"), std::string::npos);
}

TEST_F(InboxesTest, TheHundredAndFirstInboxIsRefused) {
  for (int i = 1; i != 100; ++i) EXPECT_EQ(put("inbox-" + std::to_string(i), "{}").status(), 201U);
  const Seen refused = put("one-more", "{}");
  EXPECT_EQ(refused.status(), 409U);
  EXPECT_EQ(refused.detail("reason"), "too_many_inboxes");
  EXPECT_EQ(refused.detail("limit_inboxes"), "100");
  EXPECT_EQ(each(get("/inboxes"), "inboxes", "name").size(), 100U);
}

TEST_F(InboxesTest, NameIsCheckedEverywhere) {
  for (const std::string& name : {std::string("-x"), std::string("a%20b"), std::string("é"), std::string(101, 'x')}) {
    for (const Seen& seen : {get("/inboxes/" + name), put(name, "{}"), remove(name),
                             get("/inboxes/" + name + "/events"), post("/inboxes/" + name + "/lease", "{}")}) {
      EXPECT_EQ(seen.status(), 400U) << name;
      EXPECT_EQ(seen.detail("field"), "name");
    }
  }
  EXPECT_EQ(put(std::string(100, 'x'), "{}").status(), 201U);
  EXPECT_EQ(put("test-filter", "{}").status(), 201U);
  EXPECT_EQ(get("/inboxes/test-filter").text("name"), "test-filter");
}

TEST_F(InboxesTest, TenantsSeeTheirOwnInboxes) {
  put("crm", "{}");
  const auto stranger = service_.key(auth::Role::admin, {}, "globex");
  EXPECT_EQ(service_.send(Method::get, "/inboxes/crm", stranger).status(), 404U);
  EXPECT_EQ(each(service_.send(Method::get, "/inboxes", stranger), "inboxes", "name"), Strings{"default"});
}

TEST_F(InboxesTest, FilterIsTriedOnAnEvent) {
  const auto tried = [&](const std::string& filter, const std::string& event) {
    return service_.send(Method::post, "/inboxes/test-filter", viewer_,
                         R"({"filter":)" + filter + R"(,"event":)" + event + "}");
  };
  const std::string event =
      R"({"event_type":"order.paid","source":"shop","payload":{"total":0.10,"total":5,"x":1e400},)"
      R"("metadata":{"region":"eu"}})";
  EXPECT_EQ(tried("{}", event).response.body, "{\"matches\":true,\"mismatches\":[]}\n");
  EXPECT_EQ(
      tried(R"({"source":["shop"],"metadata":{"region":["eu"]},"payload":{"total":[0.1]}})", event).text("matches"),
      "true");
  const Seen seen = tried(R"({"event_type":["a\"b"],"payload":{"total":[{"numeric":[">",9]}]}})", event);
  EXPECT_EQ(seen.status(), 200U);
  EXPECT_EQ(seen.text("matches"), "false");
  EXPECT_EQ(each(seen, "mismatches", "path"), (Strings{"$.event_type", "$.payload.total"}));
  EXPECT_EQ(each(seen, "mismatches", "wanted"), (Strings{R"(["a\"b"])", R"([{"numeric":[">",9]}])"}));
  EXPECT_EQ(each(seen, "mismatches", "found").at(0), "\"order.paid\"");
}

TEST_F(InboxesTest, TriedFilterOrEventThatIsWrongIsNamed) {
  struct {
    std::string body, field;
    unsigned status = 400;
  } const rows[] = {
      {R"({"event":{"event_type":"a","payload":{}}})", "filter"},
      {R"({"filter":{}})", "event"},
      {R"({"filter":{"event_typ":["a"]},"event":{"event_type":"a","payload":{}}})", "filter"},
      {R"({"filter":{},"event":1})", "event"},
      {R"({"filter":{},"event":{"event_type":"a"}})", "event.payload"},
      {R"({"filter":{},"event":{"event_type":"","payload":{}}})", "event.event_type"},
      {R"({"filter":{},"event":{"event_type":"a","payload":{"x":")" + std::string(262'144, 'x') + "\"}}}",
       "event.payload", 413},
      {R"({"filter":{},"event":{},"x":1})", "x"},
      {"", "body"},
  };
  for (const auto& row : rows) {
    const Seen seen = service_.send(Method::post, "/inboxes/test-filter", viewer_, row.body);
    EXPECT_EQ(seen.status(), row.status) << row.body.substr(0, 80);
    EXPECT_EQ(seen.detail("field"), row.field) << seen.text("message");
  }
}

TEST_F(InboxesTest, LongTextsAreHandledInThePool) {
  TurnPool pool(1, "parser");
  service_.use(pool);
  const std::string event = R"({"event_type":"a","payload":{"x":")" + std::string(20'000, 'x') + "\"}}";
  EXPECT_EQ(service_.send(Method::post, "/inboxes/test-filter", viewer_, R"({"filter":{},"event":)" + event + "}")
                .text("matches"),
            "true");
  const std::string spaces(17'000, ' ');
  EXPECT_EQ(put("crm", "{" + spaces + "}").status(), 201U);
  EXPECT_EQ(service_.send(Method::post, "/events", creator_, event).status(), 201U);
  EXPECT_EQ(service_.send(Method::post, "/events", creator_, R"({"event_type":"b","payload":{"x":")" + spaces + "\"}}")
                .status(),
            201U);
  EXPECT_EQ(ids(get("/inboxes/crm/events")).size(), 2U);
  const Seen leased = post("/inboxes/crm/lease", "{" + spaces + "}");
  EXPECT_EQ(ids(leased).size(), 2U);
  EXPECT_EQ(statuses(post("/inboxes/crm/ack", R"({"lease_id":")" + leased.text("lease_id") + "\"" + spaces + "}")),
            (Strings{"acknowledged", "acknowledged"}));
  EXPECT_EQ(pool.taken(), 8U);
}

}  // namespace
}  // namespace triggers::api
