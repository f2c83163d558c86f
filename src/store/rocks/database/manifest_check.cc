#include "store/rocks/database/manifest_check.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <limits>
#include <memory>
#include <set>

#include "base/mutex.h"
#include "store/rocks/database/database_options.h"
#include "store/rocks/disk/log_check.h"
#include "store/rocks/disk/manifest.h"

namespace triggers::store {
namespace {

namespace fs = std::filesystem;
using rocksdb::IODebugContext;
using rocksdb::IOStatus;

/// More than a store has.
constexpr std::size_t logs_max = 1000;

/// The content of CURRENT, or of a log.
class Text final : public rocksdb::FSSequentialFile {
 public:
  explicit Text(std::string text) : text_(std::move(text)) {}

  IOStatus Read(std::size_t bytes, const rocksdb::IOOptions& /*options*/, rocksdb::Slice* result, char* scratch,
                IODebugContext* /*context*/) override {
    const std::size_t size = std::min(bytes, text_.size() - at_);
    std::memcpy(scratch, text_.data() + at_, size);
    *result = rocksdb::Slice(scratch, size);
    at_ += size;
    return IOStatus::OK();
  }
  IOStatus Skip(std::uint64_t bytes) override {
    at_ = std::min<std::uint64_t>(text_.size(), at_ + bytes);
    return IOStatus::OK();
  }

 private:
  const std::string text_;
  std::size_t at_ = 0;
};

/// Shows the database with a CURRENT that names one manifest, and with empty logs. RocksDB insists on the logs that the
/// manifest names: show_log() adds one. Remembers which tables were missing.
class OneManifest final : public rocksdb::FileSystemWrapper {
 public:
  OneManifest(const std::shared_ptr<rocksdb::FileSystem>& target, std::string manifest)
      : FileSystemWrapper(target), manifest_(std::move(manifest)) {}

  void show_log(const std::string& number) {
    logs_.insert(std::string(number.size() < 6 ? 6 - number.size() : 0, '0') + number + ".log");
  }

  [[nodiscard]] const char* Name() const override { return "triggers.one-manifest"; }
  IOStatus GetChildren(const std::string& directory, const rocksdb::IOOptions& options, std::vector<std::string>* names,
                       IODebugContext* context) override {
    auto status = target()->GetChildren(directory, options, names, context);
    std::erase_if(*names, is_log);
    names->insert(names->end(), logs_.begin(), logs_.end());
    return status;
  }
  IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* file, IODebugContext* context) override {
    if (!path.ends_with("/CURRENT") && !is_log(path)) {
      return target()->NewSequentialFile(path, options, file, context);
    }
    *file = std::make_unique<Text>(is_log(path) ? std::string{} : manifest_ + "\n");
    return IOStatus::OK();
  }
  IOStatus FileExists(const std::string& path, const rocksdb::IOOptions& options, IODebugContext* context) override {
    return path.ends_with("/CURRENT") ? IOStatus::OK() : target()->FileExists(path, options, context);
  }
  IOStatus NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions& options,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* file, IODebugContext* context) override {
    return noted(path, target()->NewRandomAccessFile(path, options, file, context));
  }
  IOStatus GetFileSize(const std::string& path, const rocksdb::IOOptions& options, std::uint64_t* bytes,
                       IODebugContext* context) override {
    if (is_log(path)) {
      *bytes = std::numeric_limits<std::int64_t>::max();  // At least as long as the manifest says.
      return IOStatus::OK();
    }
    return noted(path, target()->GetFileSize(path, options, bytes, context));
  }

  [[nodiscard]] std::set<std::string> missing() const {
    const MutexLock lock(mutex_);
    return missing_;
  }

 private:
  IOStatus noted(const std::string& path, IOStatus status) {
    std::error_code error;
    if (status.ok() || !path.ends_with(".sst") || fs::exists(path, error)) return status;
    const MutexLock lock(mutex_);
    missing_.insert(fs::path(path).filename().string());
    return status;
  }

  static bool is_log(const std::string& path) { return path.ends_with(".log"); }

