#include "store/rocks/disk/manifest.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>

#include "store/rocks/disk/log_check.h"

namespace triggers::store {
namespace {

namespace fs = std::filesystem;

// A record ("version edit") is a row of fields. A field is a tag and what belongs to it. Numbers are varints; a text is
// its length and its bytes.
enum Tag : std::uint32_t {
  comparator = 1,
  log_number = 2,
  next_file_number = 3,
  last_sequence = 4,
  compact_cursor = 5,
  deleted_file = 6,
  previous_log_number = 9,
  oldest_log_to_keep = 10,
  new_file = 103,
  family_number = 200,
  family_add = 201,
  family_drop = 202,
  largest_family_number = 203,
  in_atomic_group = 300,
  may_be_ignored = 1U << 13,  ///< In such tags; a text follows.
};
// What follows the fixed part of a new file: pairs of a tag and a text.
constexpr std::uint32_t end_of_new_file = 1;
constexpr std::uint32_t file_checksum_of_new_file = 7;

class Fields {
 public:
  explicit Fields(std::string_view rest) : rest_(rest) {}

  /// Whether all of it was read, and could be.
  [[nodiscard]] bool done() const { return good_ && rest_.empty(); }
  [[nodiscard]] bool more() const { return good_ && !rest_.empty(); }
  [[nodiscard]] std::string_view rest() const { return rest_; }
  void fail() { good_ = false; }

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && more(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= std::uint64_t{byte & 127U} << shift;
      if (byte < 128) return value;
    }
    fail();
    return 0;
  }
  std::string_view text() {
    const auto size = number();
    if (size > rest_.size()) fail();
    if (!good_) return {};
    const auto value = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return value;
  }

 private:
  std::string_view rest_;
  bool good_ = true;
};

void append_number(std::string& out, std::uint64_t value) {
  for (; value >= 128; value >>= 7) out.push_back(static_cast<char>(value | 128));
  out.push_back(static_cast<char>(value));
}

void append_text(std::string& out, std::string_view text) {
  append_number(out, text.size());
  out.append(text);
}

std::pair<std::uint64_t, TableEntry> read_new_file(Fields& fields) {
  TableEntry table;
  table.level = static_cast<unsigned>(fields.number());
  const auto from = fields.rest();
  const auto number = fields.number();
  table.bytes = fields.number();
  table.smallest_key = fields.text();
  table.largest_key = fields.text();
  table.smallest_sequence = fields.number();
  table.largest_sequence = fields.number();
  while (fields.more()) {
    const auto tag = fields.number();
    if (tag == end_of_new_file) break;
    const auto text = fields.text();
    if (tag == file_checksum_of_new_file) table.checksum = text;
  }
  table.encoded = from.substr(0, from.size() - fields.rest().size());
  return {number, table};
}

/// What one record changes.
struct Edit {
  std::uint32_t family = 0;
  std::optional<std::string> name;
  std::optional<std::uint64_t> log, next_file, sequence;
  bool drops = false;
  std::set<std::uint64_t> removed;
  std::map<std::uint64_t, TableEntry> added;
};

std::optional<Edit> read_edit(std::string_view record) {
  Edit edit;
  Fields fields(record);
  while (fields.more()) {
    const auto tag = fields.number();
    switch (tag) {
      case comparator: fields.text(); break;
      case log_number: edit.log = fields.number(); break;
      case next_file_number: edit.next_file = fields.number(); break;
      case last_sequence: edit.sequence = fields.number(); break;
      case compact_cursor: fields.number(), fields.text(); break;
      case deleted_file: fields.number(), edit.removed.insert(fields.number()); break;
      case new_file: edit.added.insert(read_new_file(fields)); break;
      case family_number: edit.family = static_cast<std::uint32_t>(fields.number()); break;
      case family_add: edit.name = fields.text(); break;
      case family_drop: edit.drops = true; break;
      case previous_log_number:
      case oldest_log_to_keep:
      case largest_family_number:
      case in_atomic_group: fields.number(); break;
      default:
        if ((tag & may_be_ignored) == 0) return std::nullopt;
        fields.text();
    }
  }
  return fields.done() ? std::optional{std::move(edit)} : std::nullopt;
}

void apply(Edit&& edit, Manifest& manifest) {
  if (edit.next_file) manifest.next_file = std::max(manifest.next_file, *edit.next_file);
  if (edit.sequence) manifest.last_sequence = std::max(manifest.last_sequence, *edit.sequence);
  if (edit.drops) manifest.families.erase(edit.family);
  if (edit.drops) return;
  FamilyEntry& family = manifest.families[edit.family];
  if (edit.name) family.name = *edit.name;
  if (edit.log) family.log_number = std::max(family.log_number, *edit.log);
  for (const auto number : edit.removed) {
    family.tables.erase(number);
    manifest.removed.insert(number);
  }
  for (auto& [number, table] : edit.added) {
    manifest.removed.erase(number);  // It was moved to another level.
    family.tables.insert_or_assign(number, std::move(table));
  }
}

Result<Manifest> read_manifest(const std::string& path) {
  const auto scan = scan_log(path);
  if (!scan) return scan.error();
  Manifest manifest;
  manifest.name = scan->name;
  manifest.number = scan->number;
  manifest.whole = !scan->damage && scan->torn_bytes() == 0;
  auto read = each_batch(path, [&](std::string_view record) {
    auto edit = read_edit(record);
    if (!edit) manifest.whole = false;
    if (edit) apply(std::move(*edit), manifest);
  });
  if (!read) return std::move(read).error();
  // A crash may leave the first records of a new manifest; the last of them says the number.
  if (manifest.next_file == 0) manifest.whole = false;
  std::erase_if(manifest.families, [](const auto& family) { return family.second.name.empty() && family.first != 0; });
  if (const auto first = manifest.families.find(0); first != manifest.families.end()) first->second.name = "default";
  return manifest;
}

}  // namespace

