#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace triggers::store {

/// The file `FORMAT` of a data directory: that a store was made here, in which version, and which one it is.
struct FormatFile {
  enum class Stage : std::uint8_t {
    making,  ///< The database is being made: nothing was accepted yet, so it may be made anew.
    made,    ///< It was made and synced. From now on whatever is missing is lost.
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

/// A new one, of the version that this program writes.
[[nodiscard]] FormatFile new_format(FormatFile::Stage stage);

}  // namespace triggers::store
