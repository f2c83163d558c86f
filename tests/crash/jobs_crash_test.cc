// A machine is cut off while jobs of inboxes run, at every write in turn: by a kill, which leaves all that was written,
// and by a loss of power, which leaves what was synced. A job whose start was answered is there after the next start,
// goes on from where it was, and does each entry once.

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "base/manual_clock.h"
#include "base/sync_wait.h"
#include "store/rocks/rocks_store.h"
#include "support/directory_snapshot.h"
#include "support/draft.h"
#include "support/forgetful_file_system.h"
#include "support/scratch_directory.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using testing_support::DirectorySnapshot;
using testing_support::ForgetfulFileSystem;
using testing_support::restore;
using testing_support::snapshot;

enum class End { kill, power_loss };

class JobsCutOff : public testing::TestWithParam<End> {
 protected:
  static constexpr std::size_t events = 600;
  const InboxName all{}, crm = InboxName::parse("crm").value();
  const Tenant tenant{"acme"};

  [[nodiscard]] RocksConfig config(rocksdb::Env* env = nullptr) const {
    RocksConfig config;
    config.data_dir = directory / "data";
    config.memory_bytes = 1024 * 1024;
    config.background = false;
    config.clock = &clock;
    config.env = env;
    return config;
  }

  /// A store with events in `default`, half of them acknowledged, and in no other inbox.
  void prepare() {
    const auto store = RocksStore::open(config()).value();
    ASSERT_TRUE(sync_wait(store->put_inbox(tenant, crm, {.collect = false}, std::nullopt)));
    std::vector<EventId> some;
    for (std::size_t i = 0; i < events; ++i) {
      const Draft draft = numbered(i);
      const auto answer = sync_wait(store->append(tenant, draft.append()));
      ASSERT_TRUE(answer);
      if (i % 2 == 0) some.push_back(answer->id);
    }
    ASSERT_TRUE(sync_wait(store->acknowledge(tenant, some)));
  }

  /// What was answered before the machine stopped.
  struct Answered {
    std::optional<Job> replay, purge;
  };
  std::optional<Job> started(Result<Job> job) { return job ? std::optional(*job) : std::nullopt; }

  /// Fills `crm` and empties `default`, until the machine stops after `operations`. True if it did not.
  bool run(std::uint64_t operations, std::optional<Answered>& answered) {
    ForgetfulFileSystem::Options options;
    options.trash = directory / "trash";
    options.operations_max = operations;
    options.seed = operations;
    DirectorySnapshot beside;
    options.on_stop = [&] { beside = files_beside(); };
    const auto disk = std::make_shared<ForgetfulFileSystem>(options);
    const auto env = testing_support::make_machine(disk);
    bool whole = false;
    {
      auto opened = RocksStore::open(config(env.get()));
      if (opened) {
        RocksStore& store = **opened;
        answered.emplace();
        answered->replay = started(sync_wait(store.replay(tenant, crm, {})));
        if (answered->replay && store.settle()) answered->purge = started(sync_wait(store.purge(tenant, all)));
        whole = answered->purge && store.settle() && !disk->stopped();
      }
      disk->stop();
    }
    for (const auto& [file, bytes] : beside) std::ofstream(directory / ("data/" + file), std::ios::binary) << bytes;
    if (GetParam() == End::power_loss) disk->lose_power();
    return whole;
  }

  /// The files beside the database do not stop with the machine.
  DirectorySnapshot files_beside() {
    auto files = snapshot(directory / "data");
    std::erase_if(files, [](const auto& file) { return file.first.starts_with("db"); });
    return files;
  }

  std::set<EventId> ids_in(RocksStore& store, const InboxName& name) {
    std::set<EventId> ids;
    EntryQuery query{.inbox = name, .limit = 200};
    for (bool more = true; more;) {
      const auto page = sync_wait(store.entries(tenant, query)).value();
      for (const auto& entry : page.entries) ids.insert(entry.event.id);
      query.after = page.next_after;
      more = page.has_more;
    }
    EXPECT_EQ(sync_wait(store.inbox(tenant, name)).value().counts.undelivered(), ids.size());
    return ids;
  }

  void expect_done(RocksStore& store, const InboxName& name, const std::optional<Job>& job, std::size_t count) {
    if (!job) return;
    const auto shown = sync_wait(store.job(tenant, name, job->id)).value();
    ASSERT_TRUE(shown) << "the job is lost";
    EXPECT_EQ(shown->state, Job::State::done);
    EXPECT_EQ(shown->done, count) << "an entry was done twice, or not at all";
  }

  void check(const Answered& answered) {
    auto opened = RocksStore::open(config());
    ASSERT_TRUE(opened) << opened.error().message;
    RocksStore& store = **opened;
    ASSERT_TRUE(store.settle());
    expect_done(store, crm, answered.replay, events);
    expect_done(store, all, answered.purge, events / 2);
    const auto filled = ids_in(store, crm), left = ids_in(store, all);
    if (answered.replay) {
      EXPECT_EQ(filled.size(), events);
    } else {
      EXPECT_TRUE(filled.empty() || filled.size() == events) << filled.size();
    }
    if (answered.purge) {
      EXPECT_TRUE(left.empty());
    } else {
      EXPECT_TRUE(left.empty() || left.size() == events / 2) << left.size();
    }
    // The events are held by the inboxes that have them, and by no other: all go once these are empty.
    ASSERT_TRUE(sync_wait(store.purge(tenant, all)));
    ASSERT_TRUE(sync_wait(store.purge(tenant, crm)));
    ASSERT_TRUE(store.settle());
    EXPECT_EQ(store.sweep(10 * events).value(), 0U);  // Retention believes a clock that it has read before.
    clock.advance(24h * 30);
    EXPECT_EQ(store.sweep(10 * events).value(), events);
    EXPECT_EQ(store.damage().count(), 0U);
    clock.advance(-24h * 30);
  }

  testing_support::ScratchDirectory directory{testing_support::ScratchDirectory::in_memory()};
  ManualClock clock;
};

TEST_P(JobsCutOff, GoOnWhateverWriteWasTheLast) {
  ASSERT_NO_FATAL_FAILURE(prepare());
  const auto prepared = snapshot(directory / "data");
  std::size_t half_done = 0;
  bool whole = false;
  for (std::uint64_t operations = 1; !whole && !HasFailure(); ++operations) {
    SCOPED_TRACE("after " + std::to_string(operations) + " operations");
    std::optional<Answered> answered;
    whole = run(operations, answered);
    if (answered) {
      ASSERT_NO_FATAL_FAILURE(check(*answered));
      half_done += answered->replay ? 1 : 0;
    }
    restore(prepared, directory / "data");
  }
  // Each of two jobs takes three turns, and each of these an append and a sync of the log.
  EXPECT_GT(half_done, 10U);
}

INSTANTIATE_TEST_SUITE_P(Store, JobsCutOff, testing::Values(End::kill, End::power_loss),
                         [](const auto& tested) { return tested.param == End::kill ? "Kill" : "PowerLoss"; });

}  // namespace
}  // namespace triggers::store
