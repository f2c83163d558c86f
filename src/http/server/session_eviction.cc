// How a session stands in the lines of those that may give their place to a new connection (http/eviction.h).
#include "http/server/session.h"
#include "http/server/session_loop.h"

namespace triggers::http {

using std::chrono::steady_clock;

/// From here on the connection may give its place to a new one, unless a request is under way.
void Session::await_client() {
  if (local_ || refused_) return;  // These hold no place.
  WaitingConnections& waiting = loop_.waiting();
  switch (phase_) {
    case Phase::handshake:
    case Phase::idle:
      // A line that it stands in already is the right one: also that of headers, see client_goes_on().
      if (line() == nullptr) wait_in(first_ ? waiting.fresh : waiting.kept, entered_);
      break;
    case Phase::body:
      if (!body_unwanted()) break;
      [[fallthrough]];
    case Phase::header:
      if (line() != &waiting.header) wait_in(waiting.header, steady_clock::now());
      break;
    case Phase::closing: wait_in(waiting.answered, steady_clock::now()); break;
    case Phase::handling:
    case Phase::writing: break;
  }
}

/// Something came: a chosen one is spared.
void Session::client_goes_on() {
  WaitingConnections& waiting = loop_.waiting();
  if (line() != &waiting.chosen) return;
  WaitingLine& begun = phase_ == Phase::closing ? waiting.answered : waiting.header;
  wait_in(phase_ == Phase::handshake ? waiting.fresh : begun, steady_clock::now());
}

void Session::choose(std::uint64_t choice, TimePoint now) {
  choice_ = choice;
  wait_in(loop_.waiting().chosen, now);
}

bool Session::give_place(OpenCount& newcomer) {
  const bool drops_rest = phase_ == Phase::closing && !lingers_;
  const bool reads = phase_ == Phase::idle || phase_ == Phase::header || phase_ == Phase::body || drops_rest;
  if (reads && transport_.available() > 0) {
    client_goes_on();
    return false;
  }
  leave();
  counted_.swap(newcomer);
  transport_.close();
  return true;
}

}  // namespace triggers::http
