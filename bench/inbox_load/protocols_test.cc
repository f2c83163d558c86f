// What the two HTTP protocols of the load write and read. The answers are those of webdis 0.1.9 and of docs/api.md.

#include <gtest/gtest.h>

#include <array>

#include "triggers_protocol.h"
#include "webdis_protocol.h"

namespace triggers::bench {
namespace {

constexpr std::string_view run = "run-0123456789abcdef012-";

EventText text() { return EventText(run); }

std::string event(std::uint64_t number) {
  std::string made;
  text().append(made, number);
  return made;
}

WebdisProtocol webdis() { return {{"stream", "workers", "wake", "abc"}, text()}; }

TriggersProtocol triggers() { return {"default", "key", text()}; }

std::string bulk(std::string_view content) {
  return "$" + std::to_string(content.size()) + "\r\n" + std::string{content} + "\r\n";
}

TEST(EventText, FindsTheNumberThatItWrote) {
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{17}, std::uint64_t{999'999'999'999}}) {
    EXPECT_EQ(event(number).size(), text().size());
    EXPECT_EQ(text().find(event(number)), number);
  }
}

TEST(EventText, FindsNothingOfOtherRuns) {
  std::string other;
  EventText("run-fffffffffffffffffff-").append(other, 1);
  EXPECT_EQ(text().find(other), std::nullopt);
  EXPECT_EQ(text().find(event(17).substr(0, event(17).find("17"))), std::nullopt);
}

TEST(WebdisProtocol, AddsTheEventToTheStream) {
  std::string request;
  webdis().write_events(request, std::array<std::uint64_t, 1>{5});
  EXPECT_TRUE(request.starts_with("PUT /XADD/stream/*/event HTTP/1.1\r\n")) << request;
  EXPECT_TRUE(request.ends_with("\r\n\r\n" + event(5))) << request;
  EXPECT_TRUE(webdis().are_accepted({200, R"({"XADD":"1795936775404-0"})"}, 1));
  EXPECT_FALSE(webdis().are_accepted({200, R"({"XADD":[false,"OOM command not allowed"]})"}, 1));
}

TEST(WebdisProtocol, ReadsALease) {
  std::string request;
  webdis().write_lease(request, 3, 10, false);
  EXPECT_TRUE(request.starts_with("GET /EVALSHA/abc/1/stream/workers/w3/10.raw HTTP/1.1\r\n")) << request;
  Batch batch;
  const std::string body = "*4\r\n" + bulk("7-0") + bulk(event(1)) + bulk("7-1") + bulk(event(2));
  ASSERT_TRUE(webdis().read_lease({200, body}, batch));
  EXPECT_EQ(batch.numbers, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(batch.ids, (std::vector<std::string>{"7-0", "7-1"}));
}

TEST(WebdisProtocol, RefusesWhatIsNoLease) {
  const std::string whole = "*2\r\n" + bulk("7-0") + bulk(event(1));
  for (const std::string& body : {std::string{"-NOSCRIPT No matching script\r\n"}, std::string{"*1\r\n"}, std::string{},
                                  "*2\r\n" + bulk("7-0") + bulk("another run's"), whole.substr(0, whole.size() - 1)}) {
    Batch batch;
    EXPECT_FALSE(webdis().read_lease({200, body}, batch)) << body;
  }
  Batch batch;
  EXPECT_FALSE(webdis().read_lease({503, whole}, batch));
  EXPECT_TRUE(webdis().read_lease({200, "*0\r\n"}, batch));
}

TEST(WebdisProtocol, AcknowledgesEachEntry) {
  const Batch batch{.numbers = {1, 2}, .ids = {"7-0", "7-1"}};
  std::string request;
  webdis().write_acknowledgement(request, batch);
  EXPECT_TRUE(request.starts_with("GET /XACK/stream/workers/7-0/7-1 HTTP/1.1\r\n")) << request;
  EXPECT_TRUE(webdis().is_acknowledged({200, R"({"XACK":2})"}, batch));
  EXPECT_FALSE(webdis().is_acknowledged({200, R"({"XACK":1})"}, batch));
}

TEST(WebdisProtocol, WaitEndsWithAnEntryOrWithItsTime) {
  EXPECT_TRUE(webdis().is_waited({200, R"({"XREADGROUP":[null]})"}));
  EXPECT_TRUE(webdis().is_waited({200, R"({"XREADGROUP":null})"}));
  EXPECT_FALSE(webdis().is_waited({200, R"({"XREADGROUP":[false,"NOGROUP No such key"]})"}));
}

TEST(TriggersProtocol, PostsTheEvent) {
  std::string request;
  triggers().write_events(request, std::array<std::uint64_t, 1>{5});
  EXPECT_TRUE(request.starts_with("POST /events HTTP/1.1\r\n")) << request;
  EXPECT_NE(request.find("\r\nAuthorization: Bearer key\r\n"), std::string::npos);
  EXPECT_TRUE(request.ends_with("\r\nContent-Length: " + std::to_string(text().size()) + "\r\n\r\n" + event(5)))
      << request;
  EXPECT_TRUE(triggers().are_accepted({201, R"({"status":"accepted","event_id":"a"})"}, 1));
  EXPECT_FALSE(triggers().are_accepted({200, R"({"status":"accepted","event_id":"a"})"}, 1));
  EXPECT_FALSE(triggers().are_accepted({201, R"({"status":"accepted","event_id":"a","duplicate":true})"}, 1));
}

TEST(TriggersProtocol, PostsABatch) {
  std::string request;
  triggers().write_events(request, std::array<std::uint64_t, 2>{5, 6});
  EXPECT_TRUE(request.starts_with("POST /events/batch HTTP/1.1\r\n")) << request;
  EXPECT_TRUE(request.ends_with("\r\n\r\n[" + event(5) + "," + event(6) + "]")) << request;
  const auto answer = [](std::string_view counts) { return R"({"results":[{},{}],)" + std::string{counts} + "}\n"; };
  EXPECT_TRUE(triggers().are_accepted({200, answer(R"("accepted":2,"duplicates":0,"failed":0)")}, 2));
  EXPECT_FALSE(triggers().are_accepted({200, answer(R"("accepted":1,"duplicates":1,"failed":0)")}, 2));
  EXPECT_FALSE(triggers().are_accepted({200, answer(R"("accepted":1,"duplicates":0,"failed":1)")}, 2));
  EXPECT_FALSE(triggers().are_accepted({503, answer(R"("accepted":2,"duplicates":0,"failed":0)")}, 2));
}

TEST(TriggersProtocol, LeaseWaitsOnlyIfItShall) {
  std::string request;
  triggers().write_lease(request, 0, 10, false);
  EXPECT_TRUE(request.starts_with("POST /inboxes/default/lease HTTP/1.1\r\n")) << request;
  EXPECT_TRUE(request.ends_with("\r\n\r\n{\"limit\":10,\"lease_seconds\":30}")) << request;
  request.clear();
  triggers().write_lease(request, 0, 10, true);
  EXPECT_TRUE(request.ends_with("\r\n\r\n{\"limit\":10,\"lease_seconds\":30,\"wait_seconds\":1}")) << request;
}

TEST(TriggersProtocol, ReadsALease) {
  std::string events;
  for (const std::uint64_t number : {1, 2}) {
    events += events.empty() ? "" : ",";
    events += R"({"event_id":"id",)" + event(number).substr(1, event(number).size() - 2) + R"(,"attempt":1})";
  }
  const std::string body = R"({"lease_id":"l1","leased_until":"2026-11-29T00:00:00.000Z","events":[)" + events + "]}\n";
  auto protocol = triggers();
  Batch batch;
  ASSERT_TRUE(protocol.read_lease({200, body}, batch));
  EXPECT_EQ(batch.numbers, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(batch.lease, "l1");
  EXPECT_FALSE(protocol.read_lease({429, body}, batch));
  EXPECT_FALSE(protocol.read_lease({200, R"({"events":[{"payload":{}}]})"}, batch));
}

TEST(TriggersProtocol, LeaseOfNothingIsAnEmptyBatch) {
  auto protocol = triggers();
  Batch batch;
  ASSERT_TRUE(protocol.read_lease({200, R"({"lease_id":null,"leased_until":null,"events":[]})"}, batch));
  EXPECT_TRUE(batch.numbers.empty());
}

TEST(TriggersProtocol, AcknowledgesTheLease) {
  auto protocol = triggers();
  const Batch batch{.numbers = {1, 2}, .lease = "l1"};
  std::string request;
  protocol.write_acknowledgement(request, batch);
  EXPECT_TRUE(request.ends_with("\r\n\r\n{\"lease_id\":\"l1\"}")) << request;
  const auto results = [](std::string_view first, std::string_view second) {
    return R"({"results":[{"event_id":"a","status":")" + std::string{first} + R"("},{"event_id":"b","status":")" +
           std::string{second} + "\"}]}";
  };
  EXPECT_TRUE(protocol.is_acknowledged({200, results("acknowledged", "acknowledged")}, batch));
  EXPECT_FALSE(protocol.is_acknowledged({200, results("acknowledged", "lease_lost")}, batch));
  EXPECT_FALSE(protocol.is_acknowledged({200, R"({"results":[{"event_id":"a","status":"acknowledged"}]})"}, batch));
}

}  // namespace
}  // namespace triggers::bench
