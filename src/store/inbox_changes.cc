#include "store/inbox_changes.h"

#include <utility>
#include <vector>

#include "inbox/bounds.h"

namespace triggers::store {
namespace {

bool matches(const InboxRecord& record, const std::optional<InboxTag>& if_match) {
  return !if_match || record.tag() == *if_match;
}

/// Compiles the routes with `after`.
Result<InboxChange> changed(InboxRecords records, PutInbox::Outcome outcome, InboxRecord after) {
  records.insert_or_assign(after.name, after);
  std::vector<InboxRecord> inboxes;
  inboxes.reserve(records.size());
  for (auto& [name, record] : records) inboxes.push_back(std::move(record));
  auto routes = Routes::make(inboxes);
  if (!routes) {
    return Error{ErrorCode::invalid_argument,
                 "the filter of the inbox " + after.name.text() +
                     " does not fit beside those of the tenant's other inboxes: " + routes.error().message};
  }
  return InboxChange{{outcome, std::move(after)}, *std::move(routes)};
}

Result<InboxChange> replace(const InboxRecords& records, InboxRecord record, const inbox::Settings& settings,
                            UnixMillis now) {
  if (const auto fault = inbox::find_fault(settings)) return Error{ErrorCode::invalid_argument, fault->message};
  if (settings == record.settings) return InboxChange{{PutInbox::Outcome::replaced, std::move(record)}};
  record.settings = settings;
  ++record.revision;
  record.updated_at = now;
  return changed(records, PutInbox::Outcome::replaced, std::move(record));
}

InboxChange unchanged(PutInbox::Outcome outcome, const InboxName& name) {
  InboxRecord none;
  none.name = name;
  return {{outcome, std::move(none)}};
}

}  // namespace

Result<InboxChange> put_inbox(const InboxRecords& records, const InboxName& name, const inbox::Settings& settings,
                              const std::optional<InboxTag>& if_match, std::uint64_t number, UnixMillis now) {
  const auto found = records.find(name);
  if (found != records.end()) {
    if (!matches(found->second, if_match)) return InboxChange{{PutInbox::Outcome::no_match, found->second}};
    return replace(records, found->second, settings, now);
  }
  if (if_match) return unchanged(PutInbox::Outcome::no_match, name);
  if (records.size() >= inbox::inboxes_per_tenant_max) return unchanged(PutInbox::Outcome::too_many, name);
  if (const auto fault = inbox::find_fault(settings)) return Error{ErrorCode::invalid_argument, fault->message};
  return changed(records, PutInbox::Outcome::created, {name, settings, number, 1, now, now});
}

Result<InboxChange> change_inbox(const InboxRecords& records, const InboxName& name, const SettingsChange& change,
                                 const std::optional<InboxTag>& if_match, UnixMillis now) {
  const auto found = records.find(name);
  if (found == records.end()) return no_such_inbox(name);
  if (!matches(found->second, if_match)) return InboxChange{{PutInbox::Outcome::no_match, found->second}};
  inbox::Settings settings = found->second.settings;
  if (auto done = change(settings); !done) return std::move(done).error();
  return replace(records, found->second, settings, now);
}

Result<bool> may_remove_inbox(const InboxRecords& records, const InboxName& name,
                              const std::optional<InboxTag>& if_match) {
  if (name.is_default()) {
    return Error{ErrorCode::invalid_argument,
                 "the inbox default cannot be deleted; with \"collect\": false it takes no new events"};
  }
  const auto found = records.find(name);
  if (found == records.end()) return no_such_inbox(name);
  return matches(found->second, if_match);
}

Error no_such_inbox(const InboxName& name) { return {ErrorCode::not_found, "there is no inbox " + name.text()}; }

}  // namespace triggers::store
