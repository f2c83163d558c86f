#pragma once

// Connects to DynamoDB as configured, for the store and for commands. The store on it is in dynamo_store.cc.

#include <memory>

#include "aws/credentials.h"
#include "config/config.h"
#include "metrics/metrics.h"
#include "store/dynamo/client/caller.h"

namespace triggers {

/// DynamoDB as the configuration names it: credentials, client, and calls through it.
class DynamoAccess {
 public:
  /// `registry` outlives it. Errors: what is wrong with the configuration, or that there are no credentials.
  static Result<std::unique_ptr<DynamoAccess>> open(const config::Config& config, metrics::Registry& registry);

  [[nodiscard]] store::dynamo::Caller& caller() noexcept { return *caller_; }

 private:
  DynamoAccess() = default;
  std::unique_ptr<aws::CredentialSource> credentials_;
  std::unique_ptr<store::dynamo::DynamoClient> client_;
  std::unique_ptr<store::dynamo::Caller> caller_;
};

}  // namespace triggers
