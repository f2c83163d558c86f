// open_store() of the Lambda function: only the DynamoDB engine, with pages that fit into a response of Lambda. The
// server's open_store() is in apps/triggers/open_store.cc.

#include "../triggers/open_store.h"

namespace triggers {
namespace {

/// An answer has 6 MB for the events as JSON in a JSON text, where each quote and backslash is two bytes.
constexpr std::size_t page_bytes_max = 3 * 1024 * 1024;

}  // namespace

Result<std::unique_ptr<OpenStore>> open_store(const config::Config& config, metrics::Registry& registry,
                                              const Clock& clock, bool background, store::Access) {
  if (config.store != config::Store::dynamodb) {
    return Error{ErrorCode::invalid_argument, "a Lambda function keeps its events in DynamoDB: set STORE=dynamodb"};
  }
  return open_dynamo_store(config, registry, clock, background ? FleetWork::readers : FleetWork::none, page_bytes_max);
}

}  // namespace triggers
