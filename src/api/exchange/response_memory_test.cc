// The largest response of every endpoint, and that it counts in the memory of responses until it is written.

#include "api/exchange/response_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <thread>

#include "api/test_service.h"
#include "base/test_at_once.h"

namespace triggers::api {
namespace {

using http::Method;

constexpr std::size_t kib = 1024;
constexpr auto last_endpoint = Endpoint::backup;

/// A key whose JSON is as large as it may be: 100 event types of 255 characters of four bytes, and 100 inboxes.
std::string largest_key() {
  std::string body = R"({"user_id":"acme","role":"viewer","event_types":[)";
  std::string type;
  for (int i = 0; i < 255; ++i) type += "\xF0\x9F\x98\x80";
  for (int i = 0; i < 100; ++i) body += (i > 0 ? ",\"" : "\"") + type + "\"";
  body += R"(],"inboxes":[)";
  for (int i = 0; i < 100; ++i) body += (i > 0 ? ",\"" : "\"") + std::string(100, 'x') + "\"";
  return body + "]}";
}

/// Settings whose JSON is as large as it may be. The filter is one literal, and a control character takes six bytes.
std::string largest_settings() {
  std::string description;
  for (int i = 0; i < 1'000; ++i) description += "\\u0001";
  return R"({"collect":false,"description":")" + description + R"(","filter":{"payload":{"a":[")" +
         std::string(8'100, 'x') + "\"]}}}";
}

std::string list_of(std::size_t count, const std::function<std::string(std::size_t)>& item) {
  std::string list = "[";
  for (std::size_t i = 0; i < count; ++i) list += (i > 0 ? "," : "") + item(i);
  return list + "]";
}

class ResponseMemoryTest : public testing::Test {
 protected:
  ResponseMemoryTest() {
    for (int i = 0; i < 10; ++i) {
      const std::string payload = R"({"n":)" + std::to_string(i) + R"(,"text":")" + std::string(200 * kib, 'x') + "\"}";
      event_id_ = service_.post(admin_, "t", payload).text("event_id");
    }
    for (int i = 0; i < 30; ++i) {
      key_id_ = service_.send(Method::post, "/admin/keys", admin_, largest_key()).text("key_id");
    }
    for (int i = 0; i < 99; ++i) {
      const auto made = service_.send(Method::put, "/inboxes/inbox-" + std::to_string(i), admin_, largest_settings());
      EXPECT_EQ(made.status(), 201U);
    }
    other_key_id_ = service_.send(Method::post, "/admin/keys", admin_, largest_key()).text("key_id");
    service_.services.backup = [](const std::string&) -> Task<Status> { co_return Done{}; };
  }

  /// The largest answer of an endpoint, as large as a client can make it.
  Seen largest(Endpoint endpoint) {
    const auto long_id = [](std::size_t i) { return "\"" + std::string(1'000, 'x') + std::to_string(i) + "\""; };
    const auto consume = [&](std::string_view verb, const std::string& body) {
      return service_.send(Method::post, "/inboxes/default/" + std::string(verb), admin_, body);
    };
    const std::string ids = R"({"event_ids":)" + list_of(500, long_id);
    const std::string by = ids + R"(,"lease_id":")" + event_id_ + '"';
    const auto bad_event = [](std::size_t i) {
      return R"({"event_type":")" + std::string(250, 'x') + std::to_string(i) + R"(","payload":1})";
    };
    const std::string key = "/admin/keys/" + key_id_;
    switch (endpoint) {
      case Endpoint::root: return service_.send(Method::get, "/");
      case Endpoint::status: return service_.send(Method::get, "/status");
      case Endpoint::docs: return service_.send(Method::get, "/docs");
      case Endpoint::openapi: return service_.send(Method::get, "/openapi.json");
      case Endpoint::favicon: return service_.send(Method::get, "/favicon.ico");
      case Endpoint::metrics: return service_.send(Method::get, "/metrics", admin_);
      case Endpoint::me: return service_.send(Method::get, "/me", admin_);
      case Endpoint::post_event: return service_.post(admin_, std::string(255, 'x'), R"({"n":1})");
      case Endpoint::post_batch: return service_.send(Method::post, "/events/batch", admin_, list_of(500, bad_event));
      case Endpoint::get_inbox: return service_.send(Method::get, "/inbox?limit=200", admin_);
      case Endpoint::post_ack: return service_.send(Method::post, "/inbox/ack", admin_, ids + "}");
      case Endpoint::get_event: return service_.send(Method::get, "/events/" + event_id_, admin_);
      case Endpoint::delete_event: return service_.send(Method::del, "/events/" + event_id_, admin_);
      case Endpoint::list_inboxes: return service_.send(Method::get, "/inboxes", admin_);
      case Endpoint::try_filter:
        return service_.send(Method::post, "/inboxes/test-filter", admin_,
                             R"({"filter":{"payload":{"a":[")" + std::string(8'000, 'x') +
                                 R"("]}},"event":{"event_type":"t","payload":{"a":")" + std::string(8'000, 'y') +
                                 R"("}}})");
      case Endpoint::show_inbox: return service_.send(Method::get, "/inboxes/inbox-1", admin_);
      case Endpoint::put_inbox: return service_.send(Method::put, "/inboxes/inbox-1", admin_, largest_settings());
      case Endpoint::change_inbox:
        return service_.send(Method::patch, "/inboxes/inbox-1", admin_, R"({"collect":false})");
      case Endpoint::remove_inbox: return service_.send(Method::del, "/inboxes/inbox-1", admin_);
      case Endpoint::list_entries: return service_.send(Method::get, "/inboxes/default/events?limit=200", admin_);
      // Its pieces are counted in http/server/session_stream.cc.
      case Endpoint::stream_entries: return service_.send(Method::get, "/inboxes/default/stream", admin_);
      case Endpoint::lease: return consume("lease", R"({"limit":500})");
      case Endpoint::ack: return consume("ack", ids + "}");
      case Endpoint::release: return consume("release", by + "}");
      case Endpoint::extend: return consume("extend", by + R"(,"lease_seconds":1})");
      case Endpoint::requeue: return consume("requeue", ids + "}");
      case Endpoint::discard: return consume("discard", ids + "}");
      case Endpoint::purge: return consume("purge", "");
      case Endpoint::replay: return consume("replay", R"({"since":"2020-01-01T00:00:00Z"})");
      case Endpoint::show_job: return service_.send(Method::get, consume("purge", "").header("Location"), admin_);
      case Endpoint::create_key: return service_.send(Method::post, "/admin/keys", admin_, largest_key());
      case Endpoint::list_keys: return service_.send(Method::get, "/admin/keys?limit=1000", admin_);
      case Endpoint::show_key: return service_.send(Method::get, key, admin_);
      case Endpoint::update_key: return service_.send(Method::patch, key, admin_, R"({"description":"x"})");
      case Endpoint::rotate_key: return service_.send(Method::post, key + "/rotate", admin_);
      case Endpoint::revoke_key: return service_.send(Method::del, "/admin/keys/" + other_key_id_, admin_);
      case Endpoint::backup:
        return service_.send_as_operator(Method::post, "/admin/backup",
                                         R"({"directory":"/)" + std::string(400 * kib, 'x') + "\"}");
    }
    return {};
  }

  TestService service_;
  std::string admin_ = service_.key(auth::Role::admin);
  std::string event_id_, key_id_, other_key_id_;
};

