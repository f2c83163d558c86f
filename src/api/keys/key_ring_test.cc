#include "api/keys/key_ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <thread>

#include "api/keys/test_keys.h"
#include "base/manual_clock.h"
#include "base/test_at_once.h"
#include "base/yield.h"
#include "store/memory/memory_store.h"

namespace triggers::api {
namespace {

class KeyRingTest : public testing::Test {
 protected:
  auth::KeyRecord create(const std::string& id, const std::string& secret, std::uint32_t per_minute = 100) {
    auth::KeyRecord record;
    record.key_id = id;
    record.user_id = "acme";
    record.rate_limit_per_minute = per_minute;
    record.secrets = {{auth::hash_key(secret), std::nullopt}};
    EXPECT_TRUE(sync_wait(keys_.create_key(record)).ok());
    return record;
  }
  auth::KeyRecord change(const std::string& id, std::function<void(auth::KeyRecord&)> how) {
    const auto changed = sync_wait(keys_.update_key(id, [&](auth::KeyRecord& record) -> Status {
      how(record);
      return Done{};
    }));
    return *changed;
  }
  std::shared_ptr<const ActiveKey> load(const std::string& secret) { return load(ring_, secret); }
  static std::shared_ptr<const ActiveKey> load(KeyRing& ring, const std::string& secret) {
    return *sync_wait(ring.load(auth::hash_key(secret)));
  }
  std::shared_ptr<const ActiveKey> find(const std::string& secret) { return ring_.find(auth::hash_key(secret)); }
  void refresh(const auth::KeyRecord& record) { ring_.refresh(record, ring_.mark()); }
  /// A key whose event types take some 100 KB.
  void create_large(const std::string& id, const std::string& secret) {
    create(id, secret);
    change(id, [](auth::KeyRecord& record) { record.event_types.assign(100, std::string(1000, 'x')); });
  }
  static void revoke(auth::KeyRecord& record) { record.status = auth::KeyStatus::revoked; }

