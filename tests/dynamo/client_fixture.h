#pragma once

// A DynamoDB client with blocking calls, for client_test.cc and client_faults_test.cc. Tests of whole nodes use
// fleet.h.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/sync_wait.h"
#include "store/dynamo/client/client.h"

namespace triggers::store::dynamo {

/// A client, and calls that block.
class ClientFixture {
 public:
  explicit ClientFixture(const std::string& url) {
    config.region = "eu-west-1";
    config.endpoint_url = url;
  }

  Result<DynamoReply, DynamoError> call(ApiCall api_call, std::string body, Repeat repeat = Repeat::safe,
                                        std::chrono::milliseconds time = std::chrono::seconds{10}) {
    if (!client) {
      auto made = DynamoClient::create(config, credentials, registry);
      EXPECT_TRUE(made.ok());
      client = std::move(made).value();
    }
    return sync_wait(client->call(api_call, std::move(body), repeat, std::chrono::steady_clock::now() + time));
  }

  DynamoConfig config;
  aws::FixedCredentials credentials{{"example", "secret", "", std::nullopt}};
  metrics::Registry registry;
  std::unique_ptr<DynamoClient> client;
};

}  // namespace triggers::store::dynamo