/// What an answer of each endpoint takes at most. A page of events ends at 8 MiB; one event may be larger than that, if
/// max-payload-size-bytes is.
struct Row {
  Endpoint endpoint;
  std::size_t bytes_max;
};
constexpr Row rows[] = {
    {Endpoint::root, kib},
    {Endpoint::status, kib},
    {Endpoint::docs, 64 * kib},
    {Endpoint::openapi, 512 * kib},
    {Endpoint::favicon, 0},
    {Endpoint::metrics, 256 * kib},
    {Endpoint::me, 256 * kib},
    {Endpoint::post_event, kib},
    {Endpoint::post_batch, 1024 * kib},
    {Endpoint::get_inbox, 9 * 1024 * kib},
    {Endpoint::post_ack, 1024 * kib},
    {Endpoint::get_event, 1024 * kib},
    {Endpoint::delete_event, 0},
    {Endpoint::list_inboxes, 1536 * kib},
    {Endpoint::try_filter, 16 * kib},
    {Endpoint::show_inbox, 16 * kib},
    {Endpoint::put_inbox, 16 * kib},
    {Endpoint::change_inbox, 16 * kib},
    {Endpoint::remove_inbox, 0},
    {Endpoint::list_entries, 9 * 1024 * kib},
    {Endpoint::stream_entries, kib},
    {Endpoint::lease, 9 * 1024 * kib},
    {Endpoint::ack, 1024 * kib},
    {Endpoint::release, 1024 * kib},
    {Endpoint::extend, 1024 * kib},
    {Endpoint::requeue, 1024 * kib},
    {Endpoint::discard, 1024 * kib},
    {Endpoint::purge, kib},
    {Endpoint::replay, kib},
    {Endpoint::show_job, kib},
    {Endpoint::create_key, 256 * kib},
    {Endpoint::list_keys, 1280 * kib},
    {Endpoint::show_key, 256 * kib},
    {Endpoint::update_key, 256 * kib},
    {Endpoint::revoke_key, 256 * kib},
    {Endpoint::rotate_key, 256 * kib},
    {Endpoint::backup, 512 * kib},
};

