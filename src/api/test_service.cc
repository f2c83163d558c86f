#include "api/test_service.h"

#include <gtest/gtest.h>

#include "api/exchange/response_memory.h"
#include "base/sync_wait.h"
#include "base/uuid7.h"

namespace triggers::api {
namespace {

config::Config config_of(const config::NamedValues& settings) {
  auto loaded = config::load(settings, [](const std::string&) { return std::nullopt; });
  if (!loaded) ADD_FAILURE() << loaded.error().message;
  return loaded ? loaded->config : config::Config{};
}

store::MemoryConfig memory_config(const config::Config& config, const ManualClock& clock) {
  store::MemoryConfig memory;
  memory.waiters_max = config.waiters_max;
  memory.clock = &clock;
  memory.tenant_limits = {.bytes_max = config.tenant_bytes_max,
                          .undelivered_max = config.tenant_undelivered_max,
                          .tracked_max = config.tenant_tracked_max};
  return memory;
}

http::Request request_of(http::Method method, const std::string& target, std::string_view api_key,
                         const std::string& body) {
  http::Request request;
  request.method = method;
  request.target = target;
  request.peer.address = "192.0.2.1";
  request.body = body;
  if (!api_key.empty()) request.headers.add("Authorization", "Bearer " + std::string{api_key});
  return request;
}

}  // namespace

Task<Result<store::Appended>> BrokenStore::append(const Tenant&, store::IncomingEvent) { co_return error_; }
Task<std::vector<Result<store::Appended>>> BrokenStore::append_batch(const Tenant&,
                                                                     std::vector<store::IncomingEvent> events) {
  co_return std::vector<Result<store::Appended>>(events.size(), error_);
}
Task<Result<store::Page>> BrokenStore::page(const Tenant&, store::PageQuery) { co_return error_; }
Task<Result<std::optional<store::StoredEvent>>> BrokenStore::get(const Tenant&, event::EventId) { co_return error_; }
Task<Result<std::vector<store::AckStatus>>> BrokenStore::acknowledge(const Tenant&, std::vector<event::EventId>) {
  co_return error_;
}
Task<Result<std::vector<store::InboxView>>> BrokenStore::inboxes(const Tenant&) { co_return error_; }
Task<Result<store::InboxView>> BrokenStore::inbox(const Tenant&, store::InboxName) { co_return error_; }
Task<Result<store::PutInbox>> BrokenStore::put_inbox(const Tenant&, store::InboxName, inbox::Settings,
                                                     std::optional<store::InboxTag>) {
  co_return error_;
}
Task<Result<store::PutInbox>> BrokenStore::change_inbox(const Tenant&, store::InboxName, store::SettingsChange,
                                                        std::optional<store::InboxTag>) {
  co_return error_;
}
Task<Result<bool>> BrokenStore::remove_inbox(const Tenant&, store::InboxName, std::optional<store::InboxTag>) {
  co_return error_;
}
Task<Result<store::EntryPage>> BrokenStore::entries(const Tenant&, store::EntryQuery) { co_return error_; }
Task<Result<store::Continuation>> BrokenStore::entries_end(const Tenant&, store::InboxName) { co_return error_; }
Task<Result<store::Leased>> BrokenStore::lease(const Tenant&, store::LeaseRequest) { co_return error_; }
Task<Result<std::vector<store::EntryResult>>> BrokenStore::acknowledge(const Tenant&, store::InboxName,
                                                                       std::optional<store::LeaseId>,
                                                                       std::optional<std::vector<event::EventId>>) {
  co_return error_;
}
Task<Result<std::vector<store::EntryResult>>> BrokenStore::release(const Tenant&, store::InboxName, store::LeaseId,
                                                                   std::optional<std::vector<event::EventId>>,
                                                                   std::chrono::seconds, std::optional<std::string>) {
  co_return error_;
}
Task<Result<store::Extended>> BrokenStore::extend(const Tenant&, store::InboxName, store::LeaseId,
                                                  std::optional<std::vector<event::EventId>>, std::chrono::seconds) {
  co_return error_;
}
Task<Result<std::vector<store::EntryResult>>> BrokenStore::requeue(const Tenant&, store::InboxName,
                                                                   std::vector<event::EventId>) {
  co_return error_;
}
Task<Result<std::vector<store::EntryResult>>> BrokenStore::discard(const Tenant&, store::InboxName,
                                                                   std::vector<event::EventId>) {
  co_return error_;
}
Task<Result<store::DeadEntriesDone>> BrokenStore::requeue_all(const Tenant&, store::InboxName,
                                                              std::optional<std::string>) {
  co_return error_;
}
Task<Result<store::DeadEntriesDone>> BrokenStore::discard_all(const Tenant&, store::InboxName,
                                                              std::optional<std::string>) {
  co_return error_;
}
Task<Result<store::Job>> BrokenStore::purge(const Tenant&, store::InboxName) { co_return error_; }
Task<Result<store::Job>> BrokenStore::replay(const Tenant&, store::InboxName, store::ReplayRange) { co_return error_; }
Task<Result<std::optional<store::Job>>> BrokenStore::job(const Tenant&, store::InboxName, Uuid7) { co_return error_; }
Task<Result<std::shared_ptr<store::InboxWaiters>>> BrokenStore::arrivals(const Tenant&, store::InboxName) {
  co_return std::make_shared<store::InboxWaiters>(waiters_);
}
store::Health BrokenStore::health() const { return {false, error_.message}; }
store::Metrics BrokenStore::metrics() const { return {}; }

std::string Seen::header(std::string_view name) const {
  for (const auto& [field, value] : response.headers) {
    if (http::equal_ignoring_case(field, name)) return value;
  }
  return {};
}

boost::json::value Seen::json() const {
  boost::json::error_code error;
  auto value = boost::json::parse(response.body, error);
  if (error) ADD_FAILURE() << "not JSON: " << response.body;
  return value;
}

std::string Seen::text(std::string_view member) const {
  const auto value = json();
  const auto* found = value.is_object() ? value.get_object().if_contains(member) : nullptr;
  if (found == nullptr) return {};
  return found->is_string() ? std::string{found->get_string()} : boost::json::serialize(*found);
}

std::string Seen::detail(std::string_view member) const {
  const auto value = json();
  const auto* details = value.is_object() ? value.get_object().if_contains("details") : nullptr;
  const auto* found = details != nullptr ? details->as_object().if_contains(member) : nullptr;
  if (found == nullptr) return {};
  return found->is_string() ? std::string{found->get_string()} : boost::json::serialize(*found);
}

TestService::TestService(const config::NamedValues& settings, BrokenStore* broken)
    : config(config_of(settings)),
      store(store::MemoryStore::create(memory_config(config, clock))),
      watched_keys(*store),
      ring(watched_keys, rate_buckets),
      failures(config.auth_failures_per_minute),
      streams(config.streams_max, 1),
      answers(config.answers_bytes_max, small_response_bytes),
      services{.log = broken != nullptr ? static_cast<store::EventLog&>(*broken) : *store,
               .inbox = broken != nullptr ? static_cast<store::DefaultInbox&>(*broken) : *store,
               .inboxes = broken != nullptr ? static_cast<store::InboxStore*>(broken) : store.get(),
               .keys = watched_keys,
               .status = broken != nullptr ? static_cast<store::StoreStatus&>(*broken) : *store,
               .ring = ring,
               .failures = failures,
               .first_reads = first_reads,
               .streams = streams,
               .answers = answers,
               .registry = registry,
               .config = config,
               .clock = clock,
               .cursor_secret = std::string(32, 's'),
               .started_at = clock.steady(),
               .backup = {},
               .stopping = {},
               .take_slice = {}},
      api(std::in_place, services, nullptr) {}

void TestService::forget_inboxes() {
  services.inboxes = nullptr;
  api.emplace(services, nullptr);
}

void TestService::use(TurnPool& parsers) {
  services.parsers = &parsers;
  api.emplace(services, nullptr);
}

std::string TestService::key(auth::Role role, std::optional<std::uint32_t> per_minute, const std::string& user) {
  const std::string api_key = auth::generate_key();
  Uuid7Generator ids;
  record = {};
  record.key_id = "key_" + ids.next(clock.now()).text();
  record.user_id = user;
  record.role = role;
  record.rate_limit_per_minute = per_minute;
  record.secrets = {{auth::hash_key(api_key), std::nullopt}};
  const auto created = sync_wait(store->create_key(record));
  EXPECT_TRUE(created.ok());
  return api_key;
}

Seen TestService::send(http::Method method, const std::string& target, std::string_view api_key,
                       const std::string& body, Fields fields) {
  http::Request request = request_of(method, target, api_key, body);
  for (const auto& [name, value] : fields) request.headers.add(name, value);
  return {sync_wait(api->handle(request))};
}

Seen TestService::post(std::string_view api_key, const std::string& type, const std::string& payload, Fields fields) {
  const std::string body = R"({"event_type":")" + type + R"(","payload":)" + payload + "}";
  return send(http::Method::post, "/events", api_key, body, fields);
}

http::Admission TestService::admit(http::Request& at, http::Method method, const std::string& target,
                                   std::string_view api_key, Fields fields) {
  const http::Peer peer = at.peer;
  at = request_of(method, target, api_key, {});
  if (peer.local) at.peer = peer;
  for (const auto& [name, value] : fields) at.headers.add(name, value);
  auto admission = sync_wait(api->admit(at));
  if (admission) at.ticket = *admission;
  return admission;
}

Seen TestService::send_as_operator(http::Method method, const std::string& target, const std::string& body) {
  http::Request request = request_of(method, target, {}, body);
  request.peer = {{}, true};
  return {sync_wait(api->handle(request))};
}

Seen TestService::send_from(const std::string& address, const std::string& target, std::string_view api_key) {
  http::Request request = request_of(http::Method::get, target, api_key, {});
  request.peer.address = address;
  return {sync_wait(api->handle(request))};
}

}  // namespace triggers::api
