#include "aws/refreshed_credentials.h"

#include <algorithm>
#include <cstdlib>

#include "aws/shared_file_credentials.h"

namespace triggers::aws {

bool RefreshedCredentials::valid() const { return newest_ && (!newest_->expires || clock_.now() < *newest_->expires); }

RefreshedCredentials::Next RefreshedCredentials::next() {
  const std::lock_guard lock(mutex_);
  const bool due = !newest_ || (newest_->expires && clock_.now() >= refresh_at_);
  if (!due || (fetching_ && valid())) return Next::use;
  if (fetching_) return Next::wait;
  fetching_ = true;
  return Next::fetch;
}

/// Suspends until the fetch under way has ended.
auto RefreshedCredentials::wait() {
  struct Awaiter {
    RefreshedCredentials& source;
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> handle) {
      const std::lock_guard lock(source.mutex_);
      if (!source.fetching_) return false;
      source.waiting_.emplace_back(&Executor::current(), handle);
      return true;
    }
    void await_resume() const noexcept {}
  };
  return Awaiter{*this};
}

void RefreshedCredentials::fetched(Result<Credentials> outcome) {
  std::vector<std::pair<Executor*, std::coroutine_handle<>>> waiting;
  {
    const std::lock_guard lock(mutex_);
    fetching_ = false;
    const UnixMillis now = clock_.now();
    failure_.reset();
    if (outcome) {
      newest_ = std::move(outcome).value();
      // What lives shorter than ten minutes is renewed after half of its time.
      if (newest_->expires)
        refresh_at_ = std::max(*newest_->expires - refresh_before, now + (*newest_->expires - now) / 2);
    } else {
      failure_ = std::move(outcome).error();
      refresh_at_ = now + retry_after;
    }
    waiting.swap(waiting_);
  }
  for (const auto& [executor, handle] : waiting) executor->resume({&handle, 1});
}

Task<Result<Credentials>> RefreshedCredentials::get(std::chrono::steady_clock::time_point deadline) {
  const Next step = next();
  if (step == Next::fetch) {
    auto outcome = co_await fetcher_->fetch(std::min(deadline, std::chrono::steady_clock::now() + fetch_max));
    fetched(std::move(outcome));
  } else if (step == Next::wait) {
    co_await wait();
  }
  const std::lock_guard lock(mutex_);
  if (valid()) co_return *newest_;
  if (failure_) co_return *failure_;
  co_return Error{ErrorCode::unavailable, "the credentials have expired and were not renewed in time"};
}

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
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
