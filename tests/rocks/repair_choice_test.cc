// What a repair reads of a damaged store, in which order, and for which family: tables that are obsolete, logs that are
// old or copies, and families with unusual numbers. Other repairs are in repair_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>

#include "rocks/committed_inbox.h"
#include "store/rocks/database/database_options.h"
#include "store/rocks/disk/log_check.h"
#include "store/rocks/read/page_reader.h"
#include "store/rocks/repair/repair.h"
#include "support/scratch_directory.h"

namespace triggers::store {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;
using Ids = std::span<const EventId>;

constexpr std::size_t group = 10;

class RepairChoice : public testing::Test {
 protected:
  RepairChoice() { store_.emplace(directory_ / "data"); }

  void flush(Family family) { ASSERT_TRUE(store_->database().db().Flush({}, store_->database().family(family)).ok()); }
  void flush_all() {
    for (std::size_t place = 0; place < family_count; ++place) flush(static_cast<Family>(place));
  }
  void compact(Family family) {
    ASSERT_TRUE(store_->database().db().CompactRange({}, store_->database().family(family), nullptr, nullptr).ok());
  }
  /// Whose results keep the numbers of their writes: a snapshot from before the writes prevents that they become 0.
  void compact_all(const rocksdb::Snapshot* before) {
    for (std::size_t place = 0; place < family_count; ++place) compact(static_cast<Family>(place));
    store_->database().db().ReleaseSnapshot(before);
  }
  void put(Family family, const std::string& key, const std::string& value) {
    rocksdb::WriteBatch batch;
    batch.Put(store_->database().family(family), key, value);
    ASSERT_TRUE(store_->database().write(batch));
  }
  std::string get(Family family, const std::string& key) {
    rocksdb::PinnableSlice found;
    return *store_->database().get(family, key, found) ? found.ToString() : "nothing";
  }

  void copy_as_a_kill_leaves_it(const std::string& to) {
    // RocksDB may be about to remove files that its manifest no longer names.
    ASSERT_TRUE(store_->database().db().DisableFileDeletions().ok());
    std::error_code error;
    do {
      fs::remove_all(directory_ / to);
      fs::copy(directory_ / "data", directory_ / to, fs::copy_options::recursive, error);
    } while (error == std::errc::no_such_file_or_directory);
    ASSERT_FALSE(error) << error.message();
    ASSERT_TRUE(store_->database().db().EnableFileDeletions(false).ok());
  }
  std::vector<fs::path> files(const std::string& in, const std::string& word) {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(directory_ / (in + "/db"))) {
      const auto name = entry.path().filename().string();
      if (name.find(word) != std::string::npos) found.push_back(entry.path());
    }
    std::ranges::sort(found);
    return found;
  }
  /// Adds the files of a copy that are no longer there.
  void add_files(const std::string& of, const std::string& word) {
    for (const auto& path : files(of, word)) {
      fs::copy_file(path, directory_ / ("damaged/db/" + path.filename().string()), fs::copy_options::skip_existing);
    }
  }
  void lose(const std::string& word) {
    for (const auto& path : files("damaged", word)) fs::remove(path);
  }

  Result<RepairReport> try_repair() {
    store_.reset();
    DatabaseConfig config;
    config.data_dir = directory_ / "damaged";
    return repair_store(config, directory_ / "repaired");
  }
  RepairReport repair() {
    auto report = try_repair();
    if (!report) throw std::runtime_error(report.error().message);
    store_.emplace(directory_ / "repaired");
    return std::move(report).value();
  }
  std::vector<EventId> shown() {
    std::vector<EventId> ids;
    const Page page = read_page(store_->database(), store_->inbox(), {.limit = 200}, {}).value();
    for (const auto& event : page.events) ids.push_back(event.id);
    return ids;
  }
  /// Also when RocksDB has merged all tables, and when the rest was acknowledged.
  void expect_shown(Ids left) {
    for (const bool compacted : {false, true}) {
      if (compacted) compact(Family::pending);
      EXPECT_EQ(shown(), std::vector(left.begin(), left.end())) << compacted;
    }
    store_->acknowledge(left);
    flush(Family::pending);
    compact(Family::pending);
    EXPECT_TRUE(shown().empty());
  }

