#pragma once

// Credentials from the shared file, which another program may renew. Those of an endpoint are in
// refreshed_credentials.h.

#include <memory>
#include <string>

#include "aws/credentials.h"
#include "base/mutex.h"

namespace triggers::aws {

/// A profile of the shared credentials file. The file is read again every read_every, because its credentials may be
/// temporary, and another program renews them there. While the file cannot be read, or lacks the profile, the last
/// credentials stay in use. Any thread.
class SharedFileCredentials final : public CredentialSource {
 public:
  static constexpr std::chrono::seconds read_every{30};

  /// nullptr if the file cannot be read or lacks the profile. `clock` outlives this.
  static std::unique_ptr<SharedFileCredentials> open(std::string path, std::string profile, const Clock& clock);

  Task<Result<Credentials>> get(std::chrono::steady_clock::time_point deadline) override;

 private:
  SharedFileCredentials(std::string path, std::string profile, const Clock& clock)
      : path_(std::move(path)), profile_(std::move(profile)), clock_(clock) {}
  [[nodiscard]] std::optional<Credentials> read() const;

  const std::string path_;
  const std::string profile_;
  const Clock& clock_;
  Mutex mutex_;
  Credentials newest_ GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point read_at_ GUARDED_BY(mutex_);
};

}  // namespace triggers::aws
