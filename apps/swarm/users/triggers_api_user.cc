// The kind of user that sends events and reads its inbox. The one that only sends is in high_throughput_user.cc.

#include "swarm/verify/journal.h"
#include "triggers_user.h"

using namespace triggers::swarm;

namespace {

const RequestName get_inbox{"GET", "GET /inbox"};
const RequestName get_event{"GET", "GET /events/{id}"};
const RequestName delete_event{"DELETE", "DELETE /events/{id}"};
const RequestName get_status{"GET", "GET /status"};

/// Sends events, polls the inbox, fetches and acknowledges events, as an integration does.
class TriggersAPIUser final : public TriggersUser {
 public:
  using TriggersUser::TriggersUser;

  Task<void> send() { return send_event(); }

  Task<void> poll_inbox() {
    Response response = co_await get(get_inbox, "/inbox?limit=50");
    expect(response, 200);
  }

  Task<void> look_at_event() {
    if (event_ids_.empty()) {
      co_await send_event();
      co_return;
    }
    const std::string path = "/events/" + event_ids_[random().index(event_ids_.size())];
    Response response = co_await get(get_event, path);
    expect(response, 200);
  }

  Task<void> acknowledge() {
    if (event_ids_.empty()) {
      co_await send_event();
      co_return;
    }
    const std::string id = event_ids_.front();
    event_ids_.pop_front();
    if (Journal* const journal = context().journal()) journal->maybe_acknowledged(id);
    Response response = co_await del(delete_event, "/events/" + id);
    if (expect(response, 204) && context().journal() != nullptr) context().journal()->acknowledged(id);
  }

  Task<void> health() {
    Response response = co_await get(get_status, "/status");
    expect(response, 200, false);
  }
};

[[maybe_unused]] const UserClass& declared = UserClass::declare("TriggersAPIUser", make<TriggersAPIUser>)
                                                 .waits(between(0.1, 2))
                                                 .needs(TriggersUser::needs_key)
                                                 .task("send", 10, task<&TriggersAPIUser::send>)
                                                 .task("poll_inbox", 3, task<&TriggersAPIUser::poll_inbox>)
                                                 .task("get_event", 2, task<&TriggersAPIUser::look_at_event>)
                                                 .task("acknowledge", 1, task<&TriggersAPIUser::acknowledge>)
                                                 .task("health", 1, task<&TriggersAPIUser::health>);

}  // namespace
