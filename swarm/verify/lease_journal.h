#pragma once

// The lines of a journal about leases: their text, and reading it back. The file around them is in journal.h; judging
// them is in lease_check.h.

#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/uuid7.h"
#include "swarm/verify/lease_answers.h"

namespace triggers::swarm {

/// Microseconds of the machine's monotonic clock, which the programs of one machine share until it starts again.
using JournalTime = std::int64_t;
inline constexpr std::string_view default_inbox = "default";
inline constexpr JournalTime never = std::numeric_limits<JournalTime>::max();

enum class LeaseVerb : char { acknowledge = 'a', release = 'r' };

/// A lease as its holder knows it. The service granted it between `asked` and `answered`.
struct GrantedLease {
  std::string_view lease_id, inbox;
  std::uint32_t seconds = 0;
  JournalTime asked = 0, answered = 0;
  std::span<const LeasedEvent> events;
};

void append_grant(std::string& out, const GrantedLease& lease);
void append_request(std::string& out, std::string_view lease_id, LeaseVerb verb, JournalTime asked,
                    std::span<const Uuid7> events);
void append_results(std::string& out, std::string_view lease_id, LeaseVerb verb, JournalTime asked,
                    JournalTime answered, std::span<const EventResult> results);

/// What the journal says about one entry under one lease: 96 bytes.
struct JournaledLease {
  Uuid7 event{};
  std::uint32_t inbox = 0;  ///< Index in LeaseLines::inboxes.
  std::uint32_t run = 0;    ///< Which of the runs that share the journal.
  std::uint32_t attempt = 0;
  bool maybe_acknowledged = false, acknowledged = false;
  bool maybe_taken = false;  ///< Another user may have acknowledged the entry without a lease.
  bool lost = false;         ///< The holder was told `lease_lost` or `not_found`.
  JournalTime asked = 0, answered = 0;
  JournalTime ends_from = 0;       ///< The lease holds the entry from `answered` at least until then.
  JournalTime ends_by = 0;         ///< The lease has ended then at the latest.
  JournalTime acted_at = never;    ///< The last request by this lease that the service carried out was sent then.
  JournalTime lost_by = never;     ///< When the response that it was lost arrived.
  JournalTime settled_by = never;  ///< When the response to its acknowledgement arrived.
};

/// Everything that a journal says about leases. read() takes its lines in the order of the file.
class LeaseLines {
 public:
  /// The kinds of lines that read() understands: R E L F G N.
  [[nodiscard]] static bool is_kind(char kind);
  /// False if the line cannot be parsed. `rest` follows the kind and a space.
  bool read(char kind, std::string_view rest);
  /// Call it after the last line. A run without an end line was killed, and lacks its last lines: leases of such a run
  /// may have been released or acknowledged after its last line.
  void finish();

  std::vector<JournaledLease> leases;
  std::vector<std::string> inboxes;
  std::vector<JournalTime> unanswered;  ///< When requests ended without a response, ascending after finish().

 private:
  struct Run {
    JournalTime boot_offset = 0;
    JournalTime last = 0;
    bool ended = false;
  };
  struct Place {
    std::size_t first = 0, count = 0;
  };

  bool read_run(std::string_view boot);
  bool read_unanswered(std::string_view rest);
  bool read_grant(std::string_view rest);
  bool read_request(std::string_view rest);
  bool read_results(std::string_view rest);
  /// The time of this boot; times of a later boot are always larger.
  bool read_time(std::string_view text, JournalTime& time);
  JournaledLease* find(std::string_view lease_id, std::string_view event);
  std::uint32_t inbox_index(std::string_view name);

  std::map<std::string, std::uint32_t, std::less<>> inbox_indices_;
  std::map<std::string, JournalTime, std::less<>> boots_;
  std::unordered_map<std::string, Place> places_;  // by lease id
  std::vector<Run> runs_{Run{.ended = true}};
};

}  // namespace triggers::swarm
