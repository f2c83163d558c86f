#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace triggers::swarm {

/// What an event was, as far as verify() can compare it: everything that comes back from the service.
struct SentEvent {
  std::string_view event_type;
  std::string_view payload;        ///< JSON text as sent.
  std::string_view source = {};    ///< Empty: none was sent.
  std::string_view metadata = {};  ///< JSON text as sent; empty: none was sent.
};

/// The file of `swarm --journal FILE`: what the service has promised. A line each:
///
///     swarm-journal 1          the format, first
///     A <event id> <digest>    answered 201: accepted
///     D <event id> <digest>    answered 201, but as a duplicate of that event, whose bytes may be others
///     U <digest>               no answer, or a 5xx: stored or not, either is right
///     M <event id>             an acknowledgement was sent
///     K <event id>             answered 204: acknowledged
///
/// Digests are those of digest_of(), in lower-case hexadecimal. Written through a buffer of 64 KiB, and at least once a
/// second while something is written. Any thread.
class Journal {
 public:
  /// Appends to the file, so that several runs against one service can share it. Errors: `unavailable` with the path if
  /// it cannot be written, `invalid_argument` if it is a file of something else.
  static Result<std::unique_ptr<Journal>> open(const std::string& path);
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  /// Writes what is left.
  virtual ~Journal() = default;

  /// The service answered 201 with this id. `duplicate`: it said that it had the event already.
  virtual void accepted(std::string_view event_id, const SentEvent& event, bool duplicate) = 0;
  /// The request ended without an answer, or with a 5xx.
  virtual void unknown(const SentEvent& event) = 0;
  /// An acknowledgement is about to be sent: from here on, either is right.
  virtual void maybe_acknowledged(std::string_view event_id) = 0;
  /// The service answered 204: the event must not be in the inbox again.
  virtual void acknowledged(std::string_view event_id) = 0;
  /// Writes what is left. An error if anything could not be written since the journal was opened: then it lacks
  /// promises, and proves less than it seems.
  virtual Status finish() = 0;

 protected:
  Journal() = default;
};

}  // namespace triggers::swarm