  ManualClock clock_;
  std::unique_ptr<store::MemoryStore> memory_ = store::MemoryStore::create({});
  WatchedKeys keys_{*memory_};
  limit::RateBuckets buckets_;
  KeyRing ring_{keys_, buckets_};
};

TEST_F(KeyRingTest, AKeyIsReadOnceAndThenFound) {
  create("key_1", "s");
  EXPECT_EQ(find("s"), nullptr);
  EXPECT_EQ(load("s")->record.key_id, "key_1");
  EXPECT_EQ(find("s")->tenant.id, "acme");
  load("s");
  EXPECT_EQ(keys_.reads, 1);
}

TEST_F(KeyRingTest, ConcurrentMissesOfAKeyShareOneRead) {
  create("key_1", "s");
  keys_.slow = true;
  for (const std::string secret : {"s", "unknown"}) {
    keys_.reads = 0;
    int known = 0;
    at_once(50, [&](std::size_t) -> Task<void> {
      const auto key = co_await ring_.load(auth::hash_key(secret));
      known += *key ? 1 : 0;
    });
    EXPECT_EQ(known, secret == "s" ? 50 : 0);
    EXPECT_EQ(keys_.reads, 1);
  }
}

TEST_F(KeyRingTest, AnUnknownSecretFindsNoKeyAndIsNotRemembered) {
  EXPECT_EQ(load("s"), nullptr);
  create("key_1", "s");
  EXPECT_NE(load("s"), nullptr);
}

TEST_F(KeyRingTest, ARefreshIsSeenByTheNextLookUp) {
  create("key_1", "s");
  load("s");
  refresh(change("key_1", revoke));
  EXPECT_EQ(find("s")->record.status, auth::KeyStatus::revoked);
}

TEST_F(KeyRingTest, AnOlderReadNeverReplacesANewerRecord) {
  create("key_1", "s");
  keys_.after_read = [this] { refresh(change("key_1", revoke)); };
  EXPECT_EQ(load("s")->record.status, auth::KeyStatus::revoked);
  EXPECT_EQ(find("s")->record.status, auth::KeyStatus::revoked);
}

TEST_F(KeyRingTest, ASecretRemovedDuringTheReadFindsNoKey) {
  create("key_1", "old");
  keys_.after_read = [this] {
    refresh(change("key_1", [](auto& record) { record.secrets = {{auth::hash_key("new"), std::nullopt}}; }));
  };
  EXPECT_EQ(load("old"), nullptr);
  EXPECT_EQ(find("old"), nullptr);
  EXPECT_NE(find("new"), nullptr);
}

TEST_F(KeyRingTest, BothSecretsOfARotationLeadToOneBucketAndOneLastUse) {
  create("key_1", "old");
  const auto before = load("old");
  refresh(change("key_1", [](auto& record) { record.secrets.push_back({auth::hash_key("new"), std::nullopt}); }));
  EXPECT_EQ(find("old"), find("new"));
  EXPECT_EQ(find("new")->last_use, before->last_use);
  EXPECT_EQ(find("new")->rate_bucket, before->rate_bucket);
}

TEST_F(KeyRingTest, UsedTokensStayUsedWhenTheKeyChanges) {
  create("key_1", "s", 2);
  const auto now = clock_.steady();
  EXPECT_TRUE(load("s")->rate_bucket->own.take(now).allowed);
  EXPECT_TRUE(load("s")->rate_bucket->own.take(now).allowed);
  refresh(change("key_1", [](auto& record) { record.description = "other"; }));
  EXPECT_FALSE(load("s")->rate_bucket->own.take(now).allowed);
  refresh(change("key_1", [](auto& record) { record.rate_limit_per_minute.reset(); }));
  EXPECT_TRUE(load("s")->rate_bucket->own.take(now).allowed);
}

TEST_F(KeyRingTest, ADroppedKeyIsReadAgainAndKeepsItsBucket) {
  KeyRing small(keys_, buckets_, 64);
  constexpr int keys = 400;
  for (int i = 0; i < keys; ++i) create("key_" + std::to_string(i), std::to_string(i), 1);
  const auto now = clock_.steady();
  for (int i = 0; i < keys; ++i) EXPECT_TRUE(load(small, std::to_string(i))->rate_bucket->own.take(now).allowed);
  int forgotten = 0;
  for (int i = 0; i < keys; ++i) {
    forgotten += small.find(auth::hash_key(std::to_string(i))) == nullptr ? 1 : 0;
    EXPECT_FALSE(load(small, std::to_string(i))->rate_bucket->own.take(now).allowed) << i;
  }
  EXPECT_GE(forgotten, keys - 64);
}

TEST_F(KeyRingTest, AForgottenBucketStartsFull) {
  constexpr int keys = 400;
  KeyRing small(keys_, buckets_, 64, {}, clock_);
  for (int i = 0; i < keys; ++i) create("key_" + std::to_string(i), std::to_string(i), 1);
  for (int i = 0; i < keys; ++i) {
    EXPECT_TRUE(load(small, std::to_string(i))->rate_bucket->own.take(clock_.steady()).allowed);
  }
  buckets_.forget_unused(clock_.steady());
  EXPECT_EQ(buckets_.size(), std::size_t{keys}) << "they are not full";
  clock_.advance(std::chrono::seconds{60});
  buckets_.forget_unused(clock_.steady());
  EXPECT_LE(buckets_.size(), 64U);
  for (int i = 0; i < keys; ++i) {
    EXPECT_TRUE(load(small, std::to_string(i))->rate_bucket->own.take(clock_.steady()).allowed) << i;
  }
}

TEST_F(KeyRingTest, AnOlderReadNeverReplacesANewerRecordThatWasForgotten) {
  KeyRing small(keys_, buckets_, 0, {}, clock_);
  create("key_1", "s");
  for (int i = 0; i < 1000; ++i) create("other_" + std::to_string(i), std::to_string(i));
  keys_.after_read = [&] {
    small.refresh(change("key_1", revoke), small.mark());
    for (int i = 0; i < 1000; ++i) load(small, std::to_string(i));
    EXPECT_EQ(small.find(auth::hash_key("s")), nullptr);
    EXPECT_TRUE(sync_wait(small.flush_last_used()).ok());
    EXPECT_LE(small.remembered(), 64U);
  };
  EXPECT_EQ(load(small, "s")->record.status, auth::KeyStatus::revoked);
}

TEST_F(KeyRingTest, ManyLargeKeysTakeNoMoreMemoryThanTheRingMayAndDisplaceNoSmallOnes) {
  constexpr std::size_t bytes_max = std::size_t{64} * 1024 * 1024;
  KeyRing ring(keys_, buckets_, bytes_max);
  constexpr int small_keys = 1000;
  for (int i = 0; i < small_keys; ++i) create("small_" + std::to_string(i), "small" + std::to_string(i));
  for (int i = 0; i < small_keys; ++i) load(ring, "small" + std::to_string(i));
  for (int i = 0; i < 400; ++i) {
    create_large("large_" + std::to_string(i), "large" + std::to_string(i));
    ASSERT_EQ(load(ring, "large" + std::to_string(i))->record.event_types.size(), 100U);
  }
  EXPECT_LE(ring.bytes(), bytes_max / 4 + std::size_t{small_keys} * 2048);
  EXPECT_GE(ring.bytes(), bytes_max / 8);
  int here = 0;
  for (int i = 0; i < small_keys; ++i) {
    here += ring.knows(auth::hash_key("small" + std::to_string(i))) ? 1 : 0;
  }
  EXPECT_EQ(here, small_keys);
  // A key that was displaced keeps no memory.
  EXPECT_TRUE(sync_wait(ring.flush_last_used()).ok());
  EXPECT_LE(ring.remembered(), std::size_t{small_keys} + 200);
  buckets_.forget_unused(clock_.steady());
  EXPECT_LE(buckets_.size(), std::size_t{small_keys} + 200);
}

TEST_F(KeyRingTest, AKeyDisplacedAtOnceStillReachesAllItsWaiters) {
  KeyRing small(keys_, buckets_, 0);
  constexpr std::size_t keys = 300;
  for (std::size_t i = 0; i < keys; ++i) create("key_" + std::to_string(i), std::to_string(i));
  keys_.slow = true;
  std::size_t found = 0;
  at_once(keys * 3, [&](std::size_t number) -> Task<void> {
    const auto key = co_await small.load(auth::hash_key(std::to_string(number % keys)));
    found += *key ? 1 : 0;
  });
  EXPECT_EQ(found, keys * 3);
}

TEST_F(KeyRingTest, LastUseOfADroppedKeyIsKeptUntilItIsWritten) {
  KeyRing small(keys_, buckets_, 0);
  create("key_1", "s");
  load(small, "s")->last_use->store(77);
  for (int i = 0; i < 1000; ++i) create("other_" + std::to_string(i), std::to_string(i));
  for (int i = 0; i < 1000; ++i) load(small, std::to_string(i));
  ASSERT_EQ(small.find(auth::hash_key("s")), nullptr);
  keys_.touch_outcome = Error{ErrorCode::overloaded, "slow"};
  EXPECT_FALSE(sync_wait(small.flush_last_used()).ok());
  keys_.touch_outcome = Done{};
  EXPECT_TRUE(sync_wait(small.flush_last_used()).ok());
  ASSERT_EQ(keys_.touched.size(), 1U);
  EXPECT_EQ(keys_.touched[0].first, "key_1");
}

TEST_F(KeyRingTest, LastUseIsWrittenOnceForEachUse) {
  create("key_1", "s");
  create("key_2", "t");
  load("s")->last_use->store(77);
  load("t");
  EXPECT_TRUE(sync_wait(ring_.flush_last_used()).ok());
  ASSERT_EQ(keys_.touched.size(), 1U);
  EXPECT_EQ(keys_.touched[0].first, "key_1");
  EXPECT_EQ(keys_.touched[0].second.time_since_epoch().count(), 77);
  EXPECT_TRUE(sync_wait(ring_.flush_last_used()).ok());
  EXPECT_TRUE(keys_.touched.empty());
}

TEST_F(KeyRingTest, LastUseThatWasNotWrittenIsWrittenLater) {
  create("key_1", "s");
  create("key_2", "t");
  load("s")->last_use->store(77);
  load("t")->last_use->store(78);
  keys_.touch_outcome = Error{ErrorCode::overloaded, "slow"};
  EXPECT_FALSE(sync_wait(ring_.flush_last_used()).ok());
  load("t")->last_use->store(90);  // Used again meanwhile.
  EXPECT_FALSE(sync_wait(ring_.flush_last_used()).ok());
  keys_.touch_outcome = Done{};
  EXPECT_TRUE(sync_wait(ring_.flush_last_used()).ok());
  std::ranges::sort(keys_.touched);
  ASSERT_EQ(keys_.touched.size(), 2U);
  EXPECT_EQ(keys_.touched[0].first, "key_1");
  EXPECT_EQ(keys_.touched[0].second.time_since_epoch().count(), 77);
  EXPECT_EQ(keys_.touched[1].first, "key_2");
  EXPECT_EQ(keys_.touched[1].second.time_since_epoch().count(), 90);
  EXPECT_TRUE(sync_wait(ring_.flush_last_used()).ok());
  EXPECT_TRUE(keys_.touched.empty());
}

TEST_F(KeyRingTest, RacingRevisionsEndAtTheNewest) {
  auth::KeyRecord record = create("key_1", "s");
  constexpr std::uint64_t revisions = 2000;
  const auto refresh_every = [&](std::uint64_t first) {
    auth::KeyRecord mine = record;
    for (mine.revision = first; mine.revision <= revisions; mine.revision += 2) refresh(mine);
  };
  std::uint64_t seen = 0;
  bool went_back = false;
  std::thread odd(refresh_every, 1);
  std::thread even(refresh_every, 2);
  while (seen < revisions) {
    // A reader may meet the moment in which a record is replaced, and then reads the store; never an older record.
    const auto key = find("s");
    if (key == nullptr) continue;
    went_back = went_back || key->record.revision < seen;
    seen = std::max(seen, key->record.revision);
  }
  odd.join();
  even.join();
  EXPECT_FALSE(went_back);
  EXPECT_EQ(find("s")->record.revision, revisions);
}

TEST_F(KeyRingTest, AnOldRecordIsReadAgainIfOtherNodesChangeKeys) {
  create("key_1", "secret");
  KeyRing ring{keys_, buckets_, KeyRing::bytes_max_default, std::chrono::seconds{4}, clock_};
  const auto hash = auth::hash_key("secret");
  const auto bucket = load(ring, "secret")->rate_bucket;
  change("key_1", revoke);  // By another node.
  clock_.advance(std::chrono::milliseconds{3'999});
  EXPECT_EQ(ring.find(hash)->record.status, auth::KeyStatus::active);
  clock_.advance(std::chrono::milliseconds{1});
  EXPECT_FALSE(ring.find(hash));
  EXPECT_EQ(load(ring, "secret")->record.status, auth::KeyStatus::revoked);
  EXPECT_EQ(ring.find(hash)->rate_bucket, bucket);
}

TEST_F(KeyRingTest, SecretThatAnotherNodeDroppedIsNotFound) {
  create("key_1", "secret");
  KeyRing ring{keys_, buckets_, KeyRing::bytes_max_default, std::chrono::seconds{4}, clock_};
  load(ring, "secret");
  change("key_1", [](auth::KeyRecord& record) { record.secrets = {{auth::hash_key("new"), std::nullopt}}; });
  clock_.advance(std::chrono::seconds{4});
  EXPECT_FALSE(load(ring, "secret"));
  EXPECT_TRUE(load(ring, "new"));
}

}  // namespace
}  // namespace triggers::api
