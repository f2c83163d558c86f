#include "store/rocks/log_check.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>

namespace triggers::store {
namespace {

namespace fs = std::filesystem;

// RocksDB's format of a log: blocks, and in them records that never cross their end. A record has a checksum (4 bytes),
// the size of its content (2 bytes) and a type; all little-endian. A batch is one whole record, or a first one, middle
// ones and a last one.
constexpr std::size_t block_bytes = 32 * 1024;
constexpr std::size_t header_bytes = 7;
constexpr unsigned whole = 1;
constexpr unsigned first = 2;

/// CRC-32C (Castagnoli; RFC 3720, appendix B.4) of every byte.
constexpr auto crc_of_byte = [] {
  constexpr std::uint32_t polynomial = 0x82f63b78;
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ polynomial : crc >> 1;
    table[byte] = crc;
  }
  return table;
}();

std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = ~std::uint32_t{0};
  for (const char byte : bytes) crc = crc >> 8 ^ crc_of_byte[(crc ^ static_cast<unsigned char>(byte)) & 255];
  return ~crc;
}

/// As RocksDB stores it: a checksum of data that holds checksums is no good one.
std::uint32_t masked(std::uint32_t crc) { return (crc >> 15 | crc << 17) + 0xa282ead8; }

std::uint32_t number(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

/// A record at the front of what is left of a block.
struct Record {
  unsigned type = 0;
  std::size_t size = 0;  ///< With its header.
  bool readable = false;
};

Record record_at(std::string_view rest) {
  const std::size_t size = header_bytes + number(rest.substr(4, 2));
  const unsigned type = number(rest.substr(6, 1));
  if (size > rest.size()) return {type, rest.size(), false};
  return {type, size, masked(crc32c(rest.substr(6, size - 6))) == number(rest.substr(0, 4))};
}

/// Where the log cannot be read although batches follow; nothing if it is whole or only torn.
std::optional<std::size_t> damage_in(const fs::path& log) {
  std::ifstream file(log, std::ios::binary);
  std::string block(block_bytes, '\0');
  std::optional<std::size_t> unreadable;
  for (std::size_t at = 0; file; at += block_bytes) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    std::string_view rest(block.data(), static_cast<std::size_t>(file.gcount()));
    while (rest.size() >= header_bytes) {
      const auto record = record_at(rest);
      const std::size_t where = at + static_cast<std::size_t>(rest.data() - block.data());
      if (!record.readable && !unreadable) unreadable = where;
      if (record.readable && unreadable && (record.type == whole || record.type == first)) return unreadable;
      rest.remove_prefix(record.size);
    }
  }
  return std::nullopt;
}

}  // namespace

Status check_logs(const std::string& directory) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().extension() != ".log") continue;
    if (const auto at = damage_in(entry.path())) {
      return Error{ErrorCode::unavailable, entry.path().filename().string() + " cannot be read from byte " +
                                               std::to_string(*at) + " on, and has batches behind it"};
    }
  }
  return Done{};
}

}  // namespace triggers::store
