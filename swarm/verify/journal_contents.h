#pragma once

// Reads a journal: what it says of each event, joined by id, and where it contradicts itself. Writing it is in
// journal.h; comparing it with the service is in verify.h.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/uuid7.h"
#include "swarm/verify/digest.h"
#include "swarm/verify/lease_journal.h"

namespace triggers::swarm {

inline constexpr std::string_view journal_header = "swarm-journal 2\n";
/// Of journals without leases, which can be read.
inline constexpr std::string_view journal_header_1 = "swarm-journal 1\n";

/// What a journal says about one event: 40 bytes.
struct JournaledEvent {
  Uuid7 id;
  Digest digest;
  bool accepted = false;    ///< Otherwise only acknowledgements name it.
  bool has_digest = false;  ///< Otherwise only duplicates of it were sent: it must exist, but its content is unknown.
  bool acknowledged = false;
  bool maybe_acknowledged = false;
  bool maybe_deleted = false;    ///< An acknowledgement without a lease was sent.
  std::uint8_t seen_by_key = 0;  ///< The number of the last API key whose inbox listed it; 0: none. For verify().
};

struct JournalContents {
  std::vector<JournaledEvent> events;  ///< Sorted by id, without repetitions.
  std::vector<Digest> unknown;         ///< Sorted. These events may be stored or not.
  std::vector<Uuid7> changed;          ///< Ids that the service gave to two different events: a fault in itself.
  LeaseLines leases;
  std::uint64_t broken_lines =
      0;  ///< Lines that cannot be parsed, such as a last line that was not written completely.

  /// Null if the journal does not have it.
  [[nodiscard]] JournaledEvent* find(const Uuid7& id);
};

/// Reads a whole journal. Needs memory for one JournaledEvent per line until lines with the same id are joined, and
/// for one JournaledLease per leased entry. Errors:
/// `not_found` if the file does not exist, `invalid_argument` if it is not a journal, `unavailable` if it cannot be
/// read.
Result<JournalContents> read_journal(const std::string& path);

}  // namespace triggers::swarm
