#include "store/rocks/inbox_admin.h"

#include <utility>

#include "store/rocks/format/layout.h"
#include "store/rocks/read/page_reader.h"

namespace triggers::store {
namespace {

/// Each round that a change loses is one that another change of the tenant has won.
constexpr std::size_t rounds_max = 100;

Error changed_too_often() { return {ErrorCode::overloaded, "the inboxes of this tenant change too often: try again"}; }

/// The roster of these records. Inboxes that `before` has keep their states. Null: only `default`, unchanged.
std::shared_ptr<const Roster> roster_of(const TenantState& tenant, const Roster* before, const InboxRecords& records) {
  if (records.size() == 1 && records.begin()->second.tag() == InboxTag{}) return nullptr;
  std::vector<RosterEntry> entries;
  entries.reserve(records.size());
  for (const auto& [name, record] : records) {
    const RosterEntry* const same = before != nullptr ? before->find(name) : nullptr;
    std::shared_ptr<InboxState> state;
    if (name.is_default()) {
      state = tenant.shared_default_inbox();
    } else if (same != nullptr && same->tag.number == record.number) {
      state = same->state;
    } else {
      state = std::make_shared<InboxState>(tenant.id(), layout::inbox_place(record.number));
    }
    entries.push_back(roster_entry(record, std::move(state)));
  }
  return std::make_shared<const Roster>(std::move(entries));
}

/// False if the settings on the disk are newer than the roster.
bool agree(const Roster* roster, const InboxRecords& records) {
  if (roster != nullptr) return is_of(*roster, records);
  return records.size() == 1 && records.begin()->second.tag() == InboxTag{};
}

}  // namespace

template <class Prepare>
Task<Result<InboxAdmin::Decided>> InboxAdmin::run(const Tenant& tenant, Prepare prepare) {
  for (std::size_t round = 0; round < rounds_max; ++round) {
    SettingsOperation settings;
    settings.before = tenants_.get(tenant.id).roster();
    auto preparing = searches_.run(tenant.id, [&] { return prepare(settings); });
    auto decided = co_await preparing;
    if (!decided || !decided->stores) co_return decided;
    Operation operation;
    operation.kind = Operation::Kind::settings;
    operation.tenant = &tenant;
    operation.settings = &settings;
    operation.bytes = event_overhead_bytes + (settings.value ? settings.value->size() : 0);
    // Also if it is outdated already: afterwards the newer roster is known.
    co_await queue_.submit(operation);
    if (operation.error) co_return std::move(*operation.error);
    if (settings.outdated) continue;
    if (decided->routes && settings.after) routes_.put(tenant.id, settings.after, *decided->routes);
    co_return decided;
  }
  co_return changed_too_often();
}

Result<InboxAdmin::Decided> InboxAdmin::prepare_change(TenantState& tenant, const Decide& decide,
                                                       SettingsOperation& operation) const {
  auto records = settings_.records(tenant.id());
  if (!records) return std::move(records).error();
  Decided decided;
  decided.stores = operation.outdated = !agree(operation.before.get(), *records);
  if (operation.outdated) return decided;
  auto change = decide(*records);
  if (!change) return std::move(change).error();
  decided.answer = std::move(change->answer);
  if (!change->routes) return decided;
  decided.routes = std::move(change->routes);
  decided.stores = true;
  const InboxRecord& record = decided.answer.inbox;
  if (decided.answer.outcome == PutInbox::Outcome::created) operation.new_number = record.number;
  operation.key = layout::settings_key(tenant.id(), record.name.text());
  operation.value = encode_inbox(record);
  records->insert_or_assign(record.name, record);
  operation.after = roster_of(tenant, operation.before.get(), *records);
  return decided;
}

Result<InboxAdmin::Decided> InboxAdmin::prepare_removal(TenantState& tenant, const InboxName& name,
                                                        const std::optional<InboxTag>& if_match,
                                                        SettingsOperation& operation) const {
  auto records = settings_.records(tenant.id());
  if (!records) return std::move(records).error();
  Decided decided;
  decided.stores = operation.outdated = !agree(operation.before.get(), *records);
  if (operation.outdated) return decided;
  const auto may = may_remove_inbox(*records, name, if_match);
  if (!may) return may.error();
  if (!*may) return decided;
  decided.stores = true;
  operation.key = layout::settings_key(tenant.id(), name.text());
  operation.removed = operation.before->find(name)->state;
  records->erase(name);
  operation.after = roster_of(tenant, operation.before.get(), *records);
  return decided;
}

Task<Result<PutInbox>> InboxAdmin::apply(const Tenant& tenant, Decide decide) {
  TenantState& state = tenants_.get(tenant.id);
  auto decided =
      co_await run(tenant, [&](SettingsOperation& operation) { return prepare_change(state, decide, operation); });
  if (!decided) co_return std::move(decided).error();
  co_return std::move(decided->answer);
}

Task<Result<PutInbox>> InboxAdmin::put(const Tenant& tenant, InboxName name, inbox::Settings settings,
                                       std::optional<InboxTag> if_match) {
  Decide decide = [&](const InboxRecords& records) {
    const std::uint64_t number = records.contains(name) ? 0 : tenants_.next_number();
    return put_inbox(records, name, settings, if_match, number, clock_.now());
  };
  co_return co_await apply(tenant, std::move(decide));
}

Task<Result<PutInbox>> InboxAdmin::change(const Tenant& tenant, InboxName name, SettingsChange settings_change,
                                          std::optional<InboxTag> if_match) {
  Decide decide = [&](const InboxRecords& records) {
    return change_inbox(records, name, settings_change, if_match, clock_.now());
  };
  co_return co_await apply(tenant, std::move(decide));
}

Task<Result<bool>> InboxAdmin::remove(const Tenant& tenant, InboxName name, std::optional<InboxTag> if_match) {
  TenantState& state = tenants_.get(tenant.id);
  auto decided = co_await run(
      tenant, [&](SettingsOperation& operation) { return prepare_removal(state, name, if_match, operation); });
  if (!decided) co_return std::move(decided).error();
  co_return decided->stores;
}

Result<InboxView> InboxAdmin::read_view(const TenantState& tenant, const InboxName& name) const {
  // In this order: the inbox may be removed between the two, and made again.
  const auto state = tenant.find(name);
  if (!state) return no_such_inbox(name);
  auto record = settings_.record(tenant.id(), name);
  if (!record) return std::move(record).error();
  if (!*record || layout::inbox_place((*record)->number) != state->name()) return no_such_inbox(name);
  InboxView view;
  view.inbox = **std::move(record);
  const auto seen = state->view();
  view.counts = seen.counts;
  view.last_consumed_at = seen.last_consumed_at;
  const auto oldest = find_oldest_available(database_, *state, seen);
  if (!oldest) return oldest.error();
  if (*oldest) view.oldest_available_at = (*oldest)->time();
  return view;
}

Task<Result<InboxView>> InboxAdmin::view(const Tenant& tenant, InboxName name) {
  const TenantState& state = tenants_.get(tenant.id);
  auto reading = readers_.run(tenant.id, [&] { return read_view(state, name); });
  co_return co_await reading;
}

Task<Result<std::vector<InboxView>>> InboxAdmin::list(const Tenant& tenant) {
  const TenantState& state = tenants_.get(tenant.id);
  auto reading = searches_.run(tenant.id, [&]() -> Result<std::vector<InboxView>> {
    std::vector<InboxName> names{InboxName()};
    if (const auto roster = state.roster()) {
      names.clear();
      for (const RosterEntry& entry : roster->entries()) names.push_back(entry.name);
    }
    std::vector<InboxView> views;
    for (const InboxName& name : names) {
      auto view = read_view(state, name);
      if (view) {
        views.push_back(*std::move(view));
      } else if (view.error().code != ErrorCode::not_found) {
        return std::move(view).error();
      }
    }
    return views;
  });
  co_return co_await reading;
}

}  // namespace triggers::store
