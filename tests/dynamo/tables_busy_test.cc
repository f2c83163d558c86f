// Creating and deleting tables while another command does the same. The ordinary cases are in tables_test.cc.

#include "dynamo/fleet.h"

namespace triggers::store {
namespace {

namespace json = boost::json;
using dynamo::ApiCall;
using dynamo::CallError;
using dynamo::CallResult;

/// What AWS answers and DynamoDB Local never does: tables in the making, settings that differ.
class TablesBusyTest : public FleetTest {
 protected:
  using Report = dynamo::TableReport;

  TablesBusyTest() {
    watched_.answer_instead = [this](ApiCall api_call, const json::object& body) -> std::optional<CallResult> {
      if (body.at("TableName").as_string() != config.events_table) return {};
      return scripted_ ? scripted_(api_call, body) : std::optional<CallResult>{};
    };
  }
  Report create() { return sync_wait(watched_tables_.create()).value().at(0); }
  Report check() { return sync_wait(watched_tables_.check()).value().at(0); }
  Report remove() { return sync_wait(watched_tables_.remove()).value().at(0); }

  static CallResult with_status(const char* status) {
    json::object table;
    table["TableStatus"] = status;
    json::object answer;
    answer["Table"] = std::move(table);
    return answer;
  }
  static CallResult parsed(const char* text) { return json::parse(text).as_object(); }

  WatchedCaller watched_{*real};
  dynamo::Tables watched_tables_{watched_, config.events_table, config.keys_table};
  std::function<std::optional<CallResult>(ApiCall, const json::object&)> scripted_;
};

TEST_F(TablesBusyTest, TableThatAnotherCommandIsMakingIsWaitedFor) {
  int looks = 0;
  scripted_ = [&](ApiCall api_call, const json::object&) -> std::optional<CallResult> {
    if (api_call == ApiCall::create_table) return CallError{CallError::Kind::table_busy, "being made", {}};
    if (api_call != ApiCall::describe_table || ++looks > 2) return {};
    if (looks == 1) return CallError{CallError::Kind::no_table, "none", {}};
    return with_status("CREATING");
  };
  const Report report = create();
  EXPECT_TRUE(report.good) << report.text;
  EXPECT_GE(looks, 3);
}

TEST_F(TablesBusyTest, TableThatIsBeingDeletedIsMadeAgainOnceItIsGone) {
  ASSERT_TRUE(sync_wait(tables().remove()).ok());
  int looks = 0;
  scripted_ = [&](ApiCall api_call, const json::object&) -> std::optional<CallResult> {
    if (api_call != ApiCall::describe_table || ++looks > 2) return {};
    return with_status("DELETING");
  };
  const Report report = create();
  EXPECT_TRUE(report.good) << report.text;
  EXPECT_TRUE(report.text.starts_with("made")) << report.text;
}

TEST_F(TablesBusyTest, DeletingATableInTheMakingWaitsForItAndDoesNotSayThatItWasNotThere) {
  int refused = 0;
  scripted_ = [&](ApiCall api_call, const json::object&) -> std::optional<CallResult> {
    if (api_call != ApiCall::delete_table || ++refused > 1) return {};
    return CallError{CallError::Kind::table_busy, "being made", {}};
  };
  const Report report = remove();
  EXPECT_TRUE(report.good);
  EXPECT_EQ(report.text, "removed");
  EXPECT_FALSE(check().good);
}

TEST_F(TablesBusyTest, CheckSaysThatATableIsNotReady) {
  scripted_ = [&](ApiCall api_call, const json::object&) -> std::optional<CallResult> {
    if (api_call != ApiCall::describe_table) return {};
    auto made = sync_wait(real->call(ApiCall::describe_table,
                                     json::parse(R"({"TableName":")" + config.events_table + "\"}").as_object(),
                                     dynamo::Repeat::safe, std::chrono::seconds{5}));
    made->at("Table").as_object()["TableStatus"] = "CREATING";
    return made;
  };
  const Report report = check();
  EXPECT_FALSE(report.good);
  EXPECT_EQ(report.text, "not ready: CREATING");
}

TEST_F(TablesBusyTest, CheckSaysEachSettingThatDiffers) {
  scripted_ = [&](ApiCall api_call, const json::object& body) -> std::optional<CallResult> {
    if (api_call == ApiCall::describe_time_to_live) {
      return parsed(R"({"TimeToLiveDescription":{"TimeToLiveStatus":"DISABLED"}})");
    }
    if (api_call == ApiCall::describe_continuous_backups) {
      return parsed(R"({"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED",)"
                    R"("PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"DISABLED"}}})");
    }
    json::object asked;
    asked["TableName"] = body.at("TableName");
    auto made = sync_wait(real->call(api_call, std::move(asked), dynamo::Repeat::safe, std::chrono::seconds{5}));
    json::object mode;
    mode["BillingMode"] = "PROVISIONED";
    made->at("Table").as_object()["BillingModeSummary"] = std::move(mode);
    return made;
  };
  const Report report = check();
  EXPECT_FALSE(report.good);
  for (const char* part : {"provisioned", "expired is not removed", "recovery is off"}) {
    EXPECT_NE(report.text.find(part), std::string::npos) << report.text;
  }
}

