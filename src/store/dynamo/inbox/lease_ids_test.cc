#include "store/dynamo/inbox/lease_ids.h"

#include <gtest/gtest.h>

#include <set>

namespace triggers::store::dynamo {
namespace {

using namespace std::chrono_literals;

const UnixMillis now{std::chrono::milliseconds{1'700'000'000'123}};

TEST(LeaseIds, IdTellsTheTimeAndTheFacts) {
  for (const LeaseFacts& facts : {LeaseFacts{1s, 1}, LeaseFacts{43'200s, 500}, LeaseFacts{30s, 10}}) {
    const inbox::LeaseId lease = new_lease_id(now, facts);
    EXPECT_EQ(facts_of(lease), facts);
    EXPECT_EQ(lease.value.time(), now);
    EXPECT_EQ(first_end_of(lease), now + facts.duration);
    EXPECT_EQ(Uuid7::parse(lease.value.text()), lease.value) << "it is a UUID of version 7";
  }
}

TEST(LeaseIds, IdsOfOneMillisecondDiffer) {
  std::set<inbox::LeaseId> ids;
  for (int i = 0; i < 1'000; ++i) ids.insert(new_lease_id(now, {30s, 10}));
  EXPECT_EQ(ids.size(), 1'000U);
}

}  // namespace
}  // namespace triggers::store::dynamo
