// What only the embedded engine promises, in short cases: which directories it opens, failed syncs, a full disk or
// queue, pages, backups and counters. Cases that need a whole file are the other tests of this folder; what every
// engine promises is tests/contract.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <latch>
#include <semaphore>
#include <set>
#include <thread>

#include "rocks_fixture.h"

namespace triggers::store {
namespace {

using testing::HasSubstr;
using testing_support::FailingFileSystem;

class RocksContract : public RocksFixture {
 protected:
  Result<std::vector<AckStatus>> acknowledge(EventId id) { return sync_wait(store->acknowledge(tenant, {id})); }

  /// Accepts three events, breaks the disk, and checks what is left of the store; then mends it.
  void expect_reads_only_until_reopened(FailingFileSystem::Fault fault);
};

ErrorCode open_error(const RocksConfig& config, std::string& message) {
  const auto opened = RocksStore::open(config);
  if (opened) return ErrorCode::internal;
  message = opened.error().message;
  return opened.error().code;
}

TEST_F(RocksContract, UnknownFormatVersionIsRefusedAndSaysWhatToDo) {
  open();
  store.reset();
  std::ofstream(config.data_dir + "/FORMAT") << "triggers-embedded 99\n";
  std::string message;
  EXPECT_EQ(open_error(config, message), ErrorCode::invalid_argument);
  EXPECT_THAT(message, HasSubstr("99"));
  EXPECT_THAT(message, HasSubstr("run the release that wrote it"));
}

TEST_F(RocksContract, DirectoryThatIsNotOursIsRefusedAndLeftAlone) {
  open();
  store.reset();
  std::ofstream(config.data_dir + "/FORMAT") << "something else\n";
  std::string message;
  EXPECT_EQ(open_error(config, message), ErrorCode::invalid_argument);
  std::filesystem::remove(config.data_dir + "/FORMAT");
  EXPECT_EQ(open_error(config, message), ErrorCode::invalid_argument);
  EXPECT_FALSE(std::filesystem::exists(config.data_dir + "/FORMAT"));
}

TEST_F(RocksContract, DirectoryThatCannotBeReadIsRefusedWithTheReason) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may become another user";
  open();
  store.reset();
  constexpr uid_t nobody = 65534;
  ASSERT_EQ(chown((directory / "").c_str(), nobody, nobody), 0);
  std::filesystem::permissions(config.data_dir, std::filesystem::perms{0711});
  std::filesystem::permissions(config.data_dir + "/FORMAT", std::filesystem::perms{0600});
  ASSERT_EQ(seteuid(nobody), 0);
  std::string unreadable_file;
  open_error(config, unreadable_file);
  ASSERT_EQ(seteuid(0), 0);
  EXPECT_THAT(unreadable_file, HasSubstr("cannot read " + config.data_dir + "/FORMAT: Permission denied"));

  std::filesystem::permissions(config.data_dir, std::filesystem::perms{0700});
  ASSERT_EQ(seteuid(nobody), 0);
  std::string closed_directory;
  open_error(config, closed_directory);
  ASSERT_EQ(seteuid(0), 0);
  EXPECT_THAT(closed_directory, HasSubstr("cannot look into " + config.data_dir + ": Permission denied"));
}

TEST_F(RocksContract, DirectoryInUseIsAConflict) {
  open();
  std::string message;
  EXPECT_EQ(open_error(config, message), ErrorCode::conflict);
  EXPECT_THAT(message, HasSubstr(config.data_dir));
  EXPECT_TRUE(append(numbered(1)));
}

void RocksContract::expect_reads_only_until_reopened(FailingFileSystem::Fault fault) {
  use_failing_disk();
  open();
  std::vector<EventId> ids;
  for (std::size_t i = 0; i < 3; ++i) ids.push_back(append(numbered(i))->id);
  ASSERT_TRUE(store->health().writable);

  disk->set(fault);
  const auto failed = append(numbered(10));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::unavailable);
  EXPECT_FALSE(store->health().writable);
  EXPECT_FALSE(store->health().problem.empty());

