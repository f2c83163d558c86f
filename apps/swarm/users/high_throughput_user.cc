// The kind of user that only sends events. The one that also reads is in triggers_api_user.cc.

#include "triggers_user.h"

using namespace triggers::swarm;

namespace {

/// Only sends events, with short waits.
class HighThroughputUser final : public TriggersUser {
 public:
  using TriggersUser::TriggersUser;

  Task<void> send() { return send_event(); }
};

[[maybe_unused]] const UserClass& declared = UserClass::declare("HighThroughputUser", make<HighThroughputUser>)
                                                 .waits(between(0.01, 0.1))
                                                 .needs(TriggersUser::needs_key)
                                                 .task("send", 1, task<&HighThroughputUser::send>);

}  // namespace
