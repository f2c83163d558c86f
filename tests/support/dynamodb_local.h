#pragma once

// Starts DynamoDB Local for C++ tests. For Python tests: tests/e2e/support/dynamodb.py.

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace triggers::testing_support {

/// AWS's DynamoDB Local, in memory, on a free port of loopback; scripts/fetch_dynamodb_local.sh fetches it. It ends
/// with this object, or with the process.
class DynamodbLocal {
 public:
  /// Blocks until it accepts connections. Aborts, with the reason, if it cannot be started.
  DynamodbLocal();
  DynamodbLocal(const DynamodbLocal&) = delete;
  DynamodbLocal& operator=(const DynamodbLocal&) = delete;
  ~DynamodbLocal();

  /// One server for the whole test program, started by the first call. If the environment has
  /// TRIGGERS_TEST_DYNAMODB_URL, the server at that URL, which is neither started nor stopped here.
  static const std::string& shared_url();

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  std::uint16_t port_ = 0;
  pid_t process_ = 0;
};

}  // namespace triggers::testing_support
