#pragma once

// Credentials, and the interface of what gives them. Where they come from is in credential_sources.h; signing with them
// is in sigv4.h.

#include <chrono>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"

namespace triggers::aws {

/// What signs a request. Never logged, never part of a message.
struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;          ///< Empty if they are not temporary.
  std::optional<UnixMillis> expires;  ///< Nothing: they do not expire.
};

/// Where credentials come from. Any thread may call.
class CredentialSource {
 public:
  CredentialSource() = default;
  CredentialSource(const CredentialSource&) = delete;
  CredentialSource& operator=(const CredentialSource&) = delete;
  virtual ~CredentialSource() = default;

  /// Credentials that are valid now. Resumes on the executor that it was called on. Error: `unavailable` if no source
  /// has any, or the configured source did not respond by `deadline`. A fetch that several callers wait for may take a
  /// second longer.
  virtual Task<Result<Credentials>> get(std::chrono::steady_clock::time_point deadline) = 0;
};

/// Fixed credentials.
class FixedCredentials final : public CredentialSource {
 public:
  explicit FixedCredentials(Credentials credentials) : credentials_(std::move(credentials)) {}
  Task<Result<Credentials>> get(std::chrono::steady_clock::time_point) override { co_return credentials_; }

 private:
  Credentials credentials_;
};

}  // namespace triggers::aws