  const std::string manifest_;
  std::set<std::string> logs_;
  mutable Mutex mutex_;
  std::set<std::string> missing_ GUARDED_BY(mutex_);
};

/// The number of a log that RocksDB misses; it names one at a time.
std::optional<std::string> missing_log(const rocksdb::Status& status) {
  constexpr std::string_view words = "Missing WAL with log number: ";
  const std::string text = status.ToString();
  const auto at = text.find(words);
  if (at == std::string::npos) return std::nullopt;
  const auto begin = at + words.size();
  return text.substr(begin, text.find_first_not_of("0123456789", begin) - begin);
}

/// Those that the manifest names. Nothing if it cannot be read as a whole.
std::set<std::string> missing_tables(const std::string& directory, const std::string& manifest) {
  std::set<std::string> missing;
  const auto manifests = read_manifests(directory);
  if (!manifests) return missing;
  const auto named = std::ranges::find(*manifests, manifest, &Manifest::name);
  if (named == manifests->end() || !named->whole) return missing;
  std::error_code error;
  for (const auto& [family, entry] : named->families) {
    for (const auto& [number, table] : entry.tables) {
      const std::string digits = std::to_string(number);
      const std::string name = std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits + ".sst";
      if (!fs::exists(fs::path(directory) / name, error)) missing.insert(name);
    }
  }
  return missing;
}

/// How many of our families, from the front, are among `names`.
std::size_t families_in(const std::vector<rocksdb::ColumnFamilyDescriptor>& ours,
                        const std::vector<std::string>& names) {
  const auto end = std::ranges::find_if(
      ours, [&](const auto& family) { return std::ranges::find(names, family.name) == names.end(); });
  return static_cast<std::size_t>(end - ours.begin());
}

}  // namespace

std::optional<std::string> newest_manifest(const std::string& data_dir) {
  std::optional<std::string> newest;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(database_dir(data_dir), error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("MANIFEST-")) continue;
    // Numbers have six digits or more.
    const auto rank = [](const std::string& text) { return std::pair(text.size(), text); };
    if (!newest || rank(*newest) < rank(name)) newest = name;
  }
  return newest;
}

Result<TrialOpen> check_manifest(const DatabaseConfig& config, const std::string& manifest) {
  auto* const base = config.env != nullptr ? config.env : rocksdb::Env::Default();
  const auto files = std::make_shared<OneManifest>(base->GetFileSystem(), manifest);
  const auto env = rocksdb::NewCompositeEnv(files);
  const auto cache = new_cache(config);
  auto options = reading_options(config, cache);
  options.env = env.get();
  const std::string directory = database_dir(config.data_dir);
  std::vector<std::string> names;
  auto status = rocksdb::DB::ListColumnFamilies(options, directory, &names);
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  rocksdb::DB* opened = nullptr;
  if (status.ok()) {
    const auto descriptors = family_descriptors(config, cache, families_in(family_descriptors(config, cache), names));
    for (std::size_t tries = 0; tries < logs_max; ++tries) {
      status = rocksdb::DB::OpenForReadOnly(options, directory, descriptors, &families, &opened);
      const auto log = missing_log(status);
      if (!log) break;
      files->show_log(*log);
    }
  }
  const std::unique_ptr<rocksdb::DB> db(opened);
  TrialOpen found;
  auto missing = files->missing();
  // RocksDB ends at the first family that misses a table.
  if (!status.ok()) missing.merge(missing_tables(directory, manifest));
  for (const auto& table : missing) found.problems.push_back("db/" + table + " is missing");
  if (!status.ok()) {
    if (found.problems.empty()) return Error{ErrorCode::unavailable, status.ToString()};
    return found;
  }
  std::uint64_t oldest_log = 0;
  if (db->GetIntProperty(rocksdb::DB::Properties::kMinLogNumberToKeep, &oldest_log)) found.oldest_log = oldest_log;
  check_tables(config, *db, found.problems);
  for (auto* const family : families) db->DestroyColumnFamilyHandle(family).PermitUncheckedError();
  return found;
}

}  // namespace triggers::store
