#pragma once

// Finds the source of credentials and renews fetched ones in time; also reads the process's environment for it. The
// single sources are in credential_sources.h and shared_file_credentials.h.

#include <chrono>
#include <memory>
#include <optional>

#include "aws/credential_sources.h"
#include "base/mutex.h"
#include "base/single_flight.h"

namespace triggers::aws {

/// Keeps fetched credentials and renews them before they expire. From 5 minutes before, one caller fetches new ones,
/// while the others use the old ones. Callers wait, all for one fetch, only if there are no valid credentials. Any
/// thread.
class RefreshedCredentials final : public CredentialSource {
 public:
  /// The time limit of a fetch. It does not depend on the deadline of the caller that began the fetch, because other
  /// callers get its result too. So a caller may wait this long past its own deadline.
  static constexpr std::chrono::seconds fetch_max{1};
  static constexpr std::chrono::minutes refresh_before{5};
  /// The pause after a failed fetch, while the old credentials are still valid.
  static constexpr std::chrono::seconds retry_after{10};
  /// The same without valid credentials. Until then every caller gets the error.
  static constexpr std::chrono::seconds retry_without_after{1};

  /// `clock` outlives this.
  RefreshedCredentials(std::unique_ptr<CredentialFetcher> fetcher, const Clock& clock)
      : fetcher_(std::move(fetcher)), clock_(clock) {}

  Task<Result<Credentials>> get(std::chrono::steady_clock::time_point deadline) override;

 private:
  [[nodiscard]] bool valid() const REQUIRES(mutex_);
  /// True if the caller must fetch, or wait for the caller that fetches.
  bool needs_fetch();
  /// The last fetch is recent enough, whether it gave credentials or failed.
  [[nodiscard]] bool settled() const REQUIRES(mutex_);
  bool is_settled();
  Task<Status> fetch();
  Status keep(Result<Credentials> outcome);

  const std::unique_ptr<CredentialFetcher> fetcher_;
  const Clock& clock_;
  SingleFlight flight_;
  Mutex mutex_;
  std::optional<Credentials> newest_ GUARDED_BY(mutex_);
  UnixMillis refresh_at_ GUARDED_BY(mutex_){};
  std::optional<Error> failure_ GUARDED_BY(mutex_);  // Of the last fetch, if that failed.
  std::chrono::steady_clock::time_point failed_at_ GUARDED_BY(mutex_){};
  bool fetching_ GUARDED_BY(mutex_) = false;  // The last credentials are still valid while it is true.
};

/// What the environment says, in the order in which AWS's own programs look: its variables, the shared file
/// (AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials; AWS_PROFILE or `default`; see SharedFileCredentials), the
/// container's endpoint, the machine's. Errors: `invalid_argument` if a variable is wrong; `not_found` if there is no
/// source.
Result<std::unique_ptr<CredentialSource>> find_credentials(const Environment& environment, const Clock& clock);

/// getenv; an empty variable counts as not set, as with AWS's own programs.
[[nodiscard]] Environment process_environment();

}  // namespace triggers::aws
