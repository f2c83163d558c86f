#pragma once

// Nodes on one pair of tables that keep inboxes (ManagedFleetTest): the verbs of settings and consumers, and a look at
// the items themselves.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "dynamo/fleet.h"
#include "store/dynamo/events/entry_items.h"
#include "store/dynamo/events/inbox_numbers.h"
#include "store/dynamo/events/layout.h"

namespace triggers::store {

/// Every verb blocks until the node has answered.
class ManagedFleetTest : public FleetTest {
 protected:
  using Ids = std::vector<EventId>;

  ManagedFleetTest() { config.inboxes = true; }

  static InboxName named(const std::string& text) { return InboxName::parse(text).value(); }

  InboxRecord put(Node& at, const InboxName& name, const inbox::Settings& settings = {}) {
    return sync_wait(at.store->put_inbox(tenant, name, settings, std::nullopt)).value().inbox;
  }
  Leased lease(Node& at, std::size_t limit, const InboxName& from = {}) {
    LeaseRequest request;
    request.inbox = from;
    request.limit = limit;
    return sync_wait(at.store->lease(tenant, request)).value();
  }
  Ids entries(Node& at, const InboxName& of = {}) {
    EntryQuery query;
    query.inbox = of;
    query.limit = 200;
    const EntryPage page = sync_wait(at.store->entries(tenant, query)).value();
    Ids ids;
    for (const InboxEntry& entry : page.entries) ids.push_back(entry.event.id);
    return ids;
  }
  Ids paged(Node& at) {
    Ids ids;
    for (const StoredEvent& event : page(at, {.limit = 200}).events) ids.push_back(event.id);
    return ids;
  }

  /// All items of the events table whose partition begins so.
  std::vector<dynamo::Item> items(const std::string& prefix) {
    std::vector<dynamo::Item> found;
    boost::json::object scan;
    scan["TableName"] = config.events_table;
    scan["ConsistentRead"] = true;
    for (;;) {
      const auto answer = sync_wait(real->call(dynamo::ApiCall::scan, scan, dynamo::Repeat::safe, seconds{10})).value();
      for (const auto& item : answer.at("Items").as_array()) {
        if (dynamo::text_of(item.as_object(), "k").value_or("").starts_with(prefix)) found.push_back(item.as_object());
      }
      if (!answer.contains("LastEvaluatedKey")) return found;
      scan["ExclusiveStartKey"] = answer.at("LastEvaluatedKey");
    }
  }

  /// The events of the log, each with the numbers of the inboxes that have an entry of it. Fails the test if the log
  /// says otherwise, or an entry of a managed tenant has no event.
  std::map<EventId, std::set<std::uint64_t>> log() {
    std::map<EventId, std::set<std::uint64_t>> events;
    std::map<EventId, std::set<std::uint64_t>> expected;
    for (const dynamo::Item& item : items("d#")) {
      if (item.contains("z")) continue;
      const auto id = EventId::from_bytes(*dynamo::bytes_of(item, "i"));
      const auto takers = dynamo::decode_numbers(dynamo::bytes_of(item, "o").value_or("")).value();
      const auto missing = dynamo::decode_numbers(dynamo::bytes_of(item, "u").value_or("")).value();
      expected[id] = std::set(takers.begin(), takers.end());
      for (const auto number : missing) expected[id].erase(number);
      events[id];
    }
    for (const dynamo::Item& item : items("q#")) {
      if (!item.contains("g")) continue;
      const auto id = EventId::from_bytes(*dynamo::bytes_of(item, "i"));
      const std::string partition{*dynamo::text_of(item, "k")};
      const auto at = partition.find("#!");
      events[id].insert(at == std::string::npos ? 0 : std::stoull(partition.substr(at + 2)));
    }
    EXPECT_EQ(events, expected);
    return events;
  }

  using seconds = std::chrono::seconds;
  const InboxName crm = named("crm"), billing = named("billing");
};

}  // namespace triggers::store
