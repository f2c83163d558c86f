// The reserve of the disk on a real small file system: what goes on below it, and that removed events give their room
// back. Needs the right to mount one. Over HTTP: tests/e2e/test_disk.py.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <random>
#include <thread>

#include "base/unique_fd.h"
#include "rocks_fixture.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using enum Appended::Outcome;

constexpr std::uint64_t mebibyte = 1024 * 1024;
constexpr const char* disk_size = "size=48m";  // The reserve is 12 MiB.

class SmallDisk : public RocksFixture {
 protected:
  void SetUp() override {
    path_ = directory / "disk";
    std::filesystem::create_directory(path_);
    if (mount("tmpfs", path_.c_str(), "tmpfs", 0, disk_size) != 0) GTEST_SKIP() << "needs a mount of its own, so root";
    mounted_ = true;
    config.data_dir = path_ + "/data";
    config.disk_reserve_bytes = 1024 * mebibyte;
    config.dedup_window = 0s;
  }
  void TearDown() override {
    store.reset();
    if (!mounted_) return;
    EXPECT_EQ(umount2(path_.c_str(), MNT_DETACH), 0);
  }

  [[nodiscard]] std::uint64_t free_bytes() const {
    struct statvfs found{};
    EXPECT_EQ(statvfs(path_.c_str(), &found), 0);
    return std::uint64_t{found.f_bavail} * found.f_frsize;
  }
  /// About 50 KiB that do not compress.
  Draft large() {
    std::string text(50'000, 'x');
    for (char& c : text) c = static_cast<char>('a' + random_() % 26);
    return {.payload = R"({"fill":")" + text + R"("})"};
  }
  /// Accepts events until one is refused for good. Before that, the store may refuse some until it has written its logs
  /// to tables.
  std::vector<EventId> fill() {
    std::vector<EventId> ids;
    const std::uint64_t full = 48 * mebibyte / 4 * 5 / 4;
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (store->has_room() || free_bytes() >= full) {
      const auto answer = append(large());
      EXPECT_TRUE(answer) << answer.error().message;
      if (!answer || std::chrono::steady_clock::now() > deadline) {
        ADD_FAILURE() << "the disk was never full";
        return ids;
      }
      if (answer->outcome == accepted) ids.push_back(answer->id);
      if (answer->outcome == no_room || ids.size() % 20 == 0) tend();
    }
    return ids;
  }
  void tend() {
    clock.advance(11s);
    store->check_files();
  }
  template <class Condition>
  void tend_until(const Condition& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      tend();
      std::this_thread::yield();
    }
  }

  std::string path_;
  bool mounted_ = false;
  std::minstd_rand random_{1};
};

TEST_F(SmallDisk, BelowTheReserveOnlyNewEventsAreRefused) {
  open();
  const auto ids = fill();
  EXPECT_GT(ids.size(), 200U);
  EXPECT_FALSE(store->has_room());
  EXPECT_GT(free_bytes(), 2 * mebibyte) << "the reserve was used up";
  EXPECT_TRUE(store->health().writable);
  const Appended refused = append(large()).value();
  EXPECT_EQ(refused.outcome, no_room);
  EXPECT_EQ(refused.limit, StorageLimit::disk_reserve);
  const Leased leased = sync_wait(store->lease(tenant, {.limit = 5})).value();
  EXPECT_EQ(leased.events.size(), 5U);
  EXPECT_TRUE(sync_wait(store->release(tenant, InboxName(), leased.lease, std::nullopt, 0s, std::nullopt)));
  EXPECT_TRUE(sync_wait(store->acknowledge(tenant, {ids[0], ids[1]})));
  EXPECT_EQ(inbox().size(), ids.size() - 2);
}

