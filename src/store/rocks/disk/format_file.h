#pragma once

// The file FORMAT: it makes a directory a store and names its version. The keys and values of that version are in
// format/.

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace triggers::store {

/// The file `FORMAT` of a data directory. It says that a store was made here, its version and its id.
struct FormatFile {
  enum class Stage : std::uint8_t {
    making,  ///< The database is being made. Nothing was accepted yet, so it may be made again.
    made,    ///< It was made and synced. From now on a missing file is data loss.
  };

  std::uint32_t version = 0;
  std::string store_id;  ///< A UUID; empty in version 1.
  Stage stage = Stage::made;
};

[[nodiscard]] std::string format_path(const std::string& data_dir);

/// Nothing if there is no such file. Errors: `invalid_argument` (not ours, another version), `unavailable` (cannot be
/// read).
Result<std::optional<FormatFile>> read_format(const std::string& data_dir);
/// Durable when it returns.
Status write_format(const std::string& data_dir, const FormatFile& format);

/// A new `FORMAT`, of the version that this program writes.
[[nodiscard]] FormatFile new_format(FormatFile::Stage stage);

}  // namespace triggers::store
