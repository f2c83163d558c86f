#include "swarm/verify/journal_contents.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <system_error>

#include "base/encoding.h"

namespace triggers::swarm {
namespace {

std::optional<Digest> parse_digest(std::string_view text) {
  const auto bytes = from_hex(text);
  Digest digest;
  if (!bytes || bytes->size() != digest.bytes.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), reinterpret_cast<char*>(digest.bytes.data()));
  return digest;
}

/// `KIND ID DIGEST`. U has no id; M and K have no digest. Lines about leases are in lease_journal.h.
bool read_line(std::string_view line, JournalContents& contents) {
  if (line.size() < 2 || line[1] != ' ') return false;
  const char kind = line[0];
  std::string_view rest = line.substr(2);
  if (LeaseLines::is_kind(kind)) return contents.leases.read(kind, rest);
  if (kind == 'U') {
    const auto digest = parse_digest(rest);
    if (digest) contents.unknown.push_back(*digest);
    return digest.has_value();
  }
  const auto id = Uuid7::parse(rest.substr(0, 36));
  if (!id) return false;
  rest.remove_prefix(36);
  JournaledEvent event;
  event.id = *id;
  if (kind == 'M' || kind == 'K') {
    event.maybe_acknowledged = event.maybe_deleted = true;
    event.acknowledged = kind == 'K';
    contents.events.push_back(event);
    return rest.empty();
  }
  if ((kind != 'A' && kind != 'D') || !rest.starts_with(' ')) return false;
  const auto digest = parse_digest(rest.substr(1));
  if (!digest) return false;
  // A duplicate may differ from its original in the order of its members or in its source.
  event.has_digest = kind == 'A';
  if (event.has_digest) event.digest = *digest;
  event.accepted = true;
  contents.events.push_back(event);
  return true;
}

/// In the inbox `default`, what the holder of a lease acknowledged is acknowledged as by DELETE /events/{id}.
void add_lease_acknowledgements(JournalContents& contents) {
  const LeaseLines& lines = contents.leases;
  for (const JournaledLease& one : lines.leases) {
    if (!one.maybe_acknowledged || lines.inboxes[one.inbox] != default_inbox) continue;
    JournaledEvent event;
    event.id = one.event;
    event.maybe_acknowledged = true;
    event.acknowledged = one.acknowledged;
    contents.events.push_back(event);
  }
}

/// Merges the entries of each id.
void join(JournalContents& contents) {
  auto& all = contents.events;
  std::sort(all.begin(), all.end(), [](const JournaledEvent& a, const JournaledEvent& b) { return a.id < b.id; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (kept == 0 || all[kept - 1].id != all[i].id) {
      all[kept++] = all[i];
      continue;
    }
    JournaledEvent& one = all[kept - 1];
    if (one.has_digest && all[i].has_digest && one.digest != all[i].digest) contents.changed.push_back(one.id);
    if (!one.has_digest) one.digest = all[i].digest;
    one.has_digest |= all[i].has_digest;
    one.accepted |= all[i].accepted;
    one.acknowledged |= all[i].acknowledged;
    one.maybe_acknowledged |= all[i].maybe_acknowledged;
    one.maybe_deleted |= all[i].maybe_deleted;
  }
  all.resize(kept);
}

/// Whoever acknowledges without a lease takes the entry from its holder.
void mark_taken_leases(JournalContents& contents) {
  for (JournaledLease& one : contents.leases.leases) {
    if (contents.leases.inboxes[one.inbox] != default_inbox) continue;
    const JournaledEvent* const event = contents.find(one.event);
    one.maybe_taken = event != nullptr && event->maybe_deleted;
  }
}

struct Close {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

}  // namespace

JournaledEvent* JournalContents::find(const Uuid7& id) {
  const auto found = std::lower_bound(events.begin(), events.end(), id,
                                      [](const JournaledEvent& one, const Uuid7& wanted) { return one.id < wanted; });
  return found != events.end() && found->id == id ? &*found : nullptr;
}

Result<JournalContents> read_journal(const std::string& path) {
  const std::unique_ptr<std::FILE, Close> file{std::fopen(path.c_str(), "re")};
  if (!file) {
    return Error{errno == ENOENT ? ErrorCode::not_found : ErrorCode::unavailable,
                 "cannot read the journal " + path + ": " + std::generic_category().message(errno)};
  }
  char* line = nullptr;
  std::size_t capacity = 0;
  JournalContents contents;
  bool first = true, is_journal = true;
  for (ssize_t size = 0; is_journal && (size = ::getline(&line, &capacity, file.get())) >= 0; first = false) {
    const std::string_view text(line, static_cast<std::size_t>(size));
    if (first) {
      is_journal = text == journal_header || text == journal_header_1;
    } else if (text != "\n" && (!text.ends_with('\n') || !read_line(text.substr(0, text.size() - 1), contents))) {
      ++contents.broken_lines;
    }
  }
  std::free(line);
  if (first || !is_journal) return Error{ErrorCode::invalid_argument, path + " is not a journal of `swarm --journal`"};
  if (std::ferror(file.get()) != 0)
    return Error{ErrorCode::unavailable, "cannot read the journal " + path + " to its end"};
  contents.leases.finish();
  add_lease_acknowledgements(contents);
  join(contents);
  mark_taken_leases(contents);
  std::sort(contents.unknown.begin(), contents.unknown.end());
  return contents;
}

}  // namespace triggers::swarm
