#pragma once

// Signs a request for AWS. The credentials are in credentials.h; sending it is in store/dynamo/client/client.h.

#include <array>
#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "base/mutex.h"
#include "http/wire/message.h"

namespace triggers::aws {

/// Signs requests with AWS Signature Version 4 (AWS, "Create a signed AWS API request"): every field that the request
/// has is signed, and the body. The signing key of a day is kept. Any thread may call.
class Signer {
 public:
  Signer(std::string region, std::string service) : region_(std::move(region)), service_(std::move(service)) {}

  /// Adds X-Amz-Date, X-Amz-Security-Token if there is one, and Authorization. `request` must have Host and all
  /// other fields to be signed, but none of these three. Its path must be percent-encoded, as it is sent. For the
  /// signature "." and ".." are resolved, and the path is encoded once more, as AWS does for everything but S3. The
  /// query is sorted.
  void sign(http::Request& request, const Credentials& credentials, UnixMillis now);

  /// The text whose hash is signed; for tests.
  [[nodiscard]] static std::string canonical_request(const http::Request& request, std::string& signed_headers);

 private:
  std::string signing_key(const Credentials& credentials, std::string_view day);

  const std::string region_;
  const std::string service_;
  Mutex mutex_;
  // Of the newest key:
  std::string key_ GUARDED_BY(mutex_);
  std::string key_day_ GUARDED_BY(mutex_);
  std::array<unsigned char, 32> key_secret_hash_ GUARDED_BY(mutex_){};
};

}  // namespace triggers::aws
