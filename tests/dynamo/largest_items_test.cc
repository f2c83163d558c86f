// The largest events and inboxes that DynamoDB's limits allow.

#include <set>

#include "dynamo/fleet.h"

namespace triggers::store {
namespace {

class LargeTest : public FleetTest {
 protected:
  /// A payload of exactly so many bytes.
  static Draft sized(std::size_t bytes, std::size_t number = 0) {
    Draft draft;
    draft.payload = R"({"n":)" + std::to_string(1'000 + number) + R"(,"text":")";
    draft.payload += std::string(bytes - draft.payload.size() - 2, 'x') + R"("})";
    return draft;
  }

  Node node_ = node();
};

TEST_F(LargeTest, InboxOfTheLargestPayloadsIsPagedWholeAndInOrder) {
  // More than a query answers (1 MB) in every shard, and more than a page takes (8 MiB).
  std::vector<EventId> ids;
  for (std::size_t i = 0; i < 40; ++i) ids.push_back(append(node_, sized(256 * 1024, i)).id);
  clock.advance(std::chrono::seconds{10});
  std::vector<EventId> seen;
  PageQuery query{.limit = 200};
  for (int pages = 1;; ++pages) {
    const Page next = page(node_, query);
    for (const auto& event : next.events) {
      EXPECT_EQ(event.payload.size(), 256U * 1024);
      seen.push_back(event.id);
    }
    if (!next.has_more) {
      EXPECT_EQ(pages, 2);
      break;
    }
    query.after = next.next_after;
  }
  EXPECT_EQ(seen, ids);
}

TEST_F(LargeTest, EventAtTheLimitOfAnItemIsStoredReadAndAcknowledged) {
  Draft draft = sized(400 * 1024 - 2'048 - std::string_view{"order.created"}.size());
  const auto stored = append(node_, draft);
  EXPECT_EQ(get(node_, stored.id)->payload, draft.payload);
  EXPECT_EQ(append(node_, draft).id, stored.id);
  EXPECT_EQ(acknowledge(node_, stored.id), AckStatus::acknowledged);
  EXPECT_EQ(get(node_, stored.id)->payload, draft.payload);
  draft = sized(draft.payload.size() + 1);
  const auto refused = try_append(node_, draft);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::too_large);
}

}  // namespace
}  // namespace triggers::store
