#include "descriptor_plan.h"

#include <algorithm>
#include <thread>

#include "base/descriptor_limit.h"

namespace triggers {
namespace {

constexpr std::size_t needed = 128;  // With less there is no room for the store and some connections.
constexpr std::size_t own = 32;      // Standard streams, listeners, the operator's connections, /proc and the like.
constexpr std::size_t own_of_a_loop = 4;       // epoll, its timer, its wake-up.
constexpr std::size_t dynamo_of_a_loop = 128;  // Connections to DynamoDB, as of ClientPoolConfig.
constexpr std::size_t refusing_usual = 256;
constexpr std::size_t store_least = 64;
constexpr std::size_t store_usual = 1024;
constexpr std::size_t store_besides = 32;  // Logs, and the files that a compaction writes.
constexpr std::size_t store_all = 20'000;  // So many tables are over a terabyte: no need to count them.

std::size_t minus(std::size_t from, std::size_t what) { return from > what ? from - what : 0; }

}  // namespace

DescriptorPlan plan_descriptors(const config::Config& config) {
  return plan_descriptors(config, raise_descriptor_limit());
}

DescriptorPlan plan_descriptors(const config::Config& config, std::size_t limit) {
  DescriptorPlan plan;
  plan.limit = limit;
  const std::size_t loops = config.threads != 0 ? config.threads : std::max(1U, std::thread::hardware_concurrency());
  const bool embedded = config.store == config::Store::embedded;
  const std::size_t for_store =
      embedded ? std::clamp(limit / 4, store_least, store_usual) : std::min((loops + 1) * dynamo_of_a_loop, limit / 4);
  plan.refusing_max = std::clamp<std::size_t>(limit / 16, 8, refusing_usual);
  const std::size_t left = minus(limit, own + loops * own_of_a_loop + plan.refusing_max);
  plan.connections_max = std::clamp<std::size_t>(minus(left, for_store), 1, config.connections_max);
  const std::size_t store_files = minus(left, plan.connections_max + store_besides);
  if (embedded && store_files < store_all)
    plan.store_files_max = static_cast<int>(std::max(store_files, store_least / 2));
  return plan;
}

Status check_descriptors(const DescriptorPlan& plan) {
  if (plan.limit >= needed) return Done{};
  return Error{ErrorCode::invalid_argument, "the limit of open files is " + std::to_string(plan.limit) +
                                                ", and a server needs " + std::to_string(needed) +
                                                ": raise it (ulimit -n, LimitNOFILE=)"};
}

}  // namespace triggers