TEST_F(TablesBusyTest, EndpointWithoutASettingOfEncryptionGetsATableWithoutIt) {
  ASSERT_TRUE(sync_wait(tables().remove()).ok());
  scripted_ = [&](ApiCall api_call, const json::object& body) -> std::optional<CallResult> {
    if (api_call != ApiCall::create_table || !body.contains("SSESpecification")) return {};
    return CallError{CallError::Kind::invalid, "what is SSESpecification?", {}};
  };
  const Report report = create();
  EXPECT_TRUE(report.good) << report.text;
  EXPECT_NE(report.text.find("no setting of encryption"), std::string::npos) << report.text;
}

TEST_F(TablesBusyTest, SettingThatDynamodbRefusesIsToldWithItsReason) {
  scripted_ = [&](ApiCall api_call, const json::object&) -> std::optional<CallResult> {
    if (api_call == ApiCall::describe_time_to_live) {
      return parsed(R"({"TimeToLiveDescription":{"TimeToLiveStatus":"ENABLED","AttributeName":"other"}})");
    }
    if (api_call != ApiCall::update_time_to_live) return {};
    return CallError{CallError::Kind::invalid, "TimeToLive is active on a different AttributeName", {}};
  };
  const Report report = create();
  EXPECT_FALSE(report.good);
  for (const char* part : {"was there, but what has expired is not removed", "active on a different AttributeName"}) {
    EXPECT_NE(report.text.find(part), std::string::npos) << report.text;
  }
  EXPECT_EQ(report.text.find("triggers tables create"), std::string::npos) << report.text;
}

TEST_F(TablesBusyTest, OperationThatTheEndpointDoesNotHaveIsNotMissed) {
  ASSERT_TRUE(sync_wait(tables().remove()).ok());
  scripted_ = [&](ApiCall api_call, const json::object&) -> std::optional<CallResult> {
    if (api_call != ApiCall::describe_time_to_live && api_call != ApiCall::update_time_to_live) return {};
    return CallError{CallError::Kind::not_offered, "UnknownOperationException", {}};
  };
  const Report report = create();
  EXPECT_TRUE(report.good) << report.text;
  EXPECT_NE(report.text.find("this endpoint removes no expired items"), std::string::npos) << report.text;
}

TEST_F(TablesBusyTest, TableIsAskedForOnDemandEncryptedExpiringAndRecoverable) {
  ASSERT_TRUE(sync_wait(tables().remove()).ok());
  std::map<ApiCall, json::object> asked;
  scripted_ = [&](ApiCall api_call, const json::object& body) -> std::optional<CallResult> {
    asked[api_call] = body;
    return {};
  };
  ASSERT_TRUE(create().good);
  EXPECT_EQ(asked.at(ApiCall::create_table).at("BillingMode"), "PAY_PER_REQUEST");
  EXPECT_EQ(asked.at(ApiCall::create_table).at("SSESpecification").at("Enabled"), true);
  EXPECT_EQ(asked.at(ApiCall::update_time_to_live).at("TimeToLiveSpecification").at("AttributeName"), "x");
  const auto& recovery = asked.at(ApiCall::update_continuous_backups).at("PointInTimeRecoverySpecification");
  EXPECT_EQ(recovery.at("PointInTimeRecoveryEnabled"), true);
}

}  // namespace
}  // namespace triggers::store
