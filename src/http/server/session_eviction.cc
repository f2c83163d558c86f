// The part of Session that concerns eviction: when a session may give its place to a new connection, and how it does.
// Which session is chosen is in eviction.cc; everything else of a session is in session.cc.

#include "base/invariant.h"
#include "http/server/session.h"
#include "http/server/session_host.h"

namespace triggers::http {

using std::chrono::steady_clock;

/// From here on the connection may be evicted, unless a request is under way.
void Session::await_client() {
  if (local_ || refused_) return;  // These are not counted against the limit.
  EvictionQueues& queues = loop_.queues();
  switch (phase_) {
    case Phase::handshake:
    case Phase::idle:
      // If it is in a queue already, that queue is right, including that of headers: see client_goes_on().
      if (queue() == nullptr) join(first_ ? queues.fresh : queues.kept, entered_);
      break;
    case Phase::body:
      if (!body_unwanted()) break;
      [[fallthrough]];
    case Phase::header:
      if (queue() != &queues.header) join(queues.header, steady_clock::now());
      break;
    case Phase::closing: join(queues.answered, steady_clock::now()); break;
    case Phase::handling:
    case Phase::writing: break;
  }
}

/// Bytes arrived: a chosen session is spared.
void Session::client_goes_on() {
  EvictionQueues& queues = loop_.queues();
  if (queue() != &queues.chosen) return;
  EvictionQueue& begun = phase_ == Phase::closing ? queues.answered : queues.header;
  join(phase_ == Phase::handshake ? queues.fresh : begun, steady_clock::now());
}

void Session::choose(std::uint64_t choice, TimePoint now) {
  INVARIANT(phase_ != Phase::handling && phase_ != Phase::writing,
            "a connection is chosen for eviction in phase %d, with a request under way", static_cast<int>(phase_));
  choice_ = choice;
  join(loop_.queues().chosen, now);
}

bool Session::give_place(OpenCount& newcomer) {
  const bool drops_rest = phase_ == Phase::closing && !lingers_;
  const bool reads = phase_ == Phase::idle || phase_ == Phase::header || phase_ == Phase::body || drops_rest;
  if (reads && transport_.available() > 0) {
    client_goes_on();
    return false;
  }
  INVARIANT(phase_ != Phase::handling && phase_ != Phase::writing,
            "a connection gives its place away in phase %d, with a request under way", static_cast<int>(phase_));
  leave_queue();
  counted_.swap(newcomer);
  transport_.close();
  return true;
}

}  // namespace triggers::http
