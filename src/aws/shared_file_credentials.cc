#include "aws/shared_file_credentials.h"

#include <fstream>
#include <iterator>

#include "aws/credential_sources.h"

namespace triggers::aws {

std::unique_ptr<SharedFileCredentials> SharedFileCredentials::open(std::string path, std::string profile,
                                                                   const Clock& clock) {
  std::unique_ptr<SharedFileCredentials> source(new SharedFileCredentials(std::move(path), std::move(profile), clock));
  auto found = source->read();
  if (!found) return nullptr;
  const MutexLock lock(source->mutex_);
  source->newest_ = std::move(*found);
  source->read_at_ = clock.steady();
  return source;
}

std::optional<Credentials> SharedFileCredentials::read() const {
  std::ifstream file(path_);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return file_credentials(text, profile_);
}

Task<Result<Credentials>> SharedFileCredentials::get(std::chrono::steady_clock::time_point) {
  const MutexLock lock(mutex_);
  const auto now = clock_.steady();
  if (now - read_at_ >= read_every) {
    read_at_ = now;
    if (auto found = read()) newest_ = std::move(*found);
  }
  co_return newest_;
}

}  // namespace triggers::aws
