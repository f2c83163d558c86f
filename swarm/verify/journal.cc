#include "swarm/verify/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

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

  void leased(const GrantedLease& lease) override {
    std::string line;
    append_grant(line, lease);
    add(line);
  }
  void lease_request(std::string_view lease_id, LeaseVerb verb, JournalTime asked,
                     std::span<const Uuid7> events) override {
    std::string line;
    append_request(line, lease_id, verb, asked, events);
    add(line);
  }
  void lease_results(std::string_view lease_id, LeaseVerb verb, JournalTime asked, JournalTime answered,
                     std::span<const EventResult> results) override {
    std::string line;
    append_results(line, lease_id, verb, asked, answered, results);
    add(line);
  }
  void unanswered(JournalTime when) override { add("N " + std::to_string(when) + "\n"); }

  Status finish() override {
    const MutexLock lock(mutex_);
    if (!std::exchange(ended_, true)) buffer_ += "E -\n";
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
    flush_if_due();
  }

  /// A long line is made without the lock, which all load threads share.
  void add(std::string_view line) {
    const MutexLock lock(mutex_);
    buffer_ += line;
    flush_if_due();
  }

  void flush_if_due() REQUIRES(mutex_) {
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
  bool ended_ GUARDED_BY(mutex_) = false;
  std::optional<int> failed_with_ GUARDED_BY(mutex_) = std::nullopt;
};

/// The machine's current boot. A machine without that file gets one that no other run has, so that times are never
/// compared with those of another clock.
std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  if (std::getline(file, id) && !id.empty() && id.find(' ') == std::string::npos) return id;
  return "unknown-" + std::to_string(::getpid()) + "-" + std::to_string(Journal::now());
}

Status begin_run(const UniqueFd& file, const std::string& path) {
  const std::string line = "R " + boot_id() + "\n";
  const auto wrote = ::write(file.get(), line.data(), line.size());
  if (wrote != static_cast<ssize_t>(line.size())) return cannot_write(path, wrote < 0 ? errno : ENOSPC);
  return Done{};
}

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
    const bool older = first.starts_with(journal_header_1.substr(0, first.size()));
    return Error{ErrorCode::invalid_argument,
                 path + (older ? " is a journal of an earlier version, which can only be verified: choose another file"
                               : " is not a journal: choose another file")};
  }
  char last = '\n';
  if (::pread(file.get(), &last, 1, status.st_size - 1) == 1 && last != '\n' && ::write(file.get(), "\n", 1) != 1) {
    return cannot_write(path, errno);
  }
  return Done{};
}

}  // namespace

JournalTime Journal::now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now().time_since_epoch()).count();
}

Result<std::unique_ptr<Journal>> Journal::open(const std::string& path) {
  UniqueFd file{::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644)};
  if (!file) return cannot_write(path, errno);
  if (auto prepared = prepare(file, path); !prepared) return std::move(prepared).error();
  if (auto begun = begin_run(file, path); !begun) return std::move(begun).error();
  std::unique_ptr<Journal> journal = std::make_unique<FileJournal>(path, std::move(file));
  return journal;
}

}  // namespace triggers::swarm
