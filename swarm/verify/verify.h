#pragma once

// Compares a service with a journal: the options, the findings, and their text and JSON (verify_text.cc). The command
// around it is in run/verify_run.h.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "swarm/load/target.h"
#include "swarm/verify/journal_contents.h"

namespace triggers::swarm {

struct VerifyOptions {
  std::vector<std::string>
      api_keys;  ///< Keys of every tenant that the journal's events belong to. Each key's inbox is read.
  bool exclusive =
      false;  ///< No other client has sent or acknowledged events, so whatever the journal does not explain is a fault.
  /// The service's retention: an acknowledged event that was accepted longer ago may be gone.
  std::chrono::days retention{30};
  UnixMillis now{};         ///< Compared with the time in an event's id, to compute its age.
  std::size_t threads = 4;  ///< Threads that check single events.
  std::string ca_file;
  bool verify_tls = true;
  std::chrono::seconds request_timeout{60};

  // Limits for a service whose inbox never ends. verify() gives up after this many pages in a row, and this long,
  // without a new event. A correct service may return empty pages while it searches for pending events.
  std::size_t stale_pages_max = 100;
  std::chrono::nanoseconds stale_time_max = std::chrono::seconds{10};
  std::size_t extra_events_max = 10'000'000;  ///< Events in all inboxes that the journal does not list as accepted.
  /// For the whole verification. A request that has begun is not cut off; `request_timeout` ends it.
  std::chrono::nanoseconds time_max = std::chrono::hours{1};
};

/// What the service has, compared with what it promised. All findings are counted; the ids of the first `listed_max` of
/// each kind are kept.
struct Verification {
  static constexpr std::size_t listed_max = 100;
  struct Findings {
    std::uint64_t count = 0;
    std::vector<std::string> ids;
    void add(const std::string& id);
    void add(const std::vector<Uuid7>& events);
  };

  std::uint64_t accepted = 0;      ///< Accepted events in the journal.
  std::uint64_t acknowledged = 0;  ///< Of these.
  std::uint64_t pending = 0;       ///< Of these, in the inbox and not acknowledged. Reports call it `undelivered`.
  std::uint64_t explained = 0;     ///< In the inbox, and sent by a request that got no response or a 5xx.
  std::uint64_t foreign = 0;       ///< In the inbox, and not in the journal.
  std::uint64_t taken = 0;         ///< Acknowledged by another client.
  std::uint64_t expired = 0;       ///< Acknowledged, and removed after retention.
  std::uint64_t broken_lines = 0;  ///< Lines of the journal that cannot be parsed.
  std::uint64_t leased = 0;        ///< Entries in the journal's leases; an entry counts once for each lease.
  std::uint64_t dead = 0;          ///< Dead entries in the inboxes of the journal's leases.
  std::uint64_t cut_short = 0;     ///< Leases that perhaps a crash has ended early.
  std::uint64_t lost_leases = 0;   ///< Lost by their holder before they ended: perhaps another client did it.

  Findings missing;      ///< Accepted, and the service does not have it.
  Findings lost;         ///< Accepted and not acknowledged; the service has it, but not in the inbox.
  Findings doubled;      ///< Twice in the inbox, or the same content under two ids.
  Findings changed;      ///< Different from what was sent.
  Findings returned;     ///< Acknowledged, and in the inbox again.
  Findings unexpected;   ///< With `exclusive`: foreign and taken events, and lost leases.
  Findings overlapping;  ///< Leased although another lease was valid.
  Findings repeated;     ///< Leased or listed with an attempt that was not above an earlier one.
  Findings late;         ///< Acknowledged or released by a lease that had ended.

  [[nodiscard]] bool clean() const noexcept;
};

/// Reads every inbox to its end, then fetches each accepted event that was not there. A million events take minutes.
/// Uses 56 bytes for each event of the journal, 104 for each leased entry, and 17 for each other event. No client may
/// send or acknowledge events meanwhile. Errors: `unavailable` if the service does not respond, responds with a status
/// other than 200 and 404, or exceeds a limit of the options; `invalid_argument` if the journal has no accepted event
/// and no lease.
Result<Verification> verify(JournalContents journal, const Target& target, const VerifyOptions& options);

/// A line for each finding, for a person.
[[nodiscard]] std::string summary(const Verification& verification);
/// One JSON object with all counts and the listed ids, and a line end. Member names are part of the command's
/// interface.
[[nodiscard]] std::string to_json(const Verification& verification);

}  // namespace triggers::swarm
