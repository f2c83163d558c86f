#include "dynamo_access.h"

#include "aws/refreshed_credentials.h"

namespace triggers {
namespace {

/// DynamoDB Local and its like take any credentials; AWS is never asked without TLS.
bool takes_any_credentials(const config::Config& config) { return config.dynamodb_endpoint_url.starts_with("http://"); }

Result<std::unique_ptr<aws::CredentialSource>> find(const config::Config& config) {
  const auto environment = aws::process_environment();
  if (takes_any_credentials(config) && !environment("AWS_ACCESS_KEY_ID")) {
    return std::unique_ptr<aws::CredentialSource>(
        std::make_unique<aws::FixedCredentials>(aws::Credentials{"local", "local", "", std::nullopt}));
  }
  return aws::find_credentials(environment, Clock::system());
}

}  // namespace

Result<std::unique_ptr<DynamoAccess>> DynamoAccess::open(const config::Config& config, metrics::Registry& registry) {
  std::unique_ptr<DynamoAccess> access(new DynamoAccess);
  auto credentials = find(config);
  if (!credentials) return std::move(credentials).error();
  access->credentials_ = std::move(*credentials);
  store::dynamo::DynamoConfig client;
  client.region = config.aws_region;
  client.endpoint_url = config.dynamodb_endpoint_url;
  auto made = store::dynamo::DynamoClient::create(client, *access->credentials_, registry);
  if (!made) return std::move(made).error();
  access->client_ = std::move(*made);
  access->caller_ = store::dynamo::make_caller(*access->client_);
  return access;
}

}  // namespace triggers
