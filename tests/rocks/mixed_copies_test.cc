// Files of an older copy of a store among newer ones: the newer state is served whole, or the store is refused. The
// older copy as a whole is a valid restore.

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <set>
#include <thread>

#include "damaged_store.h"

namespace triggers::store {
namespace {

using testing_support::snapshot;

/// How the older copy was made.
enum class Older : std::uint8_t {
  of_the_same_run,  ///< Of a server that went on.
  of_a_kill,        ///< Of a server that was killed, and started again.
  of_a_stop,
};

struct Mix {
  const char* name;
  Older older;
  bool killed;  ///< The newer state: after a kill, or a clean stop.
  std::size_t memory_bytes;
};

class StoreMix : public DamagedStore, public testing::WithParamInterface<Mix> {
 protected:
  void SetUp() override {
    memory_bytes = GetParam().memory_bytes;
    auto store = RocksStore::open(config_of("data")).value();
    fill(*store, 20);
    if (GetParam().older != Older::of_the_same_run) {
      if (GetParam().older == Older::of_a_kill) older = snapshot(directory / "data");
      store.reset();
      if (GetParam().older == Older::of_a_kill) testing_support::restore(older, directory / "data");
      if (GetParam().older == Older::of_a_stop) older = snapshot(directory / "data");
      store = RocksStore::open(config_of("data")).value();
    } else {
      older = quiet_snapshot();
    }
    fill(*store, 20);
    if (GetParam().killed) whole = snapshot(directory / "data");
    store.reset();
    if (!GetParam().killed) whole = snapshot(directory / "data");
  }

  /// Of a running store, once its flushes and compactions have ended: a copy of files in the middle of one is of no one
  /// time.
  Snapshot quiet_snapshot() {
    auto files = snapshot(directory / "data");
    for (int equal = 0; equal < 10;) {
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
      auto again = snapshot(directory / "data");
      equal = again == files ? equal + 1 : 0;
      files = std::move(again);
    }
    return files;
  }

  /// The newer state, with these files as they were in the older copy, or without those that it had not.
  [[nodiscard]] Snapshot with_older(const std::set<std::string>& names, bool removed = false) const {
    auto files = whole;
    for (const auto& name : names) {
      const auto found = older.find(name);
      if (found != older.end()) files[name] = found->second;
      if (found == older.end() && removed) files.erase(name);
    }
    return files;
  }
  [[nodiscard]] std::set<std::string> names() const {
    std::set<std::string> names;
    for (const auto* files : {&whole, &older}) {
      for (const auto& [name, bytes] : *files) {
        if (bytes != "/") names.insert(name);
      }
    }
    return names;
  }
  static std::string text(const std::set<std::string>& names) {
    std::string text;
    for (const auto& name : names) text += " " + name;
    return text;
  }
  /// The older copy itself, beside files that it had not and that nothing of it names. After a kill such files can be
  /// what it left behind. A table that is missing is noticed if it is needed, and OPTIONS hold no data.
  [[nodiscard]] bool is_the_older_copy(const Snapshot& files) const {
    if (GetParam().older == Older::of_a_stop) return without_logs(files) == without_logs(older);
    return std::ranges::all_of(older, [&](const auto& file) {
      const auto found = files.find(file.first);
      if (found != files.end() && found->second == file.second) return true;
      if (is_bookkeeping(file.first) || is_of(file.first, "OPTIONS")) return true;
      return found == files.end() && is_of(file.first, ".sst");
    });
  }
  static bool is_bookkeeping(const std::string& name) { return is_of(name, "db/LO"); }
  static Snapshot without_logs(Snapshot files) {
    std::erase_if(files, [](const auto& file) { return is_bookkeeping(file.first); });
    return files;
  }
  static bool is_of(const std::string& name, const std::string& group) { return name.find(group) != std::string::npos; }

  Snapshot older;
};

TEST_P(StoreMix, OneFileOfAnOlderCopyIsRefusedOrHarmless) {
  expect_whole_or_refused(whole, "whole");
  ASSERT_EQ(refused, 0U);
  for (const auto& name : names()) expect_whole_or_refused(with_older({name}), name + " is older");
  EXPECT_GT(refused, 0U);
}

TEST_P(StoreMix, OlderFilesOfAKindAreRefusedOrHarmless) {
  const std::vector<std::string> kinds{"FORMAT",  "WITNESS",  "INVENTORY", "CURRENT", "MANIFEST",
                                       "OPTIONS", "IDENTITY", ".sst",      ".log"};
  for (std::size_t mask = 1; mask < std::size_t{1} << kinds.size(); mask += 5 + mask % 7) {
    std::set<std::string> chosen;
    for (const auto& name : names()) {
      for (std::size_t i = 0; i < kinds.size(); ++i) {
        if ((mask >> i & 1) != 0 && is_of(name, kinds[i])) chosen.insert(name);
      }
    }
    for (const bool removed : {false, true}) {
      const auto files = with_older(chosen, removed);
      if (!is_the_older_copy(files)) expect_whole_or_refused(files, std::to_string(removed) + text(chosen));
    }
  }
}

TEST_P(StoreMix, OlderCopyOverTheNewerStateIsRefused) {
  if (GetParam().older != Older::of_a_stop) GTEST_SKIP() << "may be what a kill leaves";
  const auto before = refused;
  expect_whole_or_refused(with_older(names()), "all");
  EXPECT_EQ(refused, before + 2);
}

TEST_P(StoreMix, AllOfAnOlderCopyButOneFileIsRefusedOrHarmless) {
  for (const auto& name : names()) {
    auto chosen = names();
    chosen.erase(name);
    const auto files = with_older(chosen, true);
    if (!is_the_older_copy(files)) expect_whole_or_refused(files, "all but " + name);
  }
}

constexpr std::size_t small = 512 * 1024;        ///< Tables all the time.
constexpr std::size_t large = 32 * 1024 * 1024;  ///< All in the log until it is closed.

INSTANTIATE_TEST_SUITE_P(Of, StoreMix,
                         testing::Values(Mix{"TablesOfTheSameRunAfterAKill", Older::of_the_same_run, true, small},
                                         Mix{"TablesOfTheSameRunAfterAStop", Older::of_the_same_run, false, small},
                                         Mix{"TablesOfAKilledRunAfterAKill", Older::of_a_kill, true, small},
                                         Mix{"TablesOfAStoppedRunAfterAKill", Older::of_a_stop, true, small},
                                         Mix{"TablesOfAStoppedRunAfterAStop", Older::of_a_stop, false, small},
                                         Mix{"LogsOfTheSameRunAfterAKill", Older::of_the_same_run, true, large},
                                         Mix{"LogsOfTheSameRunAfterAStop", Older::of_the_same_run, false, large},
                                         Mix{"LogsOfAKilledRunAfterAStop", Older::of_a_kill, false, large},
                                         Mix{"LogsOfAStoppedRunAfterAKill", Older::of_a_stop, true, large},
                                         Mix{"LogsOfAStoppedRunAfterAStop", Older::of_a_stop, false, large}),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace triggers::store
