// A simulated machine loses its power at random moments under load. Afterwards the embedded store must hold everything
// that it has promised. Killing the real program is in tests/e2e/test_crash.py.

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <thread>

#include "base/mutex.h"
#include "base/sync_wait.h"
#include "crash/ledger.h"
#include "store/rocks/rocks_store.h"
#include "support/forgetful_file_system.h"
#include "support/scratch_directory.h"

namespace triggers::store {
namespace {

using testing_support::ForgetfulFileSystem;

constexpr std::size_t writers = 8;

std::uint64_t test_seed() {
  const char* const given = std::getenv("TRIGGERS_TEST_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

class PowerLoss : public testing::Test {
 protected:
  PowerLoss() { std::printf("TRIGGERS_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed_)); }

  /// Opens the store on a machine that stops after some operations, works on it until then, and takes its power away.
  void run_until_power_loss(bool lies_about_log) {
    ForgetfulFileSystem::Options options;
    options.trash = directory_ / "trash";
    options.operations_max = std::uniform_int_distribution<std::uint64_t>(20, 1'500)(random_);
    options.lies_about_log = lies_about_log;
    options.seed = random_();
    const auto disk = std::make_shared<ForgetfulFileSystem>(options);
    const auto env = testing_support::make_machine(disk);
    {
      auto opened = RocksStore::open(config(env.get()));
      if (opened) load(**opened);
      disk->stop();
    }
    disk->lose_power();
    // The witness is never synced for a commit: of it the disk may have any state since the start.
    if (std::filesystem::exists(old_witness()) && random_() % 2 == 0) {
      std::filesystem::rename(old_witness(), directory_ / "data/WITNESS");
      ++old_witnesses_;
    }
    std::filesystem::remove(old_witness());
  }

  /// What is wrong after the next start on the same machine.
  std::vector<std::string> check() {
    ForgetfulFileSystem::Options options;
    options.trash = directory_ / "trash";
    const auto env = testing_support::make_machine(std::make_shared<ForgetfulFileSystem>(options));
    auto opened = RocksStore::open(config(env.get()));
    if (!opened) return {"the store does not open: " + opened.error().message};
    return ledger_.check(**opened, **opened, tenant_);
  }

  [[nodiscard]] std::size_t old_witnesses() const { return old_witnesses_; }
  [[nodiscard]] std::size_t accepted() const { return ledger_.accepted_count(); }

 private:
  [[nodiscard]] std::string old_witness() const { return directory_ / "old_witness"; }
  void keep_witness() {
    const MutexLock lock(witness_mutex_);
    std::filesystem::copy_file(directory_ / "data/WITNESS", old_witness(),
                               std::filesystem::copy_options::overwrite_existing);
  }

  [[nodiscard]] RocksConfig config(rocksdb::Env* env) const {
    RocksConfig config;
    config.data_dir = directory_ / "data";
    // Small, so that there are flushes and compactions to be interrupted.
    config.memory_bytes = 1024 * 1024;
    config.env = env;
    return config;
  }

  void load(RocksStore& store) {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < writers; ++i) {
      threads.emplace_back([&, choice = std::mt19937_64(random_())]() mutable {
        while (send_one(store, choice)) {
        }
      });
    }
  }

  /// Sends an event, and acknowledges it or not. False once the store does not answer any more.
  bool send_one(RocksStore& store, std::mt19937_64& choice) {
    const std::size_t number = ledger_.send();
    const std::string payload = Ledger::payload(number);
    IncomingEvent event;
    event.event_type = "crash.test";
    event.payload = payload;
    event.fingerprint = event::fingerprint(event.event_type, payload);
    const auto answer = sync_wait(store.append(tenant_, event));
    if (!answer) return false;
    ledger_.accepted(number, answer->id);
    if (choice() % 20 == 0) keep_witness();
    if (choice() % 2 == 0) return true;
    ledger_.acknowledging(number);
    if (!sync_wait(store.acknowledge(tenant_, {answer->id}))) return false;
    ledger_.acknowledged(number);
    return true;
  }

  const std::uint64_t seed_ = test_seed();
  std::mt19937_64 random_{seed_};
  testing_support::ScratchDirectory directory_;
  const Tenant tenant_{"acme"};
  Ledger ledger_;
  Mutex witness_mutex_;  // Of the file old_witness().
  std::size_t old_witnesses_ = 0;
};

TEST_F(PowerLoss, AcceptedEventsAreThereOnceAfterEachOfTwentyCrashes) {
  for (int round = 0; round < 20; ++round) {
    run_until_power_loss(false);
    ASSERT_EQ(check(), std::vector<std::string>{}) << "round " << round;
  }
  EXPECT_GT(accepted(), 1'000U);
  EXPECT_GT(old_witnesses(), 0U);
}

TEST_F(PowerLoss, ADiskThatLiesAboutItsSyncsIsDetected) {
  // If this does not fail, then the test above cannot.
  std::vector<std::string> wrong;
  for (int round = 0; round < 10 && wrong.empty(); ++round) {
    run_until_power_loss(true);
    wrong = check();
  }
  EXPECT_FALSE(wrong.empty());
}

}  // namespace
}  // namespace triggers::store
