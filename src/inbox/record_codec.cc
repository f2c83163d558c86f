#include "inbox/record_codec.h"

#include <chrono>
#include <limits>
#include <utility>

#include "base/utf8.h"
#include "inbox/bounds.h"

namespace triggers::inbox {
namespace {

constexpr unsigned char version = 1;
constexpr unsigned state_mask = 7, failure_bit = 8, acknowledged_bit = 16, acknowledging_lease_bit = 32,
                   bits_known = 63;
constexpr std::uint64_t time_end_ms = std::uint64_t{1} << 48;
constexpr std::uint64_t duration_ms_max = 1'000ULL * 43'200;
static_assert(lease_seconds_range.max == 43'200 && delay_seconds_range.max == 43'200);

bool ends_by_itself(EntryState state) noexcept { return state == EntryState::leased || state == EntryState::delayed; }

void append_number(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>((value & 0x7f) | 0x80));
  out.push_back(static_cast<char>(value));
}

void append_time(std::string& out, UnixMillis time) {
  const auto ms = static_cast<std::uint64_t>(time.time_since_epoch().count());
  INVARIANT(ms < time_end_ms, "a record has the time %llu ms, after the year 10889",
            static_cast<unsigned long long>(ms));
  append_number(out, ms);
}

void append_entry(std::string& out, const Entry& entry) {
  append_number(out, entry.attempts);
  append_time(out, entry.since);
  if (ends_by_itself(entry.state)) {
    const auto duration = static_cast<std::uint64_t>((entry.until - entry.since).count());
    INVARIANT(duration >= 1 && duration <= duration_ms_max, "a lease or a delay takes %llu ms",
              static_cast<unsigned long long>(duration));
    append_number(out, duration);
  }
  if (entry.state == EntryState::leased) out.append(entry.lease.value.view());
  if (entry.last_failure) {
    append_time(out, entry.last_failure->at);
    append_number(out, entry.last_failure->error.size());
    out.append(entry.last_failure->error);
  }
}

/// Reads what the functions above append. Each step returns false at the first byte that they would not have written.
class Reader {
 public:
  explicit Reader(std::string_view bytes) noexcept : left_(bytes) {}

  [[nodiscard]] bool at_end() const noexcept { return left_.empty(); }

  bool byte(unsigned& value) noexcept {
    if (left_.empty()) return false;
    value = static_cast<unsigned char>(left_.front());
    left_.remove_prefix(1);
    return true;
  }

  /// Accepts only the shortest form of a number, so that equal records have equal bytes.
  bool number(std::uint64_t& value, std::uint64_t max) noexcept {
    value = 0;
    for (int shift = 0; shift <= 56; shift += 7) {
      unsigned next = 0;
      if (!byte(next)) return false;
      value |= std::uint64_t{next & 0x7f} << shift;
      if (next < 0x80) return (next != 0 || shift == 0) && value <= max;
    }
    return false;
  }

  bool time(UnixMillis& time) noexcept {
    std::uint64_t ms = 0;
    if (!number(ms, time_end_ms - 1)) return false;
    time = UnixMillis(std::chrono::milliseconds(ms));
    return true;
  }

  bool text(std::string_view& text, std::size_t size) noexcept {
    if (left_.size() < size) return false;
    text = left_.substr(0, size);
    left_.remove_prefix(size);
    return true;
  }

  bool lease(LeaseId& lease) noexcept {
    std::string_view bytes;
    if (!text(bytes, 16)) return false;
    lease.value = Uuid7::from_bytes(bytes);
    return true;
  }

 private:
  std::string_view left_;
};

bool read_failure(Reader& reader, Failure& failure) {
  std::uint64_t size = 0;
  std::string_view error;
  if (!reader.time(failure.at) || !reader.number(size, 4 * error_chars_max) || !reader.text(error, size)) return false;
  if (find_invalid_utf8(error) || count_code_points(error) > error_chars_max) return false;
  failure.error = error;
  return true;
}

bool read_entry(Reader& reader, unsigned flags, Entry& entry) {
  const unsigned state = (flags & state_mask) - 1;
  if (state > static_cast<unsigned>(EntryState::dead)) return false;
  entry.state = static_cast<EntryState>(state);
  std::uint64_t attempts = 0;
  if (!reader.number(attempts, std::numeric_limits<std::uint32_t>::max())) return false;
  if (attempts == 0 && entry.state != EntryState::available) return false;
  entry.attempts = static_cast<std::uint32_t>(attempts);
  if (!reader.time(entry.since)) return false;
  if (ends_by_itself(entry.state)) {
    std::uint64_t duration = 0;
    if (!reader.number(duration, duration_ms_max) || duration == 0) return false;
    entry.until = entry.since + std::chrono::milliseconds(duration);
  }
  if (entry.state == EntryState::leased && !reader.lease(entry.lease)) return false;
  if ((flags & failure_bit) == 0) return true;
  return read_failure(reader, entry.last_failure.emplace());
}

bool read_record(Reader& reader, Record& record) {
  unsigned read_version = 0, flags = 0;
  if (!reader.byte(read_version) || read_version != version || !reader.byte(flags) || flags > bits_known) return false;
  const bool entry = (flags & state_mask) != 0, acknowledged = (flags & acknowledged_bit) != 0;
  const bool by_lease = (flags & acknowledging_lease_bit) != 0;
  if ((!entry && !acknowledged) || (!entry && (flags & failure_bit) != 0) || (by_lease && !acknowledged)) return false;
  if (entry && !read_entry(reader, flags, record.entry.emplace())) return false;
  if (!acknowledged) return true;
  auto& trace = record.acknowledgement.emplace();
  return reader.time(trace.at) && (!by_lease || reader.lease(trace.lease.emplace()));
}

}  // namespace

std::string encode_record(const Record& record) {
  INVARIANT(!record.empty(), "a record without an entry and an acknowledgement is not stored");
  unsigned flags = record.entry ? static_cast<unsigned>(record.entry->state) + 1 : 0;
  if (record.entry && record.entry->last_failure) flags |= failure_bit;
  if (record.acknowledgement) flags |= acknowledged_bit;
  if (record.acknowledgement && record.acknowledgement->lease) flags |= acknowledging_lease_bit;
  std::string out{static_cast<char>(version), static_cast<char>(flags)};
  if (record.entry) append_entry(out, *record.entry);
  if (record.acknowledgement) {
    append_time(out, record.acknowledgement->at);
    if (record.acknowledgement->lease) out.append(record.acknowledgement->lease->value.view());
  }
  return out;
}

Result<Record> decode_record(std::string_view bytes) {
  Record record;
  Reader reader(bytes);
  if (bytes.size() <= record_bytes_max && read_record(reader, record) && reader.at_end()) return record;
  return Error{ErrorCode::internal,
               "a stored record of an inbox cannot be read: it is damaged, or a later version of "
               "Triggers wrote it"};
}

}  // namespace triggers::inbox