  /// Events in two tables, and the one table that replaced them. Returns the events that are unacknowledged.
  std::vector<EventId> tables_and_their_successor() {
    const auto* const before = store_->database().db().GetSnapshot();
    const auto ids = store_->append(2 * group);
    put(Family::keys, "k/a", "valid");
    flush_all();
    store_->acknowledge(Ids(ids).first(group));
    put(Family::keys, "k/a", "revoked");
    flush_all();
    copy_as_a_kill_leaves_it("before");
    compact_all(before);
    copy_as_a_kill_leaves_it("damaged");
    add_files("before", ".sst");
    return {ids.begin() + group, ids.end()};
  }

  /// Gives each family but the first and the keys another number, as a repair by an earlier release did.
  void renumber_families() {
    rocksdb::DB& db = store_->database().db();
    DatabaseConfig config;
    config.data_dir = directory_ / "data";
    const auto descriptors = family_descriptors(config, new_cache(config));
    for (std::size_t place = 1; place < family_count; ++place) {
      if (static_cast<Family>(place) == Family::keys) continue;
      ASSERT_TRUE(db.DropColumnFamily(store_->database().family(static_cast<Family>(place))).ok());
      rocksdb::ColumnFamilyHandle* made = nullptr;
      ASSERT_TRUE(db.CreateColumnFamily(descriptors[place].options, descriptors[place].name, &made).ok());
      db.DestroyColumnFamilyHandle(made).PermitUncheckedError();
    }
    store_.reset();
    store_.emplace(directory_ / "data");
  }

  testing_support::ScratchDirectory directory_;
  std::optional<CommittedInbox> store_;
};

TEST_F(RepairChoice, ATableIsLeftOutIfTheManifestNamesItsSuccessor) {
  const auto left = tables_and_their_successor();
  lose("CURRENT");
  const auto report = repair();
  EXPECT_THAT(report.losses, Contains(HasSubstr("does not name it, since it was replaced")));
  EXPECT_EQ(get(Family::keys, "k/a"), "revoked");
  expect_shown(left);
}

TEST_F(RepairChoice, ATableAndItsSuccessorAreMergedIfNoManifestIsLeft) {
  const auto left = tables_and_their_successor();
  lose("CURRENT");
  lose("MANIFEST");
  const auto report = repair();
  EXPECT_THAT(report.losses, Contains(HasSubstr("check every key that was revoked")));
  expect_shown(left);
}

