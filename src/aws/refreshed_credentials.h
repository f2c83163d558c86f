#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>

#include "aws/credential_sources.h"
#include "base/single_flight.h"

namespace triggers::aws {

/// Keeps what a fetcher brought, and has it fetched anew before it expires: from 5 minutes before, by one caller, while
/// the others go on with what there is. Only when nothing valid is there do all wait, for one fetch. Any thread.
class RefreshedCredentials final : public CredentialSource {
 public:
  /// A fetch takes no longer, and has that time whatever the deadline of who began it: all others get its outcome. So
  /// long may a caller wait past its own deadline.
  static constexpr std::chrono::seconds fetch_max{1};
  static constexpr std::chrono::minutes refresh_before{5};
  /// After a fetch that failed while the old ones are still valid.
  static constexpr std::chrono::seconds retry_after{10};
  /// The same with nothing valid: so long the error is everybody's answer.
  static constexpr std::chrono::seconds retry_without_after{1};

  /// `clock` outlives this.
  RefreshedCredentials(std::unique_ptr<CredentialFetcher> fetcher, const Clock& clock)
      : fetcher_(std::move(fetcher)), clock_(clock) {}

  Task<Result<Credentials>> get(std::chrono::steady_clock::time_point deadline) override;

 private:
  [[nodiscard]] bool valid() const;
  /// True for who is to fetch, or to wait for the one who does.
  bool needs_fetch();
  Task<Status> fetch();
  Status keep(Result<Credentials> outcome);

  const std::unique_ptr<CredentialFetcher> fetcher_;
  const Clock& clock_;
  SingleFlight flight_;
  std::mutex mutex_;
  // Guarded by mutex_:
  std::optional<Credentials> newest_;
  UnixMillis refresh_at_{};
  std::optional<Error> failure_;  // Of the last fetch, if that failed.
  std::chrono::steady_clock::time_point failed_at_{};
  bool fetching_ = false;  // What is there is still valid meanwhile.
};

/// What the environment says, in the order in which AWS's own programs look: its variables, the shared file
/// (AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials; AWS_PROFILE or `default`; see SharedFileCredentials), the
/// container's endpoint, the machine's. Errors: `invalid_argument`, what is set is wrong; `not_found`, nothing is there
/// to ask.
Result<std::unique_ptr<CredentialSource>> find_credentials(const Environment& environment, const Clock& clock);

/// getenv; an empty variable counts as not set, as with AWS's own programs.
[[nodiscard]] Environment process_environment();

}  // namespace triggers::aws
