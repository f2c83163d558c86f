#pragma once

// Writes the journal, what the service promised during a test, and describes the format of its file. Reading it is in
// journal_contents.h; the lines about leases are in lease_journal.h.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "swarm/verify/digest.h"
#include "swarm/verify/lease_journal.h"
#include "swarm/verify/ordered_writer.h"

namespace triggers::swarm {

/// The file of `swarm --journal FILE`: what the service has promised, one line each:
///
///     swarm-journal 2          the format, first
///     R <boot>                 a run begins; its times are microseconds of this boot's monotonic clock
///     A <event id> <digest>    answered 201: accepted
///     D <event id> <digest>    answered 201, but as a duplicate of that event, whose bytes may be others
///     U <digest>               no answer, or a 5xx: stored or not, either is right
///     M <event id>             an acknowledgement was sent
///     K <event id>             answered 204: acknowledged
///     L <lease> <inbox> <seconds> <asked> <answered> <event id>/<attempt> …    a lease was granted
///     F <lease> <a or r> <asked> <event id> …             its holder sent an ack or a release
///     G <lease> <a or r> <asked> <answered> <event id>/<result> …              and this was the response
///     N <time>                 a request about leases got no response
///     E -                      the run has ended, and its last lines are here
///
/// A result is a letter of EntryResult. Runs that lease must follow each other. A journal of version 1 has no R, L, F,
/// G, N and E; it can be read, but not continued.
///
/// Digests are those of digest_of(), in lower-case hexadecimal. A thread of its own writes the lines, in the order in
/// which they were added (ordered_writer.h). So a slow disk delays no load; if it is too slow, the journal ends early
/// and health() says so. Thread-safe.
class Journal {
 public:
  /// Appends to the file, so that several runs against one service can share it. Errors: `unavailable` with the path if
  /// the file cannot be written, `invalid_argument` if it is not a journal.
  static Result<std::unique_ptr<Journal>> open(const std::string& path);
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  /// Ends the run if finish() has not.
  virtual ~Journal() = default;

  /// The service responded 201 with this id. `duplicate`: it already had the event.
  virtual void accepted(std::string_view event_id, const SentEvent& event, bool duplicate) = 0;
  /// The request ended without a response, or with a 5xx.
  virtual void unknown(const SentEvent& event) = 0;
  /// An acknowledgement is about to be sent. From now on the event may be acknowledged or not.
  virtual void maybe_acknowledged(std::string_view event_id) = 0;
  /// The service responded 204: the event must not appear in the inbox again.
  virtual void acknowledged(std::string_view event_id) = 0;
  /// The service granted a lease.
  virtual void leased(const GrantedLease& lease) = 0;
  /// An ack or a release of these events is about to be sent. From now on the lease may hold them or not.
  virtual void lease_request(std::string_view lease_id, LeaseVerb verb, JournalTime asked,
                             std::span<const Uuid7> events) = 0;
  /// The service responded 200 to it.
  virtual void lease_results(std::string_view lease_id, LeaseVerb verb, JournalTime asked, JournalTime answered,
                             std::span<const EventResult> results) = 0;
  /// A request about leases ended without a response.
  virtual void unanswered(JournalTime when) = 0;
  /// The present time for these lines.
  [[nodiscard]] static JournalTime now();
  /// What the file lacks so far, and how late it was.
  [[nodiscard]] virtual WriterHealth health() const = 0;
  /// Ends the run: writes the waiting lines and its last line. Error: some lines could not be written since the journal
  /// was opened, so it lacks promises and must not be used.
  virtual Status finish() = 0;

 protected:
  Journal() = default;
};

}  // namespace triggers::swarm