TEST_F(RepairChoice, AnOlderCopyOverTheStoreCostsNothing) {
  const auto* const before = store_->database().db().GetSnapshot();
  const auto ids = store_->append(group);
  flush_all();
  copy_as_a_kill_leaves_it("older");
  const auto more = store_->append(group);
  flush_all();
  compact_all(before);
  store_.reset();
  store_.emplace(directory_ / "data");  // With a manifest of its own.
  store_->acknowledge(ids);
  copy_as_a_kill_leaves_it("damaged");
  fs::copy(directory_ / "older/db", directory_ / "damaged/db",
           fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  repair();
  expect_shown(more);
}

TEST_F(RepairChoice, ATableThatIsNewerThanTheManifestIsTaken) {
  const auto ids = store_->append(group);
  copy_as_a_kill_leaves_it("older");
  flush_all();
  copy_as_a_kill_leaves_it("damaged");
  lose(".log");
  fs::copy(directory_ / "older/db", directory_ / "damaged/db",
           fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  lose(".log");
  lose("CURRENT");
  repair();
  expect_shown(ids);
}

/// Such a table may begin with writes that are older than the newest one that the manifest knows, of another family.
TEST_F(RepairChoice, ATableIsTakenIfTheManifestLostItsRecord) {
  const auto ids = store_->append(2 * group);
  store_->acknowledge(Ids(ids).first(group));
  flush(Family::pending);
  copy_as_a_kill_leaves_it("older");
  flush_all();
  copy_as_a_kill_leaves_it("damaged");
  const auto manifest = files("older", "MANIFEST").back();
  fs::copy_file(manifest, directory_ / ("damaged/db/" + manifest.filename().string()),
                fs::copy_options::overwrite_existing);
  lose(".log");
  lose("CURRENT");
  EXPECT_EQ(repair().acknowledged, group);
  expect_shown(Ids(ids).last(group));
}

/// A compaction sets the numbers of old writes to 0, so only the newer manifest could tell that its result is newer.
TEST_F(RepairChoice, TablesOfANewerManifestAreTakenAlthoughItIsDamaged) {
  auto ids = store_->append(group);
  put(Family::keys, "k/a", "old");
  flush_all();
  copy_as_a_kill_leaves_it("older");
  for (const auto& id : store_->append(group)) ids.push_back(id);
  put(Family::keys, "k/a", "new");
  put(Family::keys, "k/b", "new");
  flush_all();
  for (std::size_t place = 0; place < family_count; ++place) compact(static_cast<Family>(place));
  store_.reset();
  store_.emplace(directory_ / "data");  // With a manifest of its own.
  copy_as_a_kill_leaves_it("damaged");
  const auto newest = files("damaged", "MANIFEST").back();
  std::fstream file(newest, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(fs::file_size(newest) / 2));
  file.put('?');
  file.close();
  fs::copy(directory_ / "older/db", directory_ / "damaged/db",
           fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  repair();
  EXPECT_EQ(get(Family::keys, "k/b"), "new");
  expect_shown(ids);
}

/// As when a copy of the store was used, and then laid over it.
TEST_F(RepairChoice, ATableOfAnotherHistoryWithTheSameNumberCostsNothing) {
  const auto ids = store_->append(group);
  flush_all();
  store_.reset();
  fs::copy(directory_ / "data", directory_ / "other", fs::copy_options::recursive);
  store_.emplace(directory_ / "data");
  store_->append(group);
  flush_all();
  copy_as_a_kill_leaves_it("damaged");
  store_.emplace(directory_ / "other");
  store_->append(3 * group);
  flush_all();
  store_.reset();
  std::size_t replaced = 0;
  for (const auto& path : files("other", ".sst")) {
    const auto to = directory_ / ("damaged/db/" + path.filename().string());
    if (!fs::exists(to)) continue;
    fs::copy_file(path, to, fs::copy_options::overwrite_existing);
    ++replaced;
  }
  ASSERT_GT(replaced, 0U);
  EXPECT_THAT(repair().losses, Contains(HasSubstr("no whole manifest tells")));
  EXPECT_THAT(shown(), testing::IsSupersetOf(ids));
}

TEST_F(RepairChoice, AnEmptyTableIsALossOnlyIfAManifestNamesIt) {
  const auto is_told = [this] {
    const auto report = repair();
    return std::ranges::any_of(report.losses, [](const auto& text) { return text.ends_with("it has 0 bytes"); });
  };
  const auto ids = store_->append(group);
  flush(Family::traces);
  flush(Family::pending);
  copy_as_a_kill_leaves_it("damaged");
  lose("CURRENT");
  std::ofstream(directory_ / "damaged/db/000999.sst").flush();
  EXPECT_FALSE(is_told());
  expect_shown(ids);
  fs::remove_all(directory_ / "repaired");
  fs::resize_file(files("damaged", ".sst").front(), 0);
  EXPECT_TRUE(is_told());
}

TEST_F(RepairChoice, ACopyBesideATableIsNotTakenForIt) {
  const auto ids = store_->append(group);
  flush_all();
  copy_as_a_kill_leaves_it("damaged");
  lose("CURRENT");
  lose(".log");
  for (const auto& table : files("damaged", ".sst")) {
    std::ofstream(table.parent_path() / (table.stem().string() + "-old.sst")) << "?";
    fs::copy_file(table, table.parent_path() / (table.stem().string() + "999x.sst"));
  }
  EXPECT_THAT(repair().losses, Contains(HasSubstr("-old.sst is left out: a table's name is its number")));
  expect_shown(ids);
}

/// An entry in the log alone of each family that has no table.
TEST_F(RepairChoice, FamiliesKeepTheNumbersThatAManifestNames) {
  const std::vector families{Family::events, Family::idempotency, Family::keys, Family::traces};
  renumber_families();
  ASSERT_NE(store_->database().family(Family::events)->GetID(), 1U);
  for (const Family family : families) put(family, "a key", "of " + std::to_string(static_cast<int>(family)));
  copy_as_a_kill_leaves_it("damaged");
  lose("CURRENT");
  repair();
  // rebuild() removes nothing of these families.
  for (const Family family : families) {
    EXPECT_EQ(get(family, "a key"), "of " + std::to_string(static_cast<int>(family)));
  }
}

TEST_F(RepairChoice, AWriteForAnUnknownFamilyIsRefused) {
  renumber_families();
  store_->append(group);
  copy_as_a_kill_leaves_it("damaged");
  lose("CURRENT");
  lose("MANIFEST");
  const auto report = try_repair();
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr("no manifest and no table in db/ names"));
  EXPECT_THAT(report.error().message, HasSubstr("10 writes in the log"));
  EXPECT_FALSE(fs::exists(directory_ / "repaired"));
}

TEST_F(RepairChoice, AnOldLogDoesNotBringBackWhatWasRemoved) {
  const auto ids = store_->append(group);
  put(Family::keys, "k/a", "valid");
  copy_as_a_kill_leaves_it("older");
  put(Family::keys, "k/a", "revoked");
  store_->acknowledge(ids);
  store_->expire(ids);
  flush_all();
  for (std::size_t place = 0; place < family_count; ++place) compact(static_cast<Family>(place));
  const auto more = store_->append(group);
  store_.reset();
  store_.emplace(directory_ / "data");
  copy_as_a_kill_leaves_it("damaged");
  add_files("older", ".log");
  lose("CURRENT");
  repair();
  EXPECT_EQ(get(Family::keys, "k/a"), "revoked");
  expect_shown(more);
}

TEST_F(RepairChoice, AnIntactCopyFillsTheHolesOfADamagedLog) {
  for (const bool is_copy_damaged : {false, true}) {
    fs::remove_all(directory_ / "repaired");
    store_.reset();
    fs::remove_all(directory_ / "data");
    store_.emplace(directory_ / "data");
    std::vector<EventId> ids;
    for (std::size_t i = 0; i < group; ++i) ids.push_back(store_->append(1).front());
    copy_as_a_kill_leaves_it("damaged");
    const auto log = files("damaged", ".log").back();
    const fs::path copy = log.parent_path() / "000999.log";
    fs::copy_file(log, copy);
    std::fstream file(is_copy_damaged ? copy : log, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(fs::file_size(log) / 2));
    file.put('?');
    file.close();
    const auto report = repair();
    EXPECT_EQ(report.unacknowledged, group) << is_copy_damaged;
    EXPECT_THAT(report.losses, Contains(HasSubstr("which are the same writes")));
    expect_shown(ids);
  }
}

/// The manifest of a large store has many blocks.
TEST_F(RepairChoice, AFileInTheFormatOfALogIsReadAsItWasWritten) {
  std::vector<std::string> batches;
  for (const std::size_t size : {0, 1, 32754, 1, 32768, 100'000, 7}) batches.emplace_back(size, 'a');
  // So that a block has room for less than a header.
  for (std::size_t size = 32740; size < 32768; ++size) batches.emplace_back(size, 'b');
  const std::string path = directory_ / "000001.log";
  const std::string file = log_file(batches);
  std::ofstream(path, std::ios::binary).write(file.data(), static_cast<std::streamsize>(file.size()));
  std::vector<std::string> read;
  ASSERT_TRUE(each_batch(path, [&](std::string_view batch) { read.emplace_back(batch); }));
  EXPECT_EQ(read, batches);
  EXPECT_EQ(scan_log(path)->torn_bytes(), 0U);
}

}  // namespace
}  // namespace triggers::store