TEST_F(ResponseMemoryTest, LargestAnswerOfEveryEndpointIsBoundedAndCounted) {
  for (int i = 0; i <= static_cast<int>(last_endpoint); ++i) {
    const auto endpoint = static_cast<Endpoint>(i);
    const auto row = std::ranges::find(rows, endpoint, &Row::endpoint);
    ASSERT_NE(row, std::end(rows)) << "no row for endpoint " << i;
    ASSERT_EQ(service_.answers.bytes(), 0U);
    const Seen seen = largest(endpoint);
    // The largest answer to a batch is that to one of bad events only.
    const unsigned status = endpoint == Endpoint::post_batch ? 422U : seen.status();
    EXPECT_EQ(seen.status(), status);
    const bool streams = endpoint == Endpoint::stream_entries && status == 501;  // Nobody reads one here.
    EXPECT_TRUE(status < 300 || status == 422 || streams) << i << seen.response.body.substr(0, 200);
    EXPECT_LE(seen.response.body.size(), row->bytes_max) << i;
    const std::size_t counted = seen.response.body.size() > counted_response_bytes ? seen.response.body.capacity() : 0;
    EXPECT_GE(service_.answers.bytes(), counted) << i;
  }
}

TEST_F(ResponseMemoryTest, ListOfLargeKeysIsPagedWithEachKeyOnce) {
  std::vector<std::string> ids;
  std::string after;
  std::size_t pages = 0;
  do {
    const Seen page = service_.send(Method::get, "/admin/keys?limit=1000" + after, admin_);
    ASSERT_EQ(page.status(), 200U);
    const auto json = page.json();
    for (const auto& key : json.at("keys").as_array()) ids.emplace_back(key.at("key_id").as_string());
    EXPECT_EQ(json.at("has_more").as_bool(), json.at("next_after").is_string());
    after = json.at("next_after").is_string() ? "&after=" + std::string{json.at("next_after").as_string()} : "";
    ++pages;
  } while (!after.empty() && pages < 100);
  EXPECT_EQ(ids.size(), 32U);
  EXPECT_TRUE(std::ranges::is_sorted(ids));
  EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end());
  EXPECT_GE(pages, 3U);
}

TEST_F(ResponseMemoryTest, ListOfKeysReservesItsMemoryBeforeReading) {
  FairBudget::Share other(&service_.answers, "other");
  ASSERT_TRUE(other.grow(service_.answers.bytes_max() - 1024 * kib));
  EXPECT_EQ(service_.send(Method::get, "/admin/keys?limit=1", admin_).status(), 503U);
  EXPECT_EQ(service_.watched_keys.largest_list, 0U);
  other.shrink(other.bytes());
  EXPECT_EQ(service_.send(Method::get, "/admin/keys?limit=1", admin_).status(), 200U);
  EXPECT_EQ(service_.answers.bytes(), 0U);
}

TEST_F(ResponseMemoryTest, ListOfKeysReadsFewAtOnceBecauseTheNextMayBeLarge) {
  TestService service;
  std::string admin;
  for (int i = 0; i < 200; ++i) admin = service.key(auth::Role::admin);
  const auto listed = service.send(Method::get, "/admin/keys", admin).json();
  EXPECT_EQ(listed.at("keys").as_array().size(), 200U);
  EXPECT_GT(service.watched_keys.largest_list, 0U);
  EXPECT_LE(service.watched_keys.largest_list, 32U);
}

TEST_F(ResponseMemoryTest, ListOfLargeKeysIsTheSameWhenBuiltOffTheLoop) {
  const std::string on_the_loop = service_.send(Method::get, "/admin/keys?limit=3", admin_).response.body;
  TurnPool parsers(1);
  service_.use(parsers);
  EXPECT_EQ(service_.send(Method::get, "/admin/keys?limit=3", admin_).response.body, on_the_loop);
  EXPECT_EQ(parsers.taken(), 1U);
  EXPECT_EQ(service_.send(Method::get, "/admin/keys?limit=3&user_id=nobody", admin_).status(), 403U);
  EXPECT_EQ(service_.send(Method::get, "/admin/keys?after=" + std::string(200, 'z'), admin_).status(), 200U);
  EXPECT_EQ(parsers.taken(), 1U) << "a short one does not pay for it";
}

