#pragma once

// For tests: the whole API over a memory store, what a test sees of a response, and a store that always fails. A real
// server for tests is in http/server/test_server.h.

#include <boost/json.hpp>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/api.h"
#include "api/keys/test_keys.h"
#include "base/fair_count.h"
#include "base/manual_clock.h"
#include "store/memory/memory_store.h"

namespace triggers::api {

/// A store whose every call fails with one error, to test what a client sees then.
class BrokenStore final : public store::EventLog, public store::InboxStore, public store::StoreStatus {
 public:
  explicit BrokenStore(Error error) : error_(std::move(error)) {}

  Task<Result<store::Appended>> append(const Tenant& tenant, store::IncomingEvent event) override;
  Task<std::vector<Result<store::Appended>>> append_batch(const Tenant& tenant,
                                                          std::vector<store::IncomingEvent> events) override;
  Task<Result<store::Page>> page(const Tenant& tenant, store::PageQuery query) override;
  Task<Result<std::optional<store::StoredEvent>>> get(const Tenant& tenant, event::EventId id) override;
  Task<Result<std::vector<store::AckStatus>>> acknowledge(const Tenant& tenant,
                                                          std::vector<event::EventId> ids) override;
  Task<Result<std::vector<store::InboxView>>> inboxes(const Tenant& tenant) override;
  Task<Result<store::InboxView>> inbox(const Tenant& tenant, store::InboxName name) override;
  Task<Result<store::PutInbox>> put_inbox(const Tenant& tenant, store::InboxName name, inbox::Settings settings,
                                          std::optional<store::InboxTag> if_match) override;
  Task<Result<store::PutInbox>> change_inbox(const Tenant& tenant, store::InboxName name, store::SettingsChange change,
                                             std::optional<store::InboxTag> if_match) override;
  Task<Result<bool>> remove_inbox(const Tenant& tenant, store::InboxName name,
                                  std::optional<store::InboxTag> if_match) override;
  Task<Result<store::EntryPage>> entries(const Tenant& tenant, store::EntryQuery query) override;
  Task<Result<store::Continuation>> entries_end(const Tenant& tenant, store::InboxName inbox) override;
  Task<Result<store::Leased>> lease(const Tenant& tenant, store::LeaseRequest request) override;
  Task<Result<std::vector<store::EntryResult>>> acknowledge(const Tenant& tenant, store::InboxName inbox,
                                                            std::optional<store::LeaseId> lease,
                                                            std::optional<std::vector<event::EventId>> ids) override;
  Task<Result<std::vector<store::EntryResult>>> release(const Tenant& tenant, store::InboxName inbox,
                                                        store::LeaseId lease,
                                                        std::optional<std::vector<event::EventId>> ids,
                                                        std::chrono::seconds delay,
                                                        std::optional<std::string> error) override;
  Task<Result<store::Extended>> extend(const Tenant& tenant, store::InboxName inbox, store::LeaseId lease,
                                       std::optional<std::vector<event::EventId>> ids,
                                       std::chrono::seconds duration) override;
  Task<Result<std::vector<store::EntryResult>>> requeue(const Tenant& tenant, store::InboxName inbox,
                                                        std::vector<event::EventId> ids) override;
  Task<Result<std::vector<store::EntryResult>>> discard(const Tenant& tenant, store::InboxName inbox,
                                                        std::vector<event::EventId> ids) override;
  Task<Result<store::DeadEntriesDone>> requeue_all(const Tenant& tenant, store::InboxName inbox,
                                                   std::optional<std::string> event_type) override;
  Task<Result<store::DeadEntriesDone>> discard_all(const Tenant& tenant, store::InboxName inbox,
                                                   std::optional<std::string> event_type) override;
  Task<Result<store::Job>> purge(const Tenant& tenant, store::InboxName inbox) override;
  Task<Result<store::Job>> replay(const Tenant& tenant, store::InboxName inbox, store::ReplayRange range) override;
  Task<Result<std::optional<store::Job>>> job(const Tenant& tenant, store::InboxName inbox, Uuid7 id) override;
  Task<Result<std::shared_ptr<store::InboxWaiters>>> arrivals(const Tenant& tenant, store::InboxName inbox) override;
  [[nodiscard]] store::Waiters& waiters() noexcept override { return waiters_; }
  [[nodiscard]] store::Health health() const override;
  [[nodiscard]] store::Metrics metrics() const override;

 private:
  Error error_;
  store::Waiters waiters_;
};

/// A response, with functions to examine it.
struct Seen {
  http::Response response;

  [[nodiscard]] unsigned status() const { return response.status; }
  /// The field's value; empty if it is not there.
  [[nodiscard]] std::string header(std::string_view name) const;
  [[nodiscard]] boost::json::value json() const;
  [[nodiscard]] std::string text(std::string_view member) const;
  [[nodiscard]] std::string code() const { return text("error_code"); }
  [[nodiscard]] std::string detail(std::string_view member) const;
};

/// The whole API over a memory store and a stopped clock, without a socket. One for each test.
class TestService {
 public:
  using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  /// With the default configuration.
  TestService() : TestService(config::NamedValues{}, nullptr) {}
  /// With one option set as a flag sets it.
  TestService(const std::string& option, const std::string& value)
      : TestService(config::NamedValues{{option, value}}, nullptr) {}
  /// With the events and the inboxes of `broken` instead of the memory store's.
  explicit TestService(BrokenStore& broken) : TestService(config::NamedValues{}, &broken) {}

  /// Makes a key and returns its secret. Without `per_minute` it is unlimited.
  std::string key(auth::Role role = auth::Role::creator, std::optional<std::uint32_t> per_minute = {},
                  const std::string& user = "acme");
  /// The record of the last key().
  auth::KeyRecord record{};

  Seen send(http::Method method, const std::string& target, std::string_view api_key = {}, const std::string& body = {},
            Fields fields = {});
  /// Posts an event with that type and payload.
  Seen post(std::string_view api_key, const std::string& type, const std::string& payload, Fields fields = {});
  /// What admission decides by the head of such a request. `at` keeps the request, for handle().
  http::Admission admit(http::Request& at, http::Method method, const std::string& target,
                        std::string_view api_key = {}, Fields fields = {});
  /// Over the local socket.
  Seen send_as_operator(http::Method method, const std::string& target, const std::string& body = {});
  /// From now on the store keeps only `default`.
  void forget_inboxes();
  /// From now on `parsers` parses large bodies and builds large responses. It outlives the service's requests.
  void use(TurnPool& parsers);
  /// How often a key was read from the store.
  [[nodiscard]] unsigned keys_read() const { return watched_keys.reads; }
  /// From another address.
  Seen send_from(const std::string& address, const std::string& target, std::string_view api_key);

  ManualClock clock;
  config::Config config;
  std::unique_ptr<store::MemoryStore> store;
  WatchedKeys watched_keys;
  metrics::Registry registry;
  limit::RateBuckets rate_buckets;
  KeyRing ring;
  limit::FailureLimiter failures;
  FirstReads first_reads{failures, clock};
  FairCount streams;
  FairBudget answers;
  Services services;
  std::optional<Api> api;

 private:
  TestService(const config::NamedValues& settings, BrokenStore* broken);
};

}  // namespace triggers::api
