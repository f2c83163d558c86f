#include "store/dynamo/events/batch_order.h"

#include <gtest/gtest.h>

namespace triggers::store::dynamo {
namespace {

using Places = std::vector<std::optional<std::size_t>>;

IncomingEvent event(std::uint64_t content, std::string_view key = "") {
  IncomingEvent append;
  append.fingerprint = {content, content};
  if (!key.empty()) append.idempotency_key = key;
  return append;
}

Places by_content(const std::vector<IncomingEvent>& events) {
  Places places;
  for (const auto& before : equal_before(events, true)) places.push_back(before.by_content);
  return places;
}

TEST(BatchOrderTest, EventWithoutAKeyWaitsForTheLastEqualOne) {
  EXPECT_EQ(by_content({event(1), event(2), event(1), event(1)}), (Places{{}, {}, 0, 2}));
}

TEST(BatchOrderTest, EventsWithKeysOfTheirOwnWaitForTheFirstOnly) {
  EXPECT_EQ(by_content({event(1, "a"), event(1, "b"), event(1, "c"), event(1)}), (Places{{}, 0, 0, 0}));
  EXPECT_EQ(by_content({event(1), event(1, "b"), event(1)}), (Places{{}, 0, 0}));
}

TEST(BatchOrderTest, EventWaitsForTheLastOfItsKey) {
  const std::vector<IncomingEvent> events{event(1, "a"), event(2, "b"), event(3, "a"), event(4, "a")};
  Places places;
  for (const auto& before : equal_before(events, false)) {
    places.push_back(before.by_key);
    EXPECT_FALSE(before.by_content);
  }
  EXPECT_EQ(places, (Places{{}, {}, 0, 2}));
}

TEST(BatchOrderTest, EventIsAnsweredByAnEqualOneThatWasStored) {
  const auto answer = [](const IncomingEvent& first, Result<Appended> stored, const IncomingEvent& second) {
    const std::vector<IncomingEvent> events{first, second};
    const std::vector<Result<Appended>> answers{std::move(stored), Result<Appended>(Appended{})};
    return answer_of_equal(events, answers, 1, equal_before(events, true)[1]);
  };
  using Outcome = Appended::Outcome;
  EventId id;
  id.bytes[0] = 1;
  const Appended accepted{Outcome::accepted, id};
  const Appended duplicate{Outcome::duplicate, id};
  EXPECT_EQ(answer(event(1), accepted, event(1))->outcome, Outcome::duplicate);
  EXPECT_EQ(answer(event(1), duplicate, event(1))->id, id);
  EXPECT_EQ(answer(event(1, "a"), accepted, event(1, "a"))->outcome, Outcome::duplicate);
  EXPECT_FALSE(answer(event(1), Error{ErrorCode::overloaded, ""}, event(1)));
  EXPECT_FALSE(answer(event(1), accepted, event(1, "a")));
  // What a key repeats may be too old to be repeated without it.
  EXPECT_EQ(answer(event(1, "a"), accepted, event(1))->outcome, Outcome::duplicate);
  EXPECT_FALSE(answer(event(1, "a"), duplicate, event(1)));
  // Equal fingerprints of different contents.
  IncomingEvent other = event(1);
  other.event_type = "other";
  EXPECT_FALSE(answer(event(1), accepted, other));
  other.idempotency_key = "a";
  EXPECT_EQ(answer(event(1, "a"), accepted, other)->outcome, Outcome::idempotency_mismatch);
}

}  // namespace
}  // namespace triggers::store::dynamo
