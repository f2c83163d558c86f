#include "store/rocks/disk/format_file.h"

#include <sstream>

#include "base/clock.h"
#include "base/invariant.h"
#include "base/uuid7.h"
#include "store/rocks/disk/durable.h"
#include "store/rocks/format/layout.h"

namespace triggers::store {
namespace {

constexpr std::string_view format_name = "triggers-embedded";
constexpr std::uint32_t version_without_id = 1;

/// The last word of the file.
constexpr std::string_view word_of(FormatFile::Stage stage) {
  switch (stage) {
    case FormatFile::Stage::making: return "making";
    case FormatFile::Stage::migrating: return "migrating";
    case FormatFile::Stage::made: return {};
  }
  INVARIANT(false, "a stage without a word");
}

std::optional<FormatFile::Stage> stage_of(std::string_view word) {
  using enum FormatFile::Stage;
  for (const auto stage : {making, migrating, made}) {
    if (word == word_of(stage)) return stage;
  }
  return std::nullopt;
}

std::string new_id() {
  Uuid7Generator ids;
  return ids.next(Clock::system().now()).text();
}

Error not_ours(const std::string& data_dir) {
  return {ErrorCode::invalid_argument,
          format_path(data_dir) +
              " does not name a store of this program: choose another data directory, or restore "
              "a backup if this was one"};
}

Error other_version(const std::string& data_dir, const std::string& version) {
  return {ErrorCode::invalid_argument, data_dir + " holds format version " + version +
                                           ", and this program reads versions " + std::to_string(version_without_id) +
                                           " to " + std::to_string(layout::format_version) +
                                           ": run the release that wrote it, or restore a backup that this release "
                                           "made"};
}

/// The number that `text` is, if this program reads that version.
std::optional<std::uint32_t> known_version(std::string_view text) {
  for (std::uint32_t version = version_without_id; version <= layout::format_version; ++version) {
    if (text == std::to_string(version)) return version;
  }
  return std::nullopt;
}

}  // namespace

std::string format_path(const std::string& data_dir) { return data_dir + "/FORMAT"; }

Status expect_known_version(const std::string& data_dir) {
  const auto text = read_file(format_path(data_dir));
  if (!text) return Done{};
  std::istringstream words(*text);
  std::string name, version;
  words >> name >> version;
  const bool is_version = !version.empty() && version.find_first_not_of("0123456789") == std::string::npos;
  if (name != format_name || !is_version || known_version(version)) return Done{};
  return other_version(data_dir, version);
}

Result<std::optional<FormatFile>> read_format(const std::string& data_dir) {
  const auto text = read_file(format_path(data_dir));
  if (!text && text.error().code == ErrorCode::not_found) return std::optional<FormatFile>{};
  if (!text) return text.error();
  std::istringstream words(*text);
  std::string name, version, id, word, more;
  words >> name >> version >> id >> word >> more;
  if (name != format_name) return not_ours(data_dir);
  const auto known = known_version(version);
  if (!known) return other_version(data_dir, version);
  FormatFile format;
  format.version = *known;
  if (format.version == version_without_id) {
    if (!id.empty()) return not_ours(data_dir);
    return std::optional{format};
  }
  const auto stage = stage_of(word);
  if (!Uuid7::parse(id) || !stage || !more.empty() || !text->ends_with('\n')) return not_ours(data_dir);
  format.store_id = id;
  format.stage = *stage;
  return std::optional{format};
}

Status write_format(const std::string& data_dir, const FormatFile& format) {
  std::string text = std::string{format_name} + " " + std::to_string(format.version) + " " + format.store_id;
  if (format.stage != FormatFile::Stage::made) text += " " + std::string{word_of(format.stage)};
  return write_durably(format_path(data_dir), text + "\n");
}

FormatFile new_format(FormatFile::Stage stage) { return {layout::format_version, new_id(), stage}; }

FormatFile format_of_copy(const FormatFile& format) { return {format.version, new_id(), format.stage}; }

}  // namespace triggers::store