TEST_F(SmallDisk, RemovedEventsGiveTheirRoomBackAndAcceptingBeginsAgain) {
  open();
  std::vector<EventId> ids;
  for (int i = 0; i != 160; ++i) ids.push_back(append(large()).value().id);
  const UniqueFd ballast(::open((path_ + "/ballast").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  ASSERT_EQ(posix_fallocate(ballast.get(), 0, static_cast<off_t>(free_bytes() - 11 * mebibyte)), 0);
  ASSERT_TRUE(sync_wait(store->acknowledge(tenant, ids)));
  tend();
  EXPECT_EQ(append(large()).value().outcome, no_room) << "acknowledged events stay for their time to live";
  clock.advance(config.event_ttl + 25h);
  ASSERT_EQ(store->sweep(10'000).value(), ids.size());
  tend_until([&] { return store->has_room(); });
  EXPECT_TRUE(store->health().writable);
  EXPECT_EQ(append(large()).value().outcome, accepted);
}

/// Producers fill the disk each time; consumers then empty it.
TEST_F(SmallDisk, IsFilledAndEmptiedAgainAndAgain) {
  open();
  for (int round = 0; round != 3; ++round) {
    SCOPED_TRACE(round);
    auto ids = fill();
    // Room comes back in steps: events are accepted as soon as there is enough for a few.
    while (ids.size() < 200 && !HasFatalFailure()) {
      tend_until([&] { return store->has_room(); });
      std::ranges::move(fill(), std::back_inserter(ids));
    }
    ASSERT_GE(ids.size(), 200U);
    ASSERT_TRUE(store->health().writable) << store->health().problem;
    for (std::size_t i = 0; i < ids.size(); i += 500) {
      const auto end = std::min(i + 500, ids.size());
      const std::vector<EventId> some(ids.begin() + static_cast<std::ptrdiff_t>(i),
                                      ids.begin() + static_cast<std::ptrdiff_t>(end));
      ASSERT_TRUE(sync_wait(store->acknowledge(tenant, some)));
    }
    clock.advance(config.event_ttl + 25h);
    ASSERT_EQ(store->sweep(10'000).value(), ids.size());
    tend_until([&] { return store->has_room(); });
    ASSERT_TRUE(store->health().writable) << store->health().problem;
  }
}

TEST_F(SmallDisk, AFileThatIsRemovedMakesRoom) {
  open();
  store->check_files();
  EXPECT_TRUE(store->has_room());
  {
    const UniqueFd ballast(::open((path_ + "/ballast").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    ASSERT_EQ(posix_fallocate(ballast.get(), 0, static_cast<off_t>(free_bytes() - 11 * mebibyte)), 0);
  }
  store->check_files();
  EXPECT_EQ(append(numbered(1)).value().outcome, no_room);
  std::filesystem::remove(path_ + "/ballast");
  store->check_files();
  EXPECT_EQ(append(numbered(1)).value().outcome, accepted);
}

TEST_F(SmallDisk, ReplayWaitsForRoomAndAPurgeDoesNot) {
  const InboxName crm = InboxName::parse("crm").value();
  const auto shown = [&](const Job& job, const InboxName& name) {
    return sync_wait(store->job(tenant, name, job.id)).value().value();
  };
  open();
  ASSERT_TRUE(sync_wait(store->put_inbox(tenant, crm, {.collect = false}, std::nullopt)));
  ASSERT_TRUE(append(numbered(1)));
  {
    const UniqueFd ballast(::open((path_ + "/ballast").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    ASSERT_EQ(posix_fallocate(ballast.get(), 0, static_cast<off_t>(free_bytes() - 11 * mebibyte)), 0);
  }
  store->check_files();
  ASSERT_FALSE(store->has_room());
  const Job replay = sync_wait(store->replay(tenant, crm, {})).value();
  const Job purge = sync_wait(store->purge(tenant, {})).value();
  EXPECT_EQ(store->settle().error().code, ErrorCode::unavailable);
  EXPECT_EQ(shown(purge, {}).state, Job::State::done);
  EXPECT_EQ(shown(replay, crm).state, Job::State::running);
  std::filesystem::remove(path_ + "/ballast");
  store->check_files();
  ASSERT_TRUE(store->has_room());
  EXPECT_TRUE(store->settle());
  EXPECT_EQ(shown(replay, crm).done, 1U);
}

TEST_F(SmallDisk, WithoutAReserveTheDiskIsFilled) {
  config.disk_reserve_bytes = 0;
  open();
  store->check_files();
  EXPECT_EQ(store->disk()->reserve_bytes, 0U);
  const UniqueFd ballast(::open((path_ + "/ballast").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  ASSERT_EQ(posix_fallocate(ballast.get(), 0, static_cast<off_t>(free_bytes() - 4 * mebibyte)), 0);
  store->check_files();
  EXPECT_EQ(append(numbered(1)).value().outcome, accepted);
}

}  // namespace
}  // namespace triggers::store
