#pragma once

// Writes the journal: what the service promised during a test. Reading it is in journal_contents.h.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "swarm/verify/digest.h"

namespace triggers::swarm {

/// The file of `swarm --journal FILE`: what the service has promised, one line each:
///
///     swarm-journal 1          the format, first
///     A <event id> <digest>    answered 201: accepted
///     D <event id> <digest>    answered 201, but as a duplicate of that event, whose bytes may be others
///     U <digest>               no answer, or a 5xx: stored or not, either is right
///     M <event id>             an acknowledgement was sent
///     K <event id>             answered 204: acknowledged
///
/// Digests are those of digest_of(), in lower-case hexadecimal. A buffer of 64 KiB is written when it is full, and once
/// a second while lines are added. Thread-safe.
class Journal {
 public:
  /// Appends to the file, so that several runs against one service can share it. Errors: `unavailable` with the path if
  /// the file cannot be written, `invalid_argument` if it is not a journal.
  static Result<std::unique_ptr<Journal>> open(const std::string& path);
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  /// Writes the rest of the buffer.
  virtual ~Journal() = default;

  /// The service responded 201 with this id. `duplicate`: it already had the event.
  virtual void accepted(std::string_view event_id, const SentEvent& event, bool duplicate) = 0;
  /// The request ended without a response, or with a 5xx.
  virtual void unknown(const SentEvent& event) = 0;
  /// An acknowledgement is about to be sent. From now on the event may be acknowledged or not.
  virtual void maybe_acknowledged(std::string_view event_id) = 0;
  /// The service responded 204: the event must not appear in the inbox again.
  virtual void acknowledged(std::string_view event_id) = 0;
  /// Writes the rest of the buffer. Error: some lines could not be written since the journal was opened, so it lacks
  /// promises and proves less than it seems.
  virtual Status finish() = 0;

 protected:
  Journal() = default;
};

}  // namespace triggers::swarm
