#include "aws/refreshed_credentials.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "aws/shared_file_credentials.h"

namespace triggers::aws {

bool RefreshedCredentials::valid() const { return newest_ && (!newest_->expires || clock_.now() < *newest_->expires); }

bool RefreshedCredentials::needs_fetch() {
  const std::lock_guard lock(mutex_);
  if (!valid()) return !failure_ || clock_.steady() - failed_at_ >= retry_without_after;
  if (!newest_->expires || clock_.now() < refresh_at_) return false;
  // While one fetches, the others go on with what there is.
  return !std::exchange(fetching_, true);
}

Status RefreshedCredentials::keep(Result<Credentials> outcome) {
  const std::lock_guard lock(mutex_);
  fetching_ = false;
  const UnixMillis now = clock_.now();
  if (!outcome) {
    refresh_at_ = now + retry_after;
    failure_ = outcome.error();
    failed_at_ = clock_.steady();
    return std::move(outcome).error();
  }
  failure_.reset();
  newest_ = std::move(outcome).value();
  // What lives shorter than ten minutes is renewed after half of its time.
  if (newest_->expires) refresh_at_ = std::max(*newest_->expires - refresh_before, now + (*newest_->expires - now) / 2);
  return Done{};
}

Task<Status> RefreshedCredentials::fetch() {
  auto outcome = co_await fetcher_->fetch(std::chrono::steady_clock::now() + fetch_max);
  co_return keep(std::move(outcome));
}

Task<Result<Credentials>> RefreshedCredentials::get(std::chrono::steady_clock::time_point /*deadline*/) {
  Status fetched = Done{};
  if (needs_fetch()) {
    auto fetch_once = [this] { return fetch(); };
    fetched = co_await flight_.fly(std::move(fetch_once));
  }
  const std::lock_guard lock(mutex_);
  if (valid()) co_return *newest_;
  if (!fetched) co_return std::move(fetched).error();
  if (failure_) co_return *failure_;
  co_return Error{ErrorCode::unavailable, "the credentials have expired and were not renewed in time"};
}

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  };
}

Result<std::unique_ptr<CredentialSource>> find_credentials(const Environment& environment, const Clock& clock) {
  using Found = std::unique_ptr<CredentialSource>;
  if (auto credentials = environment_credentials(environment)) {
    return Found(std::make_unique<FixedCredentials>(std::move(*credentials)));
  }
  const auto profile = environment("AWS_PROFILE");
  const std::string path =
      environment("AWS_SHARED_CREDENTIALS_FILE").value_or(environment("HOME").value_or("") + "/.aws/credentials");
  if (auto source = SharedFileCredentials::open(path, profile.value_or("default"), clock))
    return Found(std::move(source));
  if (profile) {
    return Error{ErrorCode::invalid_argument, "AWS_PROFILE is " + *profile + ", and " + path + " has no keys for it"};
  }
  auto container = container_fetcher(environment);
  if (!container) return std::move(container).error();
  if (*container) return Found(std::make_unique<RefreshedCredentials>(std::move(*container), clock));
  auto machine = machine_fetcher(environment);
  if (!machine) return std::move(machine).error();
  if (*machine) return Found(std::make_unique<RefreshedCredentials>(std::move(*machine), clock));
  return Error{ErrorCode::not_found, "there are no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"};
}

}  // namespace triggers::aws
