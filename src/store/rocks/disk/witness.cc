#include "store/rocks/disk/witness.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "base/invariant.h"
#include "store/rocks/disk/durable.h"

namespace triggers::store {
namespace {

constexpr std::size_t page_bytes = Witness::page_bytes;
constexpr std::size_t slot_bytes = page_bytes / 2;
constexpr std::size_t slot_words = slot_bytes / sizeof(std::uint64_t);
constexpr std::size_t head_words = 8;
constexpr std::uint64_t magic = 0x3156'5353'454e'5457;
constexpr std::size_t words_max = head_words + 2 * Witness::logs_max + 1;
static_assert(words_max * sizeof(std::uint64_t) <= 512, "a slot must fit into one sector, which is written whole");
// A write never restores the size of a file that was cut, so that the cut is seen.
static_assert(words_max < slot_words);

using Words = std::array<std::uint64_t, words_max>;

/// Shows whether a slot is written completely. It processes 64 bits a step, because each commit computes it.
std::uint64_t checksum(std::span<const std::uint64_t> words) {
  std::uint64_t sum = 0x9e37'79b9'7f4a'7c15;
  for (const std::uint64_t word : words) {
    sum = (sum ^ word) * 0xff51'afd7'ed55'8ccd;
    sum ^= sum >> 32;
  }
  return sum;
}

/// How many words it took.
std::size_t encode(const WitnessRecord& record, std::uint64_t generation, Words& words) {
  const std::size_t logs = std::min(record.logs.size(), Witness::logs_max);
  words[0] = magic;
  words[1] = generation;
  std::memcpy(&words[2], record.store_id.bytes.data(), record.store_id.bytes.size());
  words[4] = record.sequence;
  words[5] = record.manifest.number;
  words[6] = record.manifest.bytes;
  words[7] = logs;
  std::size_t at = head_words;
  for (std::size_t i = record.logs.size() - logs; i < record.logs.size(); ++i) {
    words[at++] = record.logs[i].number;
    words[at++] = record.logs[i].bytes;
  }
  words[at] = checksum({words.data(), at});
  return at + 1;
}

struct Slot {
  std::uint64_t generation = 0;
  WitnessRecord record;
};

std::optional<Slot> decode(std::span<const std::uint64_t> words) {
  if (words[0] != magic || words[7] > Witness::logs_max) return std::nullopt;
  const std::size_t end = head_words + 2 * words[7];
  if (words[end] != checksum(words.first(end))) return std::nullopt;
  Slot slot;
  slot.generation = words[1];
  std::memcpy(slot.record.store_id.bytes.data(), &words[2], slot.record.store_id.bytes.size());
  slot.record.sequence = words[4];
  slot.record.manifest = {words[5], words[6]};
  for (std::size_t at = head_words; at < end; at += 2) slot.record.logs.push_back({words[at], words[at + 1]});
  return slot;
}

/// The newer of the slots that are whole.
std::optional<Slot> newest(std::span<const std::uint64_t> page) {
  auto first = decode(page.first(slot_words));
  auto second = decode(page.subspan(slot_words, slot_words));
  if (!first || (second && second->generation > first->generation)) return second;
  return first;
}

Error unreadable(const std::string& path, const std::string& why) {
  return {ErrorCode::unavailable, path + " cannot be read: " + why};
}

using Page = std::array<std::uint64_t, 2 * slot_words>;

Result<Slot> read_slot(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return text.error();
  if (text->size() != page_bytes) return unreadable(path, "it has " + std::to_string(text->size()) + " bytes");
  Page page{};
  std::memcpy(page.data(), text->data(), page_bytes);
  auto slot = newest(page);
  if (!slot) return unreadable(path, "its checksums are wrong");
  return std::move(*slot);
}

}  // namespace

std::string Witness::path(const std::string& data_dir) { return data_dir + "/WITNESS"; }

Result<WitnessRecord> Witness::read(const std::string& data_dir) {
  auto slot = read_slot(path(data_dir));
  if (!slot) return std::move(slot).error();
  return std::move(slot->record);
}

Status Witness::create(const std::string& data_dir, const WitnessRecord& record) {
  Words words{};
  std::string page(page_bytes, '\0');
  for (std::uint64_t generation = 1; generation <= 2; ++generation) {
    const std::size_t count = encode(record, generation, words);
    std::memcpy(page.data() + (generation % 2) * slot_bytes, words.data(), count * sizeof(std::uint64_t));
  }
  return write_durably(path(data_dir), page);
}

Result<std::unique_ptr<Witness>> Witness::open(const std::string& data_dir) {
  const auto slot = read_slot(path(data_dir));
  if (!slot) return slot.error();
  UniqueFd file(::open(path(data_dir).c_str(), O_RDWR | O_CLOEXEC));
  if (!file) return unreadable(path(data_dir), std::strerror(errno));
  return std::unique_ptr<Witness>(new Witness(std::move(file), slot->generation));
}

Witness::Witness(UniqueFd file, std::uint64_t generation) : file_(std::move(file)), generation_(generation) {}

Status Witness::write(const WitnessRecord& record) {
  Words words{};
  const std::size_t bytes = encode(record, ++generation_, words) * sizeof(std::uint64_t);
  INVARIANT(bytes <= slot_bytes, "a record of %zu bytes would cover the slot with the record before it", bytes);
  const auto place = static_cast<off_t>((generation_ % 2) * slot_bytes);
  ssize_t written = 0;
  do {
    written = pwrite(file_.get(), words.data(), bytes, place);
  } while (written < 0 && errno == EINTR);
  if (written == static_cast<ssize_t>(bytes)) return Done{};
  --generation_;  // The next one takes the same slot: the other has the record before it.
  return Error{ErrorCode::unavailable,
               std::string{"the file WITNESS cannot be written: "} + std::strerror(written < 0 ? errno : ENOSPC)};
}

Result<WitnessRecord> Witness::read_back() const {
  Page page{};
  if (pread(file_.get(), page.data(), page_bytes, 0) < 0) return unreadable("WITNESS", std::strerror(errno));
  auto slot = newest(page);
  if (!slot) return unreadable("WITNESS", "its checksums are wrong");
  return std::move(slot->record);
}

Status Witness::sync() {
  if (fsync(file_.get()) == 0) return Done{};
  return Error{ErrorCode::unavailable, std::string{"the file WITNESS cannot be synced: "} + std::strerror(errno)};
}

}  // namespace triggers::store