Result<std::vector<Manifest>> read_manifests(const std::string& directory) {
  std::vector<Manifest> manifests;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (!entry.path().filename().string().starts_with("MANIFEST-")) continue;
    auto manifest = read_manifest(entry.path().string());
    if (!manifest) return std::move(manifest).error();
    manifests.push_back(std::move(*manifest));
  }
  if (error) return Error{ErrorCode::unavailable, "cannot look into " + directory + ": " + error.message()};
  std::ranges::sort(manifests, {}, &Manifest::number);
  return manifests;
}

Status write_manifest(const std::string& directory, const Manifest& manifest) {
  std::vector<std::string> records;
  std::uint32_t last_family = 0;
  for (const auto& [number, family] : manifest.families) {
    last_family = number;
    std::string& added = records.emplace_back();
    append_number(added, comparator), append_text(added, "leveldb.BytewiseComparator");
    append_number(added, log_number), append_number(added, 0);
    append_number(added, family_number), append_number(added, number);
    if (number != 0) append_number(added, family_add), append_text(added, family.name);
    for (const auto& [file, table] : family.tables) {
      std::string& record = records.emplace_back();
      append_number(record, new_file), append_number(record, table.level);
      record += table.encoded;
      append_number(record, family_number), append_number(record, number);
    }
  }
  std::string& numbers = records.emplace_back();
  append_number(numbers, next_file_number), append_number(numbers, manifest.next_file + 1);
  append_number(numbers, last_sequence), append_number(numbers, manifest.last_sequence);
  append_number(numbers, largest_family_number), append_number(numbers, last_family);

  const std::string digits = std::to_string(manifest.next_file);
  const std::string name = "MANIFEST-" + std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits;
  for (const auto& [file, content] :
       {std::pair{name, log_file(records)}, std::pair{std::string{"CURRENT"}, name + "\n"}}) {
    std::ofstream out(directory + "/" + file, std::ios::binary);
    if (!out.write(content.data(), static_cast<std::streamsize>(content.size())).flush()) {
      return Error{ErrorCode::unavailable, "cannot write " + directory + "/" + file};
    }
  }
  return Done{};
}

}  // namespace triggers::store
