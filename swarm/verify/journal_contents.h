#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/uuid7.h"
#include "swarm/verify/digest.h"

namespace triggers::swarm {

inline constexpr std::string_view journal_header = "swarm-journal 1\n";

/// What a journal says of one event: 40 bytes.
struct JournaledEvent {
  Uuid7 id;
  Digest digest;
  bool accepted = false;    ///< Else it is only named by an acknowledgement.
  bool has_digest = false;  ///< Else only a duplicate of it was answered: it must be there, its bytes are not known.
  bool acknowledged = false;
  bool maybe_acknowledged = false;
  std::uint8_t seen_by_key = 0;  ///< For whoever verifies.
};

struct JournalContents {
  std::vector<JournaledEvent> events;  ///< Sorted by id, once each.
  std::vector<Digest> unknown;         ///< Sorted: may be stored or not.
  std::vector<Uuid7> changed;          ///< Ids that the service gave to two different contents: a fault in itself.
  std::uint64_t broken_lines = 0;      ///< That are not of the format: torn, if it is the last of a run.

  /// Null if the journal does not know it.
  [[nodiscard]] JournaledEvent* find(const Uuid7& id);
};

/// Reads a whole journal; needs memory for a JournaledEvent of each line until they are joined. Errors: `not_found` if
/// there is no such file, `invalid_argument` if it is none, `unavailable` if it cannot be read.
Result<JournalContents> read_journal(const std::string& path);

}  // namespace triggers::swarm
