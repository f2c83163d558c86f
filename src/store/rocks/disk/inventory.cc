#include "store/rocks/disk/inventory.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <sstream>

#include "store/rocks/disk/durable.h"

namespace triggers::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view first_line = "triggers-inventory 1";
constexpr std::string_view unknown = "-";

/// FNV-1a of the lines before it, by which the file shows whether it is whole.
std::string seal(std::string_view text) {
  std::uint64_t sum = 0xcbf2'9ce4'8422'2325;
  for (const char c : text) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100'0000'01b3;
  std::ostringstream out;
  out << std::hex << sum;
  return out.str();
}

/// The lines before the seal, or nothing.
std::optional<std::string> unsealed(const std::string& text) {
  const auto at = text.rfind("seal ");
  if (at == std::string::npos || !text.ends_with('\n')) return std::nullopt;
  std::string lines = text.substr(0, at);
  if (text.substr(at) != "seal " + seal(lines) + "\n") return std::nullopt;
  return lines;
}

bool is_table(const std::string& name) { return name.ends_with(".sst"); }

/// Holds data or says which files do. RocksDB would replay or remove it.
bool is_of_a_database(const fs::path& path) {
  const auto name = path.filename().string();
  if (name.ends_with(".dbtmp")) return false;
  return is_table(name) || name.ends_with(".log") || name.starts_with("MANIFEST-") || name.starts_with("OPTIONS-");
}

/// What is wrong with one file; empty if nothing is.
std::string difference(const InventoryFile& file, const std::string& path, bool read) {
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  if (error == std::errc::no_such_file_or_directory) return file.name + " is missing";
  if (error) return file.name + " cannot be read: " + error.message();
  if (bytes != file.bytes) {
    return file.name + " has " + std::to_string(bytes) + " bytes instead of " + std::to_string(file.bytes);
  }
  if (!read || file.checksum.empty()) return {};
  const auto checksum = file_checksum(path);
  if (!checksum) return checksum.error().message;
  return *checksum == file.checksum ? std::string{} : file.name + " has other bytes than were written";
}

}  // namespace

std::string Inventory::path(const std::string& data_dir) { return data_dir + "/INVENTORY"; }

std::optional<Inventory> Inventory::read(const std::string& data_dir) {
  const auto text = read_file(path(data_dir));
  const auto lines = text ? unsealed(*text) : std::nullopt;
  if (!lines || !lines->starts_with(std::string{first_line} + "\n")) return std::nullopt;
  std::istringstream in(lines->substr(first_line.size() + 1));
  Inventory inventory;
  std::string word, state;
  in >> word >> inventory.store_id >> word >> state >> word >> inventory.sequence;
  if (!in) return std::nullopt;
  inventory.closed = state == "closed";
  InventoryFile file;
  while (in >> word >> file.name >> file.bytes >> file.checksum) {
    if (file.checksum == unknown) file.checksum.clear();
    inventory.files.push_back(file);
  }
  return inventory;
}

Status Inventory::write(const std::string& data_dir) const {
  std::ostringstream out;
  out << first_line << "\nstore " << store_id << "\nstate " << (closed ? "closed" : "open") << "\nsequence " << sequence
      << "\n";
  for (const auto& file : files) {
    out << "file " << file.name << " " << file.bytes << " "
        << (file.checksum.empty() ? std::string{unknown} : file.checksum) << "\n";
  }
  const std::string lines = out.str();
  return write_durably(path(data_dir), lines + "seal " + seal(lines) + "\n");
}

Status Inventory::add(const std::string& data_dir, const std::string& name, std::optional<std::string> checksum) {
  const std::string file_path = data_dir + "/" + name;
  std::error_code error;
  const std::uint64_t bytes = fs::file_size(file_path, error);
  if (error) return Error{ErrorCode::unavailable, "cannot read " + file_path + ": " + error.message()};
  if (!checksum) {
    auto read = file_checksum(file_path);
    if (!read) return std::move(read).error();
    checksum = std::move(*read);
  }
  files.push_back({name, bytes, std::move(*checksum)});
  return Done{};
}

std::vector<std::string> differences(const Inventory& inventory, const std::string& data_dir,
                                     std::uint64_t table_bytes_max, bool complete) {
  std::vector<std::string> wrong;
  auto files = inventory.files;
  std::ranges::sort(files, std::greater{}, &InventoryFile::name);  // The newest tables first: the name is a number.
  for (const auto& file : files) {
    // While a store is open, RocksDB replaces its OPTIONS, which hold no data. Earlier releases listed them all the
    // same.
    if (!inventory.closed && file.name.starts_with("db/OPTIONS-")) continue;
    bool read = true;
    if (is_table(file.name)) {
      read = file.bytes <= table_bytes_max;
      if (read) table_bytes_max -= file.bytes;
    }
    if (auto text = difference(file, data_dir + "/" + file.name, read); !text.empty()) wrong.push_back(std::move(text));
  }
  if (!complete) return wrong;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(data_dir + "/db", error)) {
    const std::string name = "db/" + entry.path().filename().string();
    if (!is_of_a_database(entry.path())) continue;
    if (std::ranges::find(files, name, &InventoryFile::name) == files.end()) {
      wrong.push_back(name + " does not belong to the store as it was stopped");
    }
  }
  return wrong;
}

}  // namespace triggers::store
