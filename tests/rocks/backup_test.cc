// A backup of a live store delays no other request. What a backup contains is in directory_test.cc and
// rocks_contract_test.cc.

#include <gtest/gtest.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <latch>
#include <optional>

#include "base/sync_wait.h"
#include "store/rocks/rocks_store.h"
#include "support/draft.h"
#include "support/scratch_directory.h"

namespace triggers::store {
namespace {

/// The machine's files, on which a copy waits until a test lets it continue.
class StandingFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  StandingFileSystem() : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()) {}

  std::latch copying{1};
  std::latch may_copy{1};

  [[nodiscard]] const char* Name() const override { return "triggers.test.standing"; }
  rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
    if (!copying.try_wait()) copying.count_down();
    may_copy.wait();
    return rocksdb::FileSystemWrapper::LinkFile(from, to, options, debug);
  }
};

RootTask begin(Task<Status> task, std::optional<Status>& ended) { ended = co_await std::move(task); }

/// All on one executor, as on one IO thread.
Task<void> write_and_read_during_a_backup(RocksStore& store, StandingFileSystem& disk, std::string directory) {
  const Tenant tenant{"acme"};
  const Draft before = numbered(1);
  const auto first = co_await store.append(tenant, before.append());
  EXPECT_TRUE(first.ok());
  std::optional<Status> ended;
  begin(store.backup(std::move(directory)), ended);
  disk.copying.wait();
  const Draft during = numbered(2);
  const auto second = co_await store.append(tenant, during.append());
  EXPECT_TRUE(second.ok());
  const auto read = co_await store.get(tenant, first->id);
  EXPECT_TRUE(read.ok() && read->has_value());
  EXPECT_FALSE(ended.has_value());
  disk.may_copy.count_down();
  while (!ended) {
    const auto turn = co_await store.get(tenant, first->id);
    EXPECT_TRUE(turn.ok());
  }
  EXPECT_TRUE(ended->ok());
}

TEST(BackupTest, OthersAreServedWhileItIsBeingMade) {
  const testing_support::ScratchDirectory directory;
  const auto disk = std::make_shared<StandingFileSystem>();
  const auto env = rocksdb::NewCompositeEnv(disk);
  RocksConfig config;
  config.data_dir = directory / "data";
  config.memory_bytes = 32 * 1024 * 1024;
  config.background = false;
  config.env = env.get();
  const auto store = RocksStore::open(config).value();
  sync_wait(write_and_read_during_a_backup(*store, *disk, directory / "backup"));
}

}  // namespace
}  // namespace triggers::store
