// Storing, finding, listing and changing API keys on every engine, and the shared secret. Keys in memory are tested in
// src/api/keys.

#include <atomic>

#include "base/sync_wait.h"
#include "contract/store_contract.h"

namespace triggers::store::contract {
namespace {

using auth::KeyRecord;
using Ids = std::vector<std::string>;

class KeysContract : public StoreContract {
 protected:
  Status create(KeyRecord record) { return sync_wait(keys().create_key(std::move(record))); }
  Result<KeyRecord> update(const std::string& key_id, KeyChange change) {
    return sync_wait(keys().update_key(key_id, std::move(change)));
  }
  std::optional<KeyRecord> by_id(const std::string& key_id) { return sync_wait(keys().key_by_id(key_id)).value(); }
  std::optional<KeyRecord> by_secret(const std::string& secret) {
    return sync_wait(keys().key_by_hash(auth::hash_key(secret))).value();
  }
  std::vector<std::string> list(const std::optional<std::string>& user_id, const std::string& after,
                                std::size_t limit) {
    std::vector<std::string> ids;
    const auto records = sync_wait(keys().list_keys(user_id, after, limit));
    for (const auto& record : *records) ids.push_back(record.key_id);
    return ids;
  }

  /// A key of "acme" with the secret "secret of <id>".
  [[nodiscard]] KeyRecord record(const std::string& key_id, const std::string& user_id = "acme") const {
    KeyRecord record;
    record.key_id = key_id;
    record.user_id = user_id;
    record.user_email = "someone@example.com";
    record.description = "é \"quoted\"";
    record.created_at = record.updated_at = clock.now();
    record.secrets.push_back({auth::hash_key("secret of " + key_id), std::nullopt});
    return record;
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, KeysContract, testing::Values(engine_under_test()),
                         [](const auto& instance) { return instance.param.name; });

TEST_P(KeysContract, CreatedKeyIsFoundByIdAndBySecretAlsoAfterARestart) {
  KeyRecord whole = record("key_1");
  whole.role = auth::Role::admin;
  whole.rate_limit_per_minute.reset();
  whole.event_types.assign({"a", "b c"});
  whole.inboxes.assign({"billing"});
  whole.expires_at = clock.now() + std::chrono::hours(1);
  ASSERT_TRUE(create(whole));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(by_id("key_1"), whole);
    EXPECT_EQ(by_secret("secret of key_1"), whole);
    restart();
  }
}

TEST_P(KeysContract, UnknownKeyIsNotFound) {
  EXPECT_FALSE(by_id("key_1"));
  EXPECT_FALSE(by_id(""));
  EXPECT_FALSE(by_secret("guess"));
  const auto updated = update("key_1", [](KeyRecord&) -> Status { return Done{}; });
  ASSERT_FALSE(updated);
  EXPECT_EQ(updated.error().code, ErrorCode::not_found);
}

TEST_P(KeysContract, LongIdFindsNoKeyButIsAPositionInAList) {
  const std::string first = "key_" + std::string(60, 'm');
  ASSERT_TRUE(create(record(first)));
  ASSERT_TRUE(create(record("key_n")));
  const std::string same_beginning = first + std::string(3'000, 'x');
  EXPECT_FALSE(by_id(same_beginning));
  const auto updated = update(same_beginning, [](KeyRecord&) -> Status { return Done{}; });
  ASSERT_FALSE(updated);
  EXPECT_EQ(updated.error().code, ErrorCode::not_found);
  std::string cut_in_a_character = "key_" + std::string(59, 'm');
  for (int i = 0; i < 1'000; ++i) cut_in_a_character += "é";
  for (const std::optional<std::string>& user : {std::optional<std::string>{}, std::optional<std::string>{"acme"}}) {
    EXPECT_EQ(list(user, same_beginning, 10), (Ids{"key_n"}));
    EXPECT_EQ(list(user, cut_in_a_character, 10), (Ids{"key_n"}));
    EXPECT_EQ(list(user, "a" + std::string(3'000, 'a'), 10), (Ids{first, "key_n"}));
    EXPECT_TRUE(list(user, std::string(3'000, 'z'), 10).empty());
  }
}

TEST_P(KeysContract, TakenIdOrSecretIsAConflictAndChangesNothing) {
  ASSERT_TRUE(create(record("key_1")));
  KeyRecord same_id = record("key_1", "globex");
  same_id.secrets[0].hash = auth::hash_key("another");
  KeyRecord same_secret = record("key_2", "globex");
  same_secret.secrets[0].hash = auth::hash_key("secret of key_1");
  for (const auto& taken : {same_id, same_secret}) {
    const auto created = create(taken);
    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().code, ErrorCode::conflict);
  }
  EXPECT_EQ(by_id("key_1")->user_id, "acme");
  EXPECT_EQ(by_secret("secret of key_1")->key_id, "key_1");
  EXPECT_FALSE(by_id("key_2"));
  EXPECT_FALSE(by_secret("another"));
  EXPECT_TRUE(list("globex", "", 10).empty());
}

TEST_P(KeysContract, OfRacingCreationsWithOneIdOneSucceeds) {
  engine();
  std::atomic<int> created{0};
  race(8, [&](std::size_t thread) {
    KeyRecord mine = record("key_1");
    mine.secrets[0].hash = auth::hash_key("secret " + std::to_string(thread));
    created += create(mine) ? 1 : 0;
  });
  EXPECT_EQ(created, 1);
  EXPECT_EQ(list(std::nullopt, "", 10).size(), 1U);
}

TEST_P(KeysContract, UpdateCountsTheRevisionUpAndIsDurable) {
  ASSERT_TRUE(create(record("key_1")));
  const auto updated = update("key_1", [](KeyRecord& key) -> Status {
    key.status = auth::KeyStatus::revoked;
    return Done{};
  });
  ASSERT_TRUE(updated);
  EXPECT_EQ(updated->revision, 2U);
  restart();
  EXPECT_EQ(by_id("key_1"), *updated);
  EXPECT_EQ(by_secret("secret of key_1")->status, auth::KeyStatus::revoked);
}

TEST_P(KeysContract, RefusedUpdateChangesNothing) {
  ASSERT_TRUE(create(record("key_1")));
  const auto updated = update("key_1", [](KeyRecord& key) -> Status {
    key.status = auth::KeyStatus::revoked;
    return Error{ErrorCode::conflict, "no"};
  });
  ASSERT_FALSE(updated);
  EXPECT_EQ(updated.error().message, "no");
  EXPECT_EQ(by_id("key_1"), record("key_1"));
}

TEST_P(KeysContract, RacingUpdatesLoseNone) {
  ASSERT_TRUE(create(record("key_1")));
  race(8, [&](std::size_t) {
    for (int i = 0; i < 5; ++i) {
      EXPECT_TRUE(update("key_1", [](KeyRecord& key) -> Status {
        key.rate_limit_per_minute = *key.rate_limit_per_minute + 1;
        return Done{};
      }));
    }
  });
  EXPECT_EQ(by_id("key_1")->rate_limit_per_minute, 140U);
  EXPECT_EQ(by_id("key_1")->revision, 41U);
}

TEST_P(KeysContract, RotatedKeyIsFoundByBothSecretsUntilTheOldOneIsDropped) {
  ASSERT_TRUE(create(record("key_1")));
  ASSERT_TRUE(update("key_1", [&](KeyRecord& key) -> Status {
    key.secrets[0].valid_until = clock.now() - std::chrono::seconds(1);
    key.secrets.push_back({auth::hash_key("new"), std::nullopt});
    return Done{};
  }));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(by_secret("new")->key_id, "key_1");
    EXPECT_EQ(by_secret("secret of key_1")->secrets.size(), 2U);
    restart();
  }
  ASSERT_TRUE(update("key_1", [](KeyRecord& key) -> Status {
    key.secrets.erase(key.secrets.begin());
    return Done{};
  }));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(by_secret("new")->secrets.size(), 1U);
    EXPECT_FALSE(by_secret("secret of key_1"));
    restart();
  }
}

TEST_P(KeysContract, ListIsInOrderOfIdsAndPaged) {
  for (const char* id : {"key_3", "key_1", "key_10", "key_2"}) ASSERT_TRUE(create(record(id)));
  ASSERT_TRUE(create(record("key_15", "globex")));
  EXPECT_EQ(list(std::nullopt, "", 10), (Ids{"key_1", "key_10", "key_15", "key_2", "key_3"}));
  EXPECT_EQ(list(std::nullopt, "", 2), (Ids{"key_1", "key_10"}));
  EXPECT_EQ(list(std::nullopt, "key_10", 2), (Ids{"key_15", "key_2"}));
  EXPECT_EQ(list(std::nullopt, "key_14", 1), Ids{"key_15"});
  EXPECT_EQ(list(std::nullopt, "key_3", 2), Ids{});
  EXPECT_EQ(list(std::nullopt, "", 0), Ids{});
}

TEST_P(KeysContract, ListOfOneUserHoldsNoOtherUsersKeys) {
  const std::vector<std::string> users = {"a", "aa", "\u00ff", std::string(255, 'z'), "aakey_", "b"};
  for (std::size_t i = 0; i < users.size(); ++i) {
    for (const std::string suffix : {"y", "x"}) {
      ASSERT_TRUE(create(record("key_" + std::to_string(i) + suffix, users[i])));
    }
  }
  for (std::size_t i = 0; i < users.size(); ++i) {
    const std::string id = "key_" + std::to_string(i);
    EXPECT_EQ(list(users[i], "", 10), (std::vector{id + "x", id + "y"}));
    EXPECT_EQ(list(users[i], id + "x", 10), std::vector{id + "y"});
  }
  EXPECT_TRUE(list("nobody", "", 10).empty());
}

TEST_P(KeysContract, TouchNotesTheTimeAndDoesNotCountTheRevisionUp) {
  ASSERT_TRUE(create(record("key_1")));
  ASSERT_TRUE(create(record("key_2")));
  const auto time = clock.now() + std::chrono::minutes(5);
  ASSERT_TRUE(sync_wait(keys().touch_keys({{"key_1", time}, {"unknown", time}})));
  EXPECT_EQ(by_id("key_1")->last_used_at, time);
  EXPECT_EQ(by_id("key_1")->revision, 1U);
  EXPECT_EQ(by_secret("secret of key_1")->last_used_at, time);
  EXPECT_FALSE(by_id("key_2")->last_used_at);
  EXPECT_FALSE(by_id("unknown"));
  ASSERT_TRUE(sync_wait(keys().touch_keys({})));
}

TEST_P(KeysContract, SharedSecretIsRandomAndStaysAcrossRestarts) {
  std::array<std::string, 8> secrets;
  engine();
  race(secrets.size(), [&](std::size_t thread) { secrets[thread] = sync_wait(keys().shared_secret()).value(); });
  EXPECT_EQ(secrets[0].size(), 32U);
  EXPECT_NE(secrets[0], std::string(32, '\0'));
  for (const auto& secret : secrets) EXPECT_EQ(secret, secrets[0]);
  restart();
  EXPECT_EQ(sync_wait(keys().shared_secret()).value(), secrets[0]);
}

}  // namespace
}  // namespace triggers::store::contract
