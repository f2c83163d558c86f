// The kind of user that works on an inbox as consumers do: leases events, handles them, acknowledges most of them,
// releases some, and lets some leases end. The kinds that send events are in high_throughput_user.cc and
// triggers_api_user.cc.

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "swarm/verify/journal.h"
#include "triggers_user.h"

using namespace triggers;
using namespace triggers::swarm;

namespace {

const RequestName post_lease{"POST", "POST /inboxes/{name}/lease"};
const RequestName post_ack{"POST", "POST /inboxes/{name}/ack"};
const RequestName post_release{"POST", "POST /inboxes/{name}/release"};

std::string request_body(std::string_view lease_id, std::span<const Uuid7> events) {
  std::string json = fmt::format(R"({{"lease_id":"{}","event_ids":[)", lease_id);
  for (const Uuid7& event : events) {
    if (json.back() != '[') json += ',';
    json += '"';
    event.append_text(json);
    json += '"';
  }
  return json + "]}";
}

/// Leases the oldest events of the inbox of --inbox, handles them for a random time, and settles most of them.
class InboxWorkerUser final : public TriggersUser {
 public:
  using TriggersUser::TriggersUser;

  Task<void> work() {
    const auto lease = co_await take();
    if (!lease || lease->events.empty()) co_return;
    if (!context().no_wait()) {
      const auto longest = std::chrono::milliseconds{settings().handling_ms};
      co_await pause(std::chrono::duration_cast<std::chrono::nanoseconds>(longest * random().unit()));
    }
    std::vector<Uuid7> handled, released;
    for (const LeasedEvent& one : lease->events) {
      const double drawn = 100 * random().unit();
      if (drawn < settings().release_percent) {
        released.push_back(one.id);
      } else if (drawn >= settings().release_percent + settings().abandon_percent) {
        handled.push_back(one.id);
      }
    }
    co_await settle(lease->lease_id, LeaseVerb::acknowledge, std::move(handled));
    co_await settle(lease->lease_id, LeaseVerb::release, std::move(released));
  }

 private:
  [[nodiscard]] const InboxWork& settings() { return context().inbox_work(); }
  [[nodiscard]] std::string path(std::string_view verb) {
    return fmt::format("/inboxes/{}/{}", settings().inbox, verb);
  }

  /// Nothing after any response but that of a lease, or of an inbox without available events.
  Task<std::optional<LeaseAnswer>> take() {
    const std::string json =
        fmt::format(R"({{"limit":{},"lease_seconds":{}}})", settings().lease_limit, settings().lease_seconds);
    const JournalTime asked = Journal::now();
    Response response = co_await post(post_lease, path("lease"), json);
    const JournalTime answered = Journal::now();
    if (!expect_answer(response, answered)) co_return std::nullopt;
    auto lease = read_lease(response.body());
    if (!lease || lease->events.size() > settings().lease_limit) {
      response.failure(lease ? "200 with more events than the limit" : "200 without a lease");
      co_return std::nullopt;
    }
    if (Journal* const journal = context().journal(); journal != nullptr && !lease->events.empty()) {
      journal->leased({.lease_id = lease->lease_id,
                       .inbox = settings().inbox,
                       .seconds = static_cast<std::uint32_t>(settings().lease_seconds),
                       .asked = asked,
                       .answered = answered,
                       .events = lease->events});
    }
    co_return lease;
  }

  Task<void> settle(std::string lease_id, LeaseVerb verb, std::vector<Uuid7> events) {
    if (events.empty()) co_return;
    const RequestName name = verb == LeaseVerb::acknowledge ? post_ack : post_release;
    const std::string target = path(verb == LeaseVerb::acknowledge ? "ack" : "release");
    const std::string json = request_body(lease_id, events);
    Journal* const journal = context().journal();
    const JournalTime asked = Journal::now();
    if (journal != nullptr) journal->lease_request(lease_id, verb, asked, events);
    Response response = co_await post(name, target, json);
    const JournalTime answered = Journal::now();
    if (!expect_answer(response, answered)) co_return;
    const auto results = read_results(response.body());
    const auto same = [](const EventResult& one, const Uuid7& event) { return one.id == event; };
    if (!results || !std::equal(results->begin(), results->end(), events.begin(), events.end(), same)) {
      response.failure(results ? "200 without one result for each event, in order" : "200 without results");
      co_return;
    }
    if (journal != nullptr) journal->lease_results(lease_id, verb, asked, answered, *results);
  }

  /// As expect(); also records in the journal that there was no response.
  bool expect_answer(Response& response, JournalTime when) {
    if (response.status() == 0 && context().journal() != nullptr) context().journal()->unanswered(when);
    return expect(response, 200);
  }
};

[[maybe_unused]] const UserClass& declared = UserClass::declare("InboxWorkerUser", make<InboxWorkerUser>)
                                                 .waits(between(0.1, 0.5))
                                                 .needs(TriggersUser::needs_key)
                                                 .only_if_named()
                                                 .task("work", 1, task<&InboxWorkerUser::work>);

}  // namespace
