#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "swarm/load/user.h"

/// What the users of the Triggers API share: a key, the event that they send, and how an answer is judged. The same as
/// tests/performance/locustfile.py does.
class TriggersUser : public triggers::swarm::User {
 public:
  /// Takes its key from LOCUST_API_KEY or TRIGGERS_API_KEY: one, or several with commas between them, which are dealt
  /// to the users in turn.
  explicit TriggersUser(triggers::swarm::UserContext& context);

  /// Of a UserClass: there is a key.
  static triggers::Status needs_key();

 protected:
  using Response = triggers::swarm::Response;
  template <class T>
  using Task = triggers::Task<T>;

  /// Posts an event that no other is equal to, so that none is answered as a duplicate, and remembers its id.
  Task<void> send_event();
  /// True if the answer has this status; else it is a failure that says so. A key that is refused before it has worked
  /// once is told to the test's StartWatch. `with_key`: the endpoint asks for a key.
  bool expect(Response& response, unsigned status, bool with_key = true);

  /// Accepted and not acknowledged, the newest last; the oldest are forgotten first.
  std::deque<std::string> event_ids_;

 private:
  void tell_refused_key(const std::string& said);

  std::size_t key_;  // its place among the keys
};