TEST_F(ResponseMemoryTest, ChangeWithoutMemoryForItsResponseChangesNothing) {
  FairBudget::Share all(&service_.answers, "acme");
  ASSERT_TRUE(all.grow(service_.answers.bytes_max()));
  const std::string path = "/admin/keys/" + key_id_;
  const auto events = service_.store->metrics().unacknowledged;
  EXPECT_EQ(service_.send(Method::del, path, admin_).status(), 503U);
  EXPECT_EQ(service_.send(Method::post, "/admin/keys", admin_, R"({"role":"viewer"})").status(), 503U);
  const auto event = [](std::size_t i) { return R"({"event_type":"t","payload":{"i":)" + std::to_string(i) + "}}"; };
  EXPECT_EQ(service_.send(Method::post, "/events/batch", admin_, list_of(500, event)).status(), 503U);
  EXPECT_EQ(service_.store->metrics().unacknowledged, events);
  const auto some_id = [&](std::size_t) { return '"' + event_id_ + '"'; };
  const std::string ids = R"({"event_ids":)" + list_of(500, some_id) + "}";
  EXPECT_EQ(service_.send(Method::post, "/inboxes/default/ack", admin_, ids).status(), 503U);
  EXPECT_EQ(service_.send(Method::post, "/inboxes/default/lease", admin_, R"({"limit":1})").status(), 503U);
  EXPECT_EQ(service_.send(Method::get, "/inboxes/default", admin_).text("counts"),
            R"({"available":10,"leased":0,"delayed":0,"dead":0})");
  all.count(0);
  EXPECT_EQ(service_.send(Method::get, path, admin_).text("status"), "active");
}

TEST(SharesOfAnswersTest, EventsWaitingForTheParserCountAndLeaveRoomForOthers) {
  TestService service("max-answers-size-bytes", "8388608");
  const auto key = service.key();
  constexpr std::size_t event_bytes = 200 * kib;
  constexpr std::size_t requests = 60;
  const std::string payload = R"({"text":")" + std::string(event_bytes, 'x') + "\"}";
  http::Request request;
  request.target = "/events/" + service.post(key, "t", payload).text("event_id");
  request.headers.add("Authorization", "Bearer " + key);
  TurnPool parsers(1);
  service.use(parsers);

  std::size_t waiting = 0, counted = 0, answered = 0;
  // Keeps the pool's only thread until each request has been refused or waits.
  const auto look = [&] {
    while (parsers.waiting() + service.answers.refused() < requests) std::this_thread::yield();
    waiting = parsers.waiting();
    counted = service.answers.bytes();
    return true;
  };
  at_once(requests + 1, [&](std::size_t number) -> Task<void> {
    if (number == 0) {
      auto looked = parsers.run("other", look);
      co_await looked;
      co_return;
    }
    const auto response = co_await service.api->handle(request);
    EXPECT_TRUE(response.status == 200U || response.status == 503U) << response.status;
    answered += response.status == 200U ? 1 : 0;
  });
  EXPECT_GE(waiting, 10U);
  EXPECT_EQ(answered, waiting);
  EXPECT_GE(counted, waiting * event_bytes);
  EXPECT_LE(counted, service.answers.bytes_max() / 2);
  EXPECT_EQ(service.answers.bytes(), 0U);
}

TEST(SharesOfAnswersTest, PagesWithoutAKeyLeaveRoomForTenantsAndTheMetrics) {
  TestService service("max-answers-size-bytes", "8388608");
  const auto key = service.key();
  service.post(key, "t", R"({"text":")" + std::string(200 * kib, 'x') + "\"}");
  std::vector<Seen> unread;
  do {
    unread.push_back(service.send(Method::get, "/openapi.json"));
    ASSERT_LT(unread.size(), 1'000U);
  } while (unread.back().status() == 200U);
  EXPECT_EQ(unread.back().status(), 503U);
  EXPECT_LE(service.answers.bytes(), service.answers.bytes_max() / 2);
  EXPECT_EQ(service.send(Method::get, "/inbox", key).status(), 200U);
  EXPECT_EQ(service.send_from("127.0.0.1", "/metrics", {}).status(), 200U);
}

}  // namespace
}  // namespace triggers::api
