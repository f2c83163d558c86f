#include "aws/refreshed_credentials.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <utility>

#include "aws/shared_file_credentials.h"

namespace triggers::aws {

bool RefreshedCredentials::valid() const { return newest_ && (!newest_->expires || clock_.now() < *newest_->expires); }

bool RefreshedCredentials::needs_fetch() {
  const MutexLock lock(mutex_);
  if (settled()) return false;
  // While one caller fetches, the others use the current credentials.
  return !valid() || !std::exchange(fetching_, true);
}

bool RefreshedCredentials::settled() const {
  if (valid()) return !newest_->expires || clock_.now() < refresh_at_;
  return failure_ && clock_.steady() - failed_at_ < retry_without_after;
}

bool RefreshedCredentials::is_settled() {
  const MutexLock lock(mutex_);
  return settled();
}

Status RefreshedCredentials::keep(Result<Credentials> outcome) {
  const MutexLock lock(mutex_);
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
  // Credentials that are valid for less than ten minutes are renewed after half of that time.
  if (newest_->expires) refresh_at_ = std::max(*newest_->expires - refresh_before, now + (*newest_->expires - now) / 2);
  return Done{};
}

Task<Status> RefreshedCredentials::fetch() {
  if (is_settled()) co_return Done{};  // Another has fetched between the caller's look and its turn.
  auto outcome = co_await fetcher_->fetch(std::chrono::steady_clock::now() + fetch_max);
  co_return keep(std::move(outcome));
}

Task<Result<Credentials>> RefreshedCredentials::get(std::chrono::steady_clock::time_point /*deadline*/) {
  Status fetched = Done{};
  if (needs_fetch()) {
    auto fetch_once = [this] { return fetch(); };
    fetched = co_await flight_.fly(std::move(fetch_once));
  }
  const MutexLock lock(mutex_);
  if (valid()) co_return *newest_;
  if (!fetched) co_return std::move(fetched).error();
  if (failure_) co_return *failure_;
  co_return Error{ErrorCode::unavailable, "the credentials have expired and were not renewed in time"};
}

namespace {

/// The last place where credentials can be. Until it has had some, its failure means that there are none anywhere.
class LastResort final : public CredentialFetcher {
 public:
  LastResort(std::unique_ptr<CredentialFetcher> machine, std::string looked_at)
      : machine_(std::move(machine)), looked_at_(std::move(looked_at)) {}

  Task<Result<Credentials>> fetch(TimePoint deadline) override {
    auto outcome = co_await machine_->fetch(deadline);
    if (outcome) had_some_ = true;
    if (outcome || had_some_) co_return outcome;
    co_return Error{outcome.error().code, no_credentials(looked_at_, outcome.error().message)};
  }

  static std::string no_credentials(const std::string& looked_at, const std::string& machine) {
    return "no AWS credentials were found; looked at " + looked_at + " and this machine's role (" + machine +
           "): set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role";
  }

 private:
  const std::unique_ptr<CredentialFetcher> machine_;
  const std::string looked_at_;
  std::atomic<bool> had_some_{false};
};

/// The places before the last one, with what is wrong with each.
std::string places(const Environment& environment, const std::string& path, const std::string& profile) {
  std::string variables = "the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)";
  for (const auto& [given, missing] : {std::pair{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"},
                                       std::pair{"AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"}}) {
    if (environment(given) && !environment(missing)) {
      variables = std::string("the environment (") + given + " is set without " + missing + ")";
    }
  }
  return variables + ", the profile " + profile + " in " + path +
         ", the container (no AWS_CONTAINER_CREDENTIALS_*_URI)";
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    // A CR or LF that a file has left at the end would be part of a header's value.
    constexpr std::string_view blanks = " \t\r\n";
    const std::string_view text(value);
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return std::nullopt;
    return std::string(text.substr(first, text.find_last_not_of(blanks) - first + 1));
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
  const std::string looked_at = places(environment, path, profile.value_or("default"));
  auto machine = machine_fetcher(environment);
  if (!machine) return std::move(machine).error();
  if (!*machine) {
    return Error{ErrorCode::not_found, LastResort::no_credentials(looked_at, "AWS_EC2_METADATA_DISABLED is true")};
  }
  return Found(
      std::make_unique<RefreshedCredentials>(std::make_unique<LastResort>(std::move(*machine), looked_at), clock));
}

}  // namespace triggers::aws
