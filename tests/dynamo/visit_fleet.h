#pragma once

// Nodes on one pair of tables that work on jobs and visit tenants (VisitFleetTest).

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dynamo/inbox_fleet.h"
#include "store/dynamo/events/layout.h"
#include "store/dynamo/jobs/job_board.h"
#include "store/dynamo/settings/settings_directory.h"
#include "store/dynamo/visits/visits.h"

namespace triggers::store {

/// A node of a fleet with its regular work, below its store.
struct VisitTestNode : InboxTestNode {
  VisitTestNode(dynamo::Caller& real, const DynamoStoreConfig& store_config, const Clock& clock,
                const dynamo::InboxNodeConfig& config, const dynamo::VisitConfig& visit_config)
      : InboxTestNode(real, store_config, clock, config),
        settings(table, clock, store_config.settings),
        visits(table, shards, inboxes, settings, clock, dynamo::Retention{store_config.event_ttl}, visit_config) {}

  dynamo::SettingsDirectory settings;
  dynamo::Visits visits;
};

/// Jobs and visits on `default`, whose tenant is managed first. Each verb blocks until the node has answered.
class VisitFleetTest : public InboxFleetTest {
 protected:
  VisitFleetTest() {
    config.inboxes = true;
    // The clock stands still: the version of the settings is read for each use.
    config.settings.age_max = config.settings.change_wait = std::chrono::milliseconds{0};
    visit_config.look_every = visit_config.jobs.look_every = std::chrono::milliseconds{0};
  }

  std::unique_ptr<VisitTestNode> visit_node() {
    return std::make_unique<VisitTestNode>(*real, config, clock, inbox_config, visit_config);
  }

  void manage(VisitTestNode& at) { ASSERT_TRUE(sync_wait(at.settings.manage(at.table, tenant)).ok()); }

  Result<Job> try_purge(VisitTestNode& at) {
    dynamo::JobBoard board(at.table, clock);
    return sync_wait(board.purge(tenant, inbox));
  }
  Result<Job> try_replay(VisitTestNode& at) {
    dynamo::JobBoard board(at.table, clock);
    return sync_wait(board.replay(tenant, inbox, ReplayRange{}));
  }
  std::optional<Job> job(VisitTestNode& at, Uuid7 id) {
    dynamo::JobBoard board(at.table, clock);
    return sync_wait(board.job(tenant, inbox, id)).value();
  }
  /// Works until there is nothing to do for this node, or until it fails.
  Status work_on_jobs(VisitTestNode& at) {
    for (;;) {
      at.visits.jobs().wake();
      auto more = sync_wait(at.visits.jobs().work_some(std::chrono::steady_clock::time_point::max()));
      if (!more) return std::move(more).error();
      if (!*more) return Done{};
    }
  }
  /// Ends the job on this node, which takes it over if need be.
  Job finish(VisitTestNode& at, Uuid7 id) {
    clock.advance(visit_config.jobs.claimed_for);
    EXPECT_TRUE(work_on_jobs(at).ok());
    const auto ended = job(at, id);
    EXPECT_TRUE(ended && ended->state == Job::State::done);
    return ended.value_or(Job{});
  }

  /// The partitions of all items of the table that are this tenant's.
  std::vector<std::string> partitions(const Tenant& of) {
    boost::json::object scan;
    scan["TableName"] = config.events_table;
    scan["ConsistentRead"] = true;
    const auto found =
        sync_wait(real->call(dynamo::ApiCall::scan, std::move(scan), dynamo::Repeat::safe, std::chrono::seconds{10}))
            .value();
    std::vector<std::string> all;
    for (const auto& item : found.at("Items").as_array()) {
      std::string partition(item.at("k").at("S").as_string());
      if (partition.find("#" + of.id) != std::string::npos) all.push_back(std::move(partition));
    }
    return all;
  }

  dynamo::VisitConfig visit_config;
};

}  // namespace triggers::store
