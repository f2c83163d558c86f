#include "swarm/verify/verify.h"

#include <gtest/gtest.h>

#include "swarm/load/scripted_server.h"

namespace triggers::swarm {
namespace {

/// A page of one event that the journal does not have, another one for each number, and a next page.
std::string endless_page(std::size_t number) {
  const std::string digits = std::to_string(1'000'000'000'000 + number).substr(1);
  return R"({"events":[{"event_id":"01890000-0000-7000-8000-)" + digits +
         R"(","timestamp":"2023-06-27T23:00:00.000Z","event_type":"t","payload":{},"source":null,"metadata":null}],)"
         R"("pagination":{"has_more":true,"next_cursor":"to-)" +
         digits + R"(","total_undelivered":1}})";
}

TEST(Verify, MoreUnknownEventsThanTheLimitEndWithoutAVerdict) {
  ScriptedServer server([](auto, std::size_t number) { return ScriptedServer::ok(endless_page(number)); });
  const auto target = Target::parse(server.url());
  ASSERT_TRUE(target.ok());
  JournalContents journal;
  journal.events.push_back(
      {.id = *Uuid7::parse("01890000-0000-7000-8000-ffffffffffff"), .digest = {}, .accepted = true});
  VerifyOptions options;
  options.api_keys = {"any"};
  options.extra_events_max = 20;
  const auto verification = verify(std::move(journal), *target, options);
  ASSERT_FALSE(verification.ok());
  EXPECT_NE(verification.error().message.find("more than 20 events"), std::string::npos)
      << verification.error().message;
  EXPECT_EQ(server.requests(), 21U);
}

}  // namespace
}  // namespace triggers::swarm
