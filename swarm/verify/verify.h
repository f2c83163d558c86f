#pragma once

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
  std::vector<std::string> api_keys;  ///< Of every tenant that the journal's events belong to; each inbox is read.
  bool exclusive = false;  ///< Nobody else has sent or acknowledged: what the journal does not explain is wrong.
  /// Of the service: an acknowledged event that was accepted longer ago than this may be gone.
  std::chrono::days retention{30};
  UnixMillis now{};         ///< To tell an event's age, from the time in its id.
  std::size_t threads = 4;  ///< That look at single events.
  std::string ca_file;
  bool verify_tls = true;
  std::chrono::seconds request_timeout{60};

  // A service whose inbox does not end must not keep the verification for ever.
  // An inbox is given up after so many pages in a row, and so long, without an event that it has not shown before. A
  // service may give empty pages for a while, in honest search of what is pending.
  std::size_t stale_pages_max = 100;
  std::chrono::nanoseconds stale_time_max = std::chrono::seconds{10};
  std::size_t extra_events_max = 10'000'000;  ///< In all inboxes, that the journal does not have as accepted.
  /// For all of it. A request that is under way is not cut short: it ends by `request_timeout`.
  std::chrono::nanoseconds time_max = std::chrono::hours{1};
};

/// What the service holds, compared with what it has promised. Lists hold event ids; at most `listed_max` of each kind
/// are kept, all are counted.
struct Verification {
  static constexpr std::size_t listed_max = 100;
  struct Findings {
    std::uint64_t count = 0;
    std::vector<std::string> ids;
    void add(const std::string& id);
  };

  std::uint64_t accepted = 0;      ///< Events in the journal.
  std::uint64_t acknowledged = 0;  ///< Of these.
  std::uint64_t pending = 0;       ///< Of these in the inbox, rightly.
  std::uint64_t explained = 0;     ///< In the inbox, and sent by a request whose outcome nobody knew.
  std::uint64_t foreign = 0;       ///< In the inbox, and not of this journal.
  std::uint64_t taken = 0;         ///< Delivered, and acknowledged by somebody else.
  std::uint64_t expired = 0;       ///< Acknowledged, and gone as retention allows.
  std::uint64_t broken_lines = 0;  ///< Of the journal.

  Findings missing;     ///< Accepted, and the service does not know it.
  Findings lost;        ///< Accepted and not acknowledged, known, and not in the inbox.
  Findings doubled;     ///< Twice in the inbox, or one content under two ids.
  Findings changed;     ///< Not what was sent.
  Findings returned;    ///< Acknowledged, whoever sent it, and in the inbox again.
  Findings unexpected;  ///< With `exclusive`: what is foreign or taken.

  [[nodiscard]] bool clean() const noexcept;
};

/// Reads every inbox to its end, and each accepted event that is not there by its id: a million takes minutes. Holds 56
/// bytes for each event of the journal, and 17 for each in the inbox that is not of it. Nothing may send or acknowledge
/// meanwhile. Errors: `unavailable` if the service does not answer, or with something else than 200 and 404, or with
/// an inbox that goes beyond a limit of the options, or if the time is over; `invalid_argument` if the journal holds no
/// accepted event, which would prove nothing.
Result<Verification> verify(JournalContents journal, const Target& target, const VerifyOptions& options);

/// One line a finding, for a person.
[[nodiscard]] std::string summary(const Verification& verification);
/// One JSON object with all counts and the listed ids, and a line end.
[[nodiscard]] std::string to_json(const Verification& verification);

}  // namespace triggers::swarm
