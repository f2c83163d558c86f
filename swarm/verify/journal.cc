#include "swarm/verify/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <system_error>
#include <utility>

#include "base/encoding.h"
#include "base/unique_fd.h"
#include "swarm/verify/digest.h"
#include "swarm/verify/journal_contents.h"

namespace triggers::swarm {
namespace {

Error cannot_write(const std::string& path, int error) {
  return Error{ErrorCode::unavailable,
               "cannot write the journal " + path + ": " + std::generic_category().message(error)};
}

class FileJournal final : public Journal {
 public:
  FileJournal(std::string path, UniqueFd file) : path_(std::move(path)), writer_(std::move(file)) {}
  ~FileJournal() override { writer_.finish(end_line); }

  void accepted(std::string_view event_id, const SentEvent& event, bool duplicate) override {
    append(duplicate ? 'D' : 'A', event_id, &event);
  }
  void unknown(const SentEvent& event) override { append('U', {}, &event); }
  void maybe_acknowledged(std::string_view event_id) override { append('M', event_id, nullptr); }
  void acknowledged(std::string_view event_id) override { append('K', event_id, nullptr); }

  void leased(const GrantedLease& lease) override {
    std::string line;
    append_grant(line, lease);
    writer_.add(line);
  }
  void lease_request(std::string_view lease_id, LeaseVerb verb, JournalTime asked,
                     std::span<const Uuid7> events) override {
    std::string line;
    append_request(line, lease_id, verb, asked, events);
    writer_.add(line);
  }
  void lease_results(std::string_view lease_id, LeaseVerb verb, JournalTime asked, JournalTime answered,
                     std::span<const EventResult> results) override {
    std::string line;
    append_results(line, lease_id, verb, asked, answered, results);
    writer_.add(line);
  }
  void unanswered(JournalTime when) override { writer_.add("N " + std::to_string(when) + "\n"); }

  [[nodiscard]] WriterHealth health() const override { return writer_.health(); }

  Status finish() override {
    writer_.finish(end_line);
    const WriterHealth health = writer_.health();
    if (health.error) return cannot_write(path_, *health.error);
    if (health.lost_lines > 0) {
      return Error{ErrorCode::unavailable,
                   "the journal " + path_ + " lacks its last " + std::to_string(health.lost_lines) +
                       " lines, because the disk was too slow for them. Do not verify with it: use a faster disk or "
                       "a lower rate"};
    }
    return Done{};
  }

 private:
  static constexpr std::string_view end_line = "E -\n";

  void append(char kind, std::string_view event_id, const SentEvent* event) {
    std::string line(1, kind);
    if (!event_id.empty()) line.append(" ").append(event_id);
    if (event != nullptr) line.append(" ").append(to_hex(digest_of(*event).view()));
    writer_.add(line += '\n');
  }

  std::string path_;
  OrderedWriter writer_;
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
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
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