  // A disk that works again does not settle the writes of unknown outcome.
  disk->set(FailingFileSystem::Fault::none);
  EXPECT_EQ(append(numbered(11)).error().code, ErrorCode::unavailable);
  EXPECT_EQ(acknowledge(ids[0]).error().code, ErrorCode::unavailable);
  EXPECT_EQ(sync_wait(store->shared_secret()).error().code, ErrorCode::unavailable);
  EXPECT_EQ(inbox(), ids);
  EXPECT_TRUE(sync_wait(store->get(tenant, ids[0])).value());

  reopen();
  EXPECT_TRUE(store->health().writable);
  const auto after = inbox();
  ASSERT_GE(after.size(), 3U);
  EXPECT_TRUE(std::equal(ids.begin(), ids.end(), after.begin()));
  EXPECT_LE(after.size(), 4U);  // The one without an answer may be there.
  const auto again = append(numbered(12));
  ASSERT_TRUE(again);
  EXPECT_EQ(inbox().back(), again->id);
}

TEST_F(RocksContract, FailedSyncStopsWritesKeepsReadsAndIsMendedByARestart) {
  expect_reads_only_until_reopened(FailingFileSystem::Fault::sync);
}

TEST_F(RocksContract, FailedSyncIsNotForgottenWhenTheDiskWorksAgain) {
  use_failing_disk();
  open();
  ASSERT_TRUE(append(numbered(0)));
  disk->set(FailingFileSystem::Fault::sync);
  EXPECT_FALSE(append(numbered(1)));
  disk->set(FailingFileSystem::Fault::none);
  store->check_files();
  EXPECT_FALSE(store->health().writable);
  EXPECT_THAT(store->health().problem, HasSubstr("then restart"));
}

TEST_F(RocksContract, FullDiskStopsWritesKeepsReadsAndIsMendedByARestart) {
  expect_reads_only_until_reopened(FailingFileSystem::Fault::full);
}

TEST_F(RocksContract, FullQueueIsOverloadedAndLosesNothing) {
  std::binary_semaphore committed{0};
  std::latch go_on{1};
  std::atomic<bool> first{true};
  config.commit.queue_operations_max = 1;
  config.on_commit = [&](const CommitStats&) {
    if (!first.exchange(false)) return;
    committed.release();
    go_on.wait();
  };
  open();
  ASSERT_TRUE(append(numbered(0)));
  committed.acquire();  // The committer is held in its first commit.
  std::optional<Result<Appended>> waiting;
  std::jthread waiter([&] { waiting = append(numbered(1)); });
  while (store->metrics().queue_depth == 0) std::this_thread::yield();
  EXPECT_GT(store->metrics().queue_bytes, 0U);
  const auto refused = append(numbered(2));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::overloaded);
  go_on.count_down();
  waiter.join();
  EXPECT_TRUE(*waiting);
  EXPECT_TRUE(append(numbered(2)));
  EXPECT_EQ(inbox().size(), 3U);
  EXPECT_EQ(store->metrics().queue_depth, 0U);
  EXPECT_EQ(store->metrics().queue_bytes, 0U);
  store.reset();  // A commit is observed after its waiters were woken, and `on_commit` refers to locals.
}

TEST_F(RocksContract, PageOfLargeEventsIsCutByItsBytes) {
  open();
  const std::string text(256 * 1024 - 40, 'x');
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(append({.payload = R"({"text":")" + text + std::to_string(i) + R"("})"}));
  }
  const Page page = sync_wait(store->page(tenant, {.limit = 200})).value();
  EXPECT_TRUE(page.has_more);
  EXPECT_EQ(page.events.size(), 32U);
  EXPECT_EQ(page.next_after, continue_after(page.events.back().id));
  EXPECT_EQ(inbox().size(), 40U);
}

