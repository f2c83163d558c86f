#include "store/rocks/disk/log_check.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
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
constexpr unsigned middle = 3;
constexpr unsigned last = 4;

// A batch begins with its sequence number (8 bytes) and a count of entries (4 bytes), each of which takes one number.
constexpr std::size_t batch_header_bytes = 12;

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

/// The form in which RocksDB stores it: a plain CRC of data that contains CRCs detects errors badly.
std::uint32_t masked(std::uint32_t crc) { return (crc >> 15 | crc << 17) + 0xa282ead8; }

std::uint64_t number64(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::uint32_t number(std::string_view bytes) { return static_cast<std::uint32_t>(number64(bytes)); }

std::string little_endian(std::uint64_t value, std::size_t bytes) {
  std::string text;
  for (; bytes > 0; --bytes, value >>= 8) text.push_back(static_cast<char>(value & 255));
  return text;
}

/// A record at the front of what is left of a block.
struct Record {
  unsigned type = 0;
  std::size_t size = 0;  ///< With its header.
  bool readable = false;
  std::string_view content;
};

Record record_at(std::string_view rest) {
  const std::size_t size = header_bytes + number(rest.substr(4, 2));
  const unsigned type = number(rest.substr(6, 1));
  if (size > rest.size()) return {type, rest.size(), false, {}};
  return {type, size, masked(crc32c(rest.substr(6, size - 6))) == number(rest.substr(0, 4)),
          rest.substr(header_bytes, size - header_bytes)};
}

/// The number in `000042.log` or `MANIFEST-000042`; nothing in another name.
std::optional<std::uint64_t> number_in(const std::string& name) {
  const auto from = name.find_first_of("0123456789");
  if (from == std::string::npos) return std::nullopt;
  std::uint64_t value = 0;
  const auto read = std::from_chars(name.data() + from, name.data() + name.size(), value);
  if (read.ec != std::errc{}) return std::nullopt;
  return value;
}

/// Reads records, and follows the batches that they make up.
class Scanner {
 public:
  explicit Scanner(LogScan& scan) : scan_(scan) {}

  /// False when the rest need not be read.
  bool see(const Record& record, std::uint64_t where) {
    const bool begins = record.type == whole || record.type == first;
    if (!record.readable) {
      if (!unreadable_) unreadable_ = where;
      return true;
    }
    if (unreadable_) {
      if (begins) scan_.damage = unreadable_;
      return !begins;
    }
    // The header may be cut anywhere between the records.
    if (begins) header_.clear();
    header_.append(record.content.substr(0, batch_header_bytes - header_.size()));
    if (record.type != whole && record.type != last) return true;
    scan_.whole = where + record.size;
    ++scan_.batches;
    if (const auto numbers = batch_numbers(header_)) note(*numbers);
    return true;
  }

 private:
  void note(const BatchNumbers& numbers) {
    if (scan_.batches == 1) scan_.first_sequence = numbers.sequence;
    scan_.next_sequence = numbers.sequence + numbers.count;
  }

  std::string header_;
  LogScan& scan_;
  std::optional<std::uint64_t> unreadable_;
};

std::string first_write(const LogScan& log) {
  return "db/" + log.name + " begins with write " + std::to_string(log.first_sequence);
}

}  // namespace

std::optional<BatchNumbers> batch_numbers(std::string_view batch) {
  if (batch.size() < batch_header_bytes) return std::nullopt;
  return BatchNumbers{number64(batch.substr(0, 8)), number(batch.substr(8, 4))};
}

std::vector<std::string> repeated_writes(const std::vector<LogScan>& logs) {
  std::vector<std::string> problems;
  const LogScan* newest = nullptr;
  for (const auto& log : logs) {
    if (log.first_sequence == log.next_sequence) continue;
    if (newest != nullptr && log.first_sequence < newest->next_sequence) {
      problems.push_back(first_write(log) + ", which is before the end of the older log db/" + newest->name +
                         ": one of them is a copy, or of another state of the store");
    }
    if (newest == nullptr || log.next_sequence > newest->next_sequence) newest = &log;
  }
  return problems;
}

