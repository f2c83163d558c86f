// Each tenant's share of the operations in progress. Which tenant's call goes next is in
// src/store/dynamo/client/call_turns_test.cc.

#include "dynamo/fleet.h"

namespace triggers::store {
namespace {

using dynamo::ApiCall;
using dynamo::CallError;
using dynamo::CallResult;

class OverloadTest : public FleetTest {
 protected:
  /// One call of a node that fails so.
  static ErrorCode fail(Node& at, CallError::Kind kind) {
    at.caller->answer_instead = [&](ApiCall, const boost::json::object&) -> std::optional<CallResult> {
      return CallError{kind, "by the test", {}};
    };
    const auto found = sync_wait(at.store->key_by_hash(auth::KeyHash{}));
    at.caller->answer_instead = {};
    return found ? ErrorCode::internal : found.error().code;
  }
};

TEST_F(OverloadTest, PageCountsAsTheCallsThatItMakes) {
  config.calls_max = config.shards + 1;
  Node node = this->node();
  std::optional<ErrorCode> beside;
  node.caller->before = [&](ApiCall api_call, const boost::json::object&) {
    if (api_call != ApiCall::query || beside) return;
    const auto refused = sync_wait(node.store->get(tenant, EventId{}));
    beside = refused ? ErrorCode::internal : refused.error().code;
  };
  page(node);
  EXPECT_EQ(beside, ErrorCode::overloaded);
  EXPECT_FALSE(get(node, EventId{}));
  EXPECT_TRUE(node.store->health().writable);
}

TEST_F(OverloadTest, TenantHasAsManyOperationsAsItLeavesAndAnotherFindsRoom) {
  config.calls_max = 2 * (config.shards + 1);
  Node node = this->node();
  std::optional<ErrorCode> own;
  bool other = false;
  node.caller->before = [&](ApiCall api_call, const boost::json::object&) {
    if (api_call != ApiCall::query || own) return;
    own = ErrorCode::internal;
    const auto refused = sync_wait(node.store->get(tenant, EventId{}));
    if (!refused) own = refused.error().code;
    other = sync_wait(node.store->get(Tenant{"another"}, EventId{})).ok();
  };
  page(node);
  EXPECT_EQ(own, ErrorCode::share_used);
  EXPECT_TRUE(other);
  EXPECT_FALSE(get(node, EventId{}));
}

TEST_F(OverloadTest, PageIsReadWhateverTheLimit) {
  config.calls_max = 1;
  Node node = this->node();
  append(node, numbered(1));
  EXPECT_EQ(page(node).events.size(), 1U);
}

TEST_F(OverloadTest, FullQueueOfTheNodeSaysNothingOfDynamodb) {
  Node node = this->node();
  EXPECT_EQ(fail(node, CallError::Kind::overloaded), ErrorCode::overloaded);
  EXPECT_TRUE(node.store->health().writable);
  EXPECT_EQ(fail(node, CallError::Kind::unavailable), ErrorCode::unavailable);
  EXPECT_EQ(fail(node, CallError::Kind::overloaded), ErrorCode::overloaded);
  EXPECT_FALSE(node.store->health().writable);
  sync_wait(node.store->probe_if_troubled());
  EXPECT_TRUE(node.store->health().writable);
}

}  // namespace
}  // namespace triggers::store
