#include "swarm/verify/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>

#include "base/encoding.h"
#include "base/mutex.h"
#include "base/unique_fd.h"
#include "swarm/verify/digest.h"
#include "swarm/verify/journal_contents.h"

namespace triggers::swarm {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t buffer_bytes = 64 * 1024;
constexpr std::chrono::seconds flush_interval{1};

Error cannot_write(const std::string& path, int error) {
  return Error{ErrorCode::unavailable,
               "cannot write the journal " + path + ": " + std::generic_category().message(error)};
}

class FileJournal final : public Journal {
 public:
  FileJournal(std::string path, UniqueFd file) : path_(std::move(path)), file_(std::move(file)) {}
  ~FileJournal() override { static_cast<void>(finish()); }

  void accepted(std::string_view event_id, const SentEvent& event, bool duplicate) override {
    append(duplicate ? 'D' : 'A', event_id, &event);
  }
  void unknown(const SentEvent& event) override { append('U', {}, &event); }
  void maybe_acknowledged(std::string_view event_id) override { append('M', event_id, nullptr); }
  void acknowledged(std::string_view event_id) override { append('K', event_id, nullptr); }

  Status finish() override {
    const MutexLock lock(mutex_);
    flush();
    if (failed_with_) return cannot_write(path_, *failed_with_);
    return Done{};
  }

 private:
  void append(char kind, std::string_view event_id, const SentEvent* event) {
    const std::string digest = event == nullptr ? std::string{} : to_hex(digest_of(*event).view());
    const MutexLock lock(mutex_);
    buffer_ += kind;
    for (const std::string_view field : {event_id, std::string_view(digest)}) {
      if (!field.empty()) buffer_.append(" ").append(field);
    }
    buffer_ += '\n';
    const auto now = steady_clock::now();
    if (buffer_.size() >= buffer_bytes || now >= flush_at_) {
      flush();
      flush_at_ = now + flush_interval;
    }
  }

  void flush() REQUIRES(mutex_) {
    std::string_view rest = buffer_;
    while (!rest.empty() && !failed_with_) {
      const ssize_t wrote = ::write(file_.get(), rest.data(), rest.size());
      if (wrote >= 0) {
        rest.remove_prefix(static_cast<std::size_t>(wrote));
      } else if (errno != EINTR) {
        failed_with_ = errno;
      }
    }
    buffer_.clear();
  }

  std::string path_;
  UniqueFd file_;
  Mutex mutex_;
  std::string buffer_ GUARDED_BY(mutex_);
  steady_clock::time_point flush_at_ GUARDED_BY(mutex_){};
  std::optional<int> failed_with_ GUARDED_BY(mutex_) = std::nullopt;
};

/// Writes the first line of a new file. An existing file must begin with that line; an incomplete last line is ended.
Status prepare(const UniqueFd& file, const std::string& path) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return cannot_write(path, errno);
  if (status.st_size == 0) {
    const auto wrote = ::write(file.get(), journal_header.data(), journal_header.size());
    if (wrote != static_cast<ssize_t>(journal_header.size())) return cannot_write(path, wrote < 0 ? errno : ENOSPC);
    return Done{};
  }
  std::string first(journal_header.size(), '\0');
  if (::pread(file.get(), first.data(), first.size(), 0) != static_cast<ssize_t>(first.size()) ||
      first != journal_header) {
    return Error{ErrorCode::invalid_argument, path + " is not a journal of this version: choose another file"};
  }
  char last = '\n';
  if (::pread(file.get(), &last, 1, status.st_size - 1) == 1 && last != '\n' && ::write(file.get(), "\n", 1) != 1) {
    return cannot_write(path, errno);
  }
  return Done{};
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(const std::string& path) {
  UniqueFd file{::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644)};
  if (!file) return cannot_write(path, errno);
  if (auto prepared = prepare(file, path); !prepared) return std::move(prepared).error();
  std::unique_ptr<Journal> journal = std::make_unique<FileJournal>(path, std::move(file));
  return journal;
}

}  // namespace triggers::swarm
