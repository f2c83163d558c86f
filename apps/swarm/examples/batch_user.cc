#include <fmt/format.h>

#include "triggers_user.h"

using namespace triggers::swarm;

namespace {

constexpr int events_in_batch = 100;
const RequestName post_batch{"POST", "POST /events/batch"};

/// Sends a hundred events with each request.
class BatchUser final : public TriggersUser {
 public:
  using TriggersUser::TriggersUser;

  Task<void> send_batch() {
    std::string json;
    for (int i = 0; i < events_in_batch; ++i) {
      json += fmt::format(R"({}{{"event_type":"order.paid","payload":{{"id":"{:x}"}},"source":"swarm"}})",
                          i == 0 ? '[' : ',', random()());
    }
    json += ']';
    Response response = co_await post(post_batch, "/events/batch", json);
    if (!expect(response, 200)) co_return;
    // The service accepts or rejects each event separately, so the status is not enough.
    if (response.body().find(fmt::format(R"("accepted":{},)", events_in_batch)) != std::string_view::npos) {
      response.accepted(events_in_batch);
    } else {
      response.failure("not every event of the batch was accepted");
    }
  }
};

[[maybe_unused]] const UserClass& declared = UserClass::declare("BatchUser", make<BatchUser>)
                                                 .waits(between(0.1, 0.5))
                                                 .needs(TriggersUser::needs_key)
                                                 .task("send_batch", 1, task<&BatchUser::send_batch>);

}  // namespace
