#pragma once

// Nodes on one pair of tables that lease, acknowledge and release entries (InboxFleetTest): each with what it keeps of
// inboxes, and a caller that a test can disturb.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dynamo/fleet.h"
#include "store/dynamo/inbox/inbox_entries.h"

namespace triggers::store {

/// A node of a fleet, below its store.
struct InboxTestNode {
  InboxTestNode(dynamo::Caller& real, const DynamoStoreConfig& store_config, const Clock& clock,
                const dynamo::InboxNodeConfig& config)
      : caller(real),
        table(caller, store_config.events_table),
        shards(table, clock, store_config.shards),
        undelivered(table, clock),
        inboxes(table, shards, undelivered, clock, config) {}

  WatchedCaller caller;
  dynamo::Table table;
  dynamo::Shards shards;
  dynamo::Counts undelivered;
  dynamo::InboxNode inboxes;
};

/// The verbs of a consumer on `default`. Each blocks until the node has answered.
class InboxFleetTest : public FleetTest {
 protected:
  using Ids = std::vector<EventId>;
  using Results = std::vector<EntryResult>;

  std::unique_ptr<InboxTestNode> inbox_node() {
    return std::make_unique<InboxTestNode>(*real, config, clock, inbox_config);
  }

  template <class Call>
  auto call(InboxTestNode& at, Call make) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    dynamo::Table table = at.table.until(until);
    dynamo::InboxEntries entries(at.inboxes, table, tenant, inbox);
    return sync_wait(make(entries));
  }
  using Entries = dynamo::InboxEntries;

  Result<Leased> try_lease(InboxTestNode& at, std::size_t limit, std::chrono::seconds duration = default_duration) {
    LeaseRequest request;
    request.limit = limit;
    request.duration = duration;
    return call(at, [&](Entries& entries) { return entries.lease(request); });
  }
  Leased lease(InboxTestNode& at, std::size_t limit, std::chrono::seconds duration = default_duration) {
    return try_lease(at, limit, duration).value();
  }
  Result<Results> try_acknowledge(InboxTestNode& at, std::optional<LeaseId> lease, std::optional<Ids> ids = {}) {
    return call(at, [&](Entries& entries) { return entries.acknowledge(lease, ids); });
  }
  Results acknowledge_by(InboxTestNode& at, const Leased& leased, std::optional<Ids> ids = {}) {
    return try_acknowledge(at, leased.lease, std::move(ids)).value();
  }
  Result<Results> try_release(InboxTestNode& at, const Leased& leased, std::chrono::seconds delay = {},
                              std::optional<Ids> ids = {}) {
    return call(at, [&](Entries& entries) { return entries.release(leased.lease, ids, delay, "broken"); });
  }
  Results release(InboxTestNode& at, const Leased& leased, std::chrono::seconds delay = {}) {
    return try_release(at, leased, delay).value();
  }
  InboxView view(InboxTestNode& at) {
    return call(at, [](Entries& entries) { return entries.view(); }).value();
  }
  /// All pages of a state.
  std::vector<InboxEntry> entries(InboxTestNode& at, std::optional<EntryState> state = {}) {
    std::vector<InboxEntry> all;
    EntryQuery query;
    query.state = state;
    for (;;) {
      auto page = call(at, [&](Entries& entries) { return entries.entries(query); }).value();
      for (InboxEntry& entry : page.entries) all.push_back(std::move(entry));
      if (!page.has_more) return all;
      query.after = page.next_after;
    }
  }

  /// Accepts events with these numbers by a node that takes the tenant for a plain one; the ids in order.
  Ids accept(std::size_t count, std::size_t first = 0) {
    if (!accepting_) accepting_ = node();
    Ids ids;
    for (std::size_t i = 0; i < count; ++i) ids.push_back(append(*accepting_, numbered(first + i)).id);
    return ids;
  }

  /// What accept() has counted.
  void write_counts() {
    if (accepting_) sync_wait(accepting_->store->flush_counts(true));
  }

  static Ids ids_of(const Leased& leased) {
    Ids ids;
    for (const LeasedEvent& one : leased.events) ids.push_back(one.event.id);
    return ids;
  }
  static Ids ids_of(const std::vector<InboxEntry>& entries) {
    Ids ids;
    for (const InboxEntry& one : entries) ids.push_back(one.event.id);
    return ids;
  }
  static std::vector<std::uint32_t> attempts_of(const Leased& leased) {
    std::vector<std::uint32_t> attempts;
    for (const LeasedEvent& one : leased.events) attempts.push_back(one.attempt);
    return attempts;
  }
  static Results all(const Ids& ids, EntryStatus status) {
    Results results;
    for (const EventId& id : ids) results.push_back({.id = id, .status = status});
    return results;
  }

  static constexpr std::chrono::seconds default_duration{30};
  dynamo::InboxNodeConfig inbox_config;
  InboxRecord inbox;

 private:
  std::optional<Node> accepting_;
};

}  // namespace triggers::store
