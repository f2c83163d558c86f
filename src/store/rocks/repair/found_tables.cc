#include "store/rocks/repair/found_tables.h"

#include <rocksdb/sst_file_reader.h>

#include <charconv>
#include <filesystem>

#include "base/encoding.h"
#include "store/rocks/disk/durable.h"

namespace triggers::store {
namespace {

namespace fs = std::filesystem;

/// The number in the name of a table; 0 for another name, such as that of a copy that somebody has put beside it.
std::uint64_t table_number(const fs::path& path) {
  const std::string name = path.stem().string();
  std::uint64_t number = 0;
  std::from_chars(name.data(), name.data() + name.size(), number);
  return path.filename() == fs::path(table_path("", number)).filename() ? number : 0;
}

}  // namespace

std::string table_path(const std::string& directory, std::uint64_t number) {
  const std::string digits = std::to_string(number);
  return directory + "/" + std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits + ".sst";
}

Result<FoundTables> find_tables(const std::string& directory, std::vector<std::string>& losses) {
  FoundTables found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().extension() != ".sst") continue;
    const auto leave_out = [&](const std::string& why) {
      losses.push_back("db/" + entry.path().filename().string() + " is left out: " + why);
    };
    const auto number = table_number(entry.path());
    if (number == 0) {
      leave_out("a table's name is its number, with six digits or more");
      continue;
    }
    rocksdb::SstFileReader reader({});
    auto status = reader.Open(entry.path().string());
    if (status.ok()) status = reader.VerifyChecksum();
    (status.ok() ? found.whole : found.damaged).insert(number);
    if (status.ok()) continue;
    std::error_code unknown;
    if (fs::file_size(entry.path(), unknown) == 0) {
      found.empty.insert(number);
    } else {
      leave_out(status.ToString());
    }
  }
  if (error) {
    return Error{ErrorCode::unavailable, "the repair failed: cannot look into " + directory + ": " + error.message()};
  }
  return found;
}

bool is_as_described(const std::string& path, const TableEntry& described) {
  std::error_code error;
  if (fs::file_size(path, error) != described.bytes || error) return false;
  if (described.checksum.empty()) return true;
  const auto checksum = file_checksum(path);
  return checksum && *checksum == to_hex(described.checksum);
}

}  // namespace triggers::store
