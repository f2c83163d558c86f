#pragma once

// Writes, reads and syncs small files of ours. What these files say is in format_file.h, inventory.h and witness.h.

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

/// Small files of ours beside the database, on the machine's own file system. Errors: `unavailable`, with the path and
/// the cause.
namespace triggers::store {

/// A new name in a directory is durable once the directory is synced.
Status sync_directory(const std::filesystem::path& path);
Status sync_parent(const std::string& path);

/// What is in a file is durable once it is synced.
Status sync_file(const std::filesystem::path& path);

/// Replaces the file atomically, even if the machine stops at any moment; mode 0600.
Status write_durably(const std::string& path, std::string_view text);

/// The whole file. `not_found` if there is none.
Result<std::string> read_file(const std::string& path);

/// CRC-32C of the first `bytes_max` bytes of a file, 8 hexadecimal digits.
Result<std::string> file_checksum(const std::string& path, std::uint64_t bytes_max = UINT64_MAX);

}  // namespace triggers::store
