#pragma once

// The stored form of a record (entry.h).

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "inbox/entry.h"

namespace triggers::inbox {

/// Only the last error can make a record long; without one a record has at most 74 bytes.
inline constexpr std::size_t record_bytes_max = 4'096;

/// The bytes of a record, which must not be empty() and whose times lie between 1970 and the year 10889. A leased entry
/// takes about 30 bytes; an acknowledgement 24, or 8 without a lease.
///
///     version (1) | flags | [entry] | [acknowledgement]
///     entry:           attempts | since | [until - since, if it ends by itself] | [lease id (16), if leased]
///                      | [time of the error | its bytes | error]
///     acknowledgement: time | [lease id (16)]
///
/// Bits of the flags: 0 to 2 are 0 without an entry, otherwise its state and 1; 3 an error; 4 an acknowledgement; 5 its
/// lease. Numbers are LEB128, times milliseconds since 1970.
[[nodiscard]] std::string encode_record(const Record& record);

/// `internal` if `bytes` are not exactly what encode_record() makes: damage, or a later version.
[[nodiscard]] Result<Record> decode_record(std::string_view bytes);

}  // namespace triggers::inbox