std::vector<std::string> missing_writes(const std::vector<LogScan>& logs, std::uint64_t oldest) {
  std::vector<std::string> problems;
  const LogScan* before = nullptr;
  for (const auto& log : logs) {
    if (log.number < oldest || log.first_sequence == log.next_sequence) continue;
    if (before != nullptr && log.first_sequence > before->next_sequence) {
      problems.push_back(first_write(log) + ", and the log before it, db/" + before->name + ", ends with write " +
                         std::to_string(before->next_sequence - 1) + ": what was between them is missing");
    }
    before = &log;
  }
  return problems;
}

Result<LogScan> scan_log(const std::string& path) {
  LogScan scan;
  scan.name = fs::path(path).filename().string();
  scan.number = number_in(scan.name).value_or(0);
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::unavailable, "cannot read " + path + ": " + std::strerror(errno)};
  std::string block(block_bytes, '\0');
  Scanner scanner(scan);
  bool wanted = true;
  for (std::uint64_t at = 0; file; at += block_bytes) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    std::string_view rest(block.data(), static_cast<std::size_t>(file.gcount()));
    scan.bytes += rest.size();
    while (wanted && rest.size() >= header_bytes) {
      const auto record = record_at(rest);
      wanted = scanner.see(record, at + static_cast<std::uint64_t>(rest.data() - block.data()));
      rest.remove_prefix(record.size);
    }
  }
  if (file.bad()) return Error{ErrorCode::unavailable, "cannot read " + path + ": " + std::strerror(errno)};
  return scan;
}

Status each_batch(const std::string& path, const std::function<void(std::string_view batch)>& take) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::unavailable, "cannot read " + path + ": " + std::strerror(errno)};
  std::string block(block_bytes, '\0');
  std::string batch;
  bool in_batch = false;
  while (file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    std::string_view rest(block.data(), static_cast<std::size_t>(file.gcount()));
    for (; rest.size() >= header_bytes; rest.remove_prefix(record_at(rest).size)) {
      const auto record = record_at(rest);
      const bool begins = record.type == whole || record.type == first;
      in_batch = record.readable && (begins || in_batch);
      if (!in_batch) continue;
      if (begins) batch.clear();
      batch.append(rest.substr(header_bytes, record.size - header_bytes));
      if (record.type != whole && record.type != last) continue;
      take(batch);
      in_batch = false;
    }
  }
  return Done{};
}

std::string log_file(const std::vector<std::string>& batches) {
  std::string file;
  for (const std::string& batch : batches) {
    std::string_view rest = batch;
    for (bool begins = true; begins || !rest.empty(); begins = false) {
      if (const std::size_t left = block_bytes - file.size() % block_bytes; left < header_bytes)
        file.append(left, '\0');
      const std::size_t room = block_bytes - file.size() % block_bytes - header_bytes;
      const std::string_view part = rest.substr(0, room);
      rest.remove_prefix(part.size());
      const bool ends = rest.empty();
      const std::string type = little_endian(begins ? (ends ? whole : first) : (ends ? last : middle), 1);
      const std::string typed = type + std::string{part};
      file += little_endian(masked(crc32c(typed)), 4) + little_endian(part.size(), 2) + typed;
    }
  }
  return file;
}

Result<std::vector<LogScan>> scan_logs(const std::string& directory) {
  std::vector<LogScan> scans;
  std::error_code error;
  fs::directory_iterator entries(directory, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    if (entries->path().extension() != ".log") continue;
    auto scan = scan_log(entries->path());
    if (!scan) return std::move(scan).error();
    scans.push_back(std::move(*scan));
  }
  if (error) return Error{ErrorCode::unavailable, "cannot read " + directory + ": " + error.message()};
  std::ranges::sort(scans, {}, &LogScan::number);
  return scans;
}

}  // namespace triggers::store