TEST_F(RocksContract, BackupWhileWritingHoldsAllThatWasAcceptedBefore) {
  open();
  std::set<EventId> before;
  for (std::size_t i = 0; i < 300; ++i) before.insert(append(numbered(i))->id);
  const EventId acknowledged = *before.begin();
  ASSERT_TRUE(acknowledge(acknowledged));
  before.erase(acknowledged);

  std::atomic<bool> done{false};
  std::jthread writer([&] {
    for (std::size_t i = 1'000; !done; ++i) {
      const auto answer = append(numbered(i));
      if (i % 2 == 0) {
        EXPECT_TRUE(acknowledge(answer->id));
      }
    }
  });
  const auto made = sync_wait(store->backup(directory / "backup"));
  done = true;
  writer.join();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(sync_wait(store->backup(directory / "backup")).error().code, ErrorCode::invalid_argument);

  config.data_dir = directory / "backup";
  reopen();
  const auto restored = inbox();
  const std::set<EventId> all(restored.begin(), restored.end());
  EXPECT_TRUE(std::includes(all.begin(), all.end(), before.begin(), before.end()));
  EXPECT_FALSE(all.contains(acknowledged));
  EXPECT_EQ(append(numbered(0))->outcome, Appended::Outcome::duplicate);
  EXPECT_EQ(append(numbered(900))->outcome, Appended::Outcome::accepted);
}

TEST_F(RocksContract, BackupIntoANameThatEndsInASlashIsMade) {
  open();
  ASSERT_TRUE(append(numbered(1)));
  const auto made = sync_wait(store->backup(directory / "backup/"));
  ASSERT_TRUE(made) << made.error().message;
  config.data_dir = directory / "backup";
  reopen();
  EXPECT_EQ(inbox().size(), 1U);
}

TEST_F(RocksContract, BackupLeavesNothingBesideItselfAndTouchesNothingThatWasThere) {
  open();
  std::filesystem::create_directory(directory / "copies");
  std::ofstream(directory / "copies/daily.partial") << "somebody's";
  const auto made = sync_wait(store->backup(directory / "copies/daily"));
  ASSERT_TRUE(made) << made.error().message;
  std::ofstream(directory / "copies/file") << "no directory";
  EXPECT_FALSE(sync_wait(store->backup(directory / "copies/file/daily")));
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory / "copies")) {
    names.insert(entry.path().filename());
  }
  EXPECT_EQ(names, (std::set<std::string>{"daily", "daily.partial", "file"}));
}

TEST_F(RocksContract, PageBeginsWithTheOldestAlsoIfTheNewestAreInMemoryAndFillIt) {
  open();
  std::vector<EventId> ids;
  const auto add = [&](int number) {
    const std::string text(300'000, 'x');
    ids.push_back(append({.payload = R"({"text":")" + text + std::to_string(number) + "\"}"}).value().id);
  };
  for (int i = 0; i < 2; ++i) add(i);
  reopen();  // They are in a table now.
  for (int i = 2; i < 40; ++i) add(i);
  EXPECT_EQ(inbox(), ids);
}

TEST_F(RocksContract, PageOfLargeEventsGivesWayToOtherReads) {
  open();
  const auto page_of = [&](std::size_t limit) { return sync_wait(store->page(tenant, {.limit = limit})).value(); };
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(append({.payload = R"({"text":")" + std::string(200'000, static_cast<char>('a' + i)) + "\"}"}));
  }
  EXPECT_EQ(page_of(1).events.size(), 1U);
  EXPECT_EQ(store->searches(), 0U);
  const Page page = page_of(50);
  EXPECT_EQ(page.events.size(), 3U);
  EXPECT_FALSE(page.has_more);
  EXPECT_EQ(store->searches(), 1U);
}

TEST_F(RocksContract, BackupThatFailsLeavesNothing) {
  use_failing_disk();
  open();
  ASSERT_TRUE(append(numbered(1)));
  disk->set(FailingFileSystem::Fault::full);
  EXPECT_FALSE(sync_wait(store->backup(directory / "copies/daily")));
  EXPECT_TRUE(std::filesystem::is_empty(directory / "copies"));
}

TEST_F(RocksContract, CountersAreExactAfterManyRestarts) {
  std::size_t expected = 0;
  for (std::size_t round = 0; round < 5; ++round) {
    open();
    EXPECT_EQ(store->metrics().unacknowledged, expected);
    for (std::size_t i = 0; i < 7; ++i) {
      const auto answer = append(numbered(round * 100 + i));
      if (i < round) {
        ASSERT_TRUE(acknowledge(answer->id));
      }
    }
    expected += 7 - round;
    EXPECT_EQ(inbox().size(), expected);
    store.reset();
  }
}

}  // namespace
}  // namespace triggers::store
