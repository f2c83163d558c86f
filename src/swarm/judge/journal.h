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

/// The file of `swarm --journal FILE`: what the service has promised, one line each. Written through a buffer that is
/// flushed every second and at the end. Any thread.
class Journal {
 public:
  /// Appends to the file, so that several runs against one service can share it. Error: `unavailable`, with the path.
  static Result<std::unique_ptr<Journal>> open(const std::string& path);
  virtual ~Journal() = default;

  /// The service answered 201 with this id. `duplicate`: it said that it had the event already.
  virtual void accepted(std::string_view event_id, const SentEvent& event, bool duplicate) = 0;
  /// The request ended without an answer, or with a 5xx: the event may be stored or not, either is right.
  virtual void unknown(const SentEvent& event) = 0;
  /// The service answered 204: acknowledged. It must not be in the inbox again.
  virtual void acknowledged(std::string_view event_id) = 0;
  /// An acknowledgement without an answer: either is right.
  virtual void maybe_acknowledged(std::string_view event_id) = 0;

 protected:
  Journal() = default;
};

}  // namespace triggers::swarm
