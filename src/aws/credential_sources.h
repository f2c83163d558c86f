#pragma once

// Each single place where credentials can come from: environment, file, container, machine, each in a .cc of its own.
// Their order and renewal are in refreshed_credentials.h.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/credentials.h"

namespace triggers::aws {

/// The value of an environment variable; nothing if there is none.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, which Lambda sets too. Nothing unless the first two
/// are both set.
[[nodiscard]] std::optional<Credentials> environment_credentials(const Environment& environment);

/// From the text of a shared credentials file: `aws_access_key_id`, `aws_secret_access_key`, `aws_session_token` of the
/// section `[profile]`; nothing if it has not both of the first two.
[[nodiscard]] std::optional<Credentials> file_credentials(std::string_view text, std::string_view profile);

/// The response of a container's or machine's endpoint: JSON with AccessKeyId, SecretAccessKey, Token and Expiration
/// (RFC 3339). Nothing if it is something else.
[[nodiscard]] std::optional<Credentials> endpoint_credentials(std::string_view body);

/// Fetches credentials once. It never logs what it sends or receives.
class CredentialFetcher {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  CredentialFetcher() = default;
  CredentialFetcher(const CredentialFetcher&) = delete;
  CredentialFetcher& operator=(const CredentialFetcher&) = delete;
  virtual ~CredentialFetcher() = default;
  virtual Task<Result<Credentials>> fetch(TimePoint deadline) = 0;
};

/// The endpoint that ECS and EKS give a container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI (on 169.254.170.2) or
/// AWS_CONTAINER_CREDENTIALS_FULL_URI (https, or http to loopback, 169.254.170.2 and 169.254.170.23), with the token of
/// AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, which is read each time, or AWS_CONTAINER_AUTHORIZATION_TOKEN. nullptr if
/// neither URI is set. Error: `invalid_argument`, the URI is not allowed.
Result<std::unique_ptr<CredentialFetcher>> container_fetcher(const Environment& environment);

/// A machine's own role, by IMDSv2: a session token, then the role's name, then its credentials. The endpoint is
/// AWS_EC2_METADATA_SERVICE_ENDPOINT or http://169.254.169.254; nullptr if AWS_EC2_METADATA_DISABLED is `true`,
/// in upper or lower case.
Result<std::unique_ptr<CredentialFetcher>> machine_fetcher(const Environment& environment);

}  // namespace triggers::aws
