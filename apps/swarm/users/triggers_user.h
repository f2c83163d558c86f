#pragma once

// What the kinds of users for the Triggers API share. Users of any service are in swarm/load/user.h.

#include <cstddef>
#include <deque>
#include <string>

#include "swarm/load/user.h"
#include "swarm/load/user_class.h"

/// Shared by the users of the Triggers API: a key, the event that they send, and the check of responses. Does the same
/// as tests/performance/locustfile.py.
class TriggersUser : public triggers::swarm::User {
 public:
  /// Takes its key from LOCUST_API_KEY or TRIGGERS_API_KEY. Users take turns with several keys, which are separated by
  /// commas.
  explicit TriggersUser(triggers::swarm::UserContext& context);

  /// For UserClass::needs: an error if there is no key.
  static triggers::Status needs_key();

 protected:
  using Response = triggers::swarm::Response;
  template <class T>
  using Task = triggers::Task<T>;

  /// Posts a unique event, so that the service does not report a duplicate, and remembers its id.
  Task<void> send_event();
  /// True if the response has this status; otherwise marks it as a failure. If the service refuses a key that has never
  /// worked, tells the test's StartWatch. `with_key`: the endpoint needs a key.
  bool expect(Response& response, unsigned status, bool with_key = true);

  /// Accepted events that this user has not acknowledged, newest last. The oldest are dropped first.
  std::deque<std::string> event_ids_;

 private:
  void tell_refused_key(const std::string& said);

  std::size_t key_;  // index among the keys
};
