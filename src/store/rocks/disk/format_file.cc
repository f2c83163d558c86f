#include "store/rocks/disk/format_file.h"

#include <sstream>

#include "base/clock.h"
#include "base/uuid7.h"
#include "store/rocks/disk/durable.h"
#include "store/rocks/format/layout.h"

namespace triggers::store {
namespace {

constexpr std::string_view format_name = "triggers-embedded";
constexpr std::string_view making_word = "making";
constexpr std::uint32_t version_without_id = 1;

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

}  // namespace

std::string format_path(const std::string& data_dir) { return data_dir + "/FORMAT"; }

Result<std::optional<FormatFile>> read_format(const std::string& data_dir) {
  const auto text = read_file(format_path(data_dir));
  if (!text && text.error().code == ErrorCode::not_found) return std::optional<FormatFile>{};
  if (!text) return text.error();
  std::istringstream words(*text);
  std::string name, version, id, stage, more;
  words >> name >> version >> id >> stage >> more;
  if (name != format_name) return not_ours(data_dir);
  FormatFile format;
  if (version == std::to_string(version_without_id)) {
    if (!id.empty()) return not_ours(data_dir);
    format.version = version_without_id;
    return std::optional{format};
  }
  if (version != std::to_string(layout::format_version)) return other_version(data_dir, version);
  const bool stage_is_known = stage.empty() || stage == making_word;
  if (!Uuid7::parse(id) || !stage_is_known || !more.empty() || !text->ends_with('\n')) return not_ours(data_dir);
  format.version = layout::format_version;
  format.store_id = id;
  format.stage = stage.empty() ? FormatFile::Stage::made : FormatFile::Stage::making;
  return std::optional{format};
}

Status write_format(const std::string& data_dir, const FormatFile& format) {
  std::string text = std::string{format_name} + " " + std::to_string(format.version) + " " + format.store_id;
  if (format.stage == FormatFile::Stage::making) text += " " + std::string{making_word};
  return write_durably(format_path(data_dir), text + "\n");
}

FormatFile new_format(FormatFile::Stage stage) {
  Uuid7Generator ids;
  return {layout::format_version, ids.next(Clock::system().now()).text(), stage};
}

}  // namespace triggers::store
