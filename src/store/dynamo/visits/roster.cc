#include "store/dynamo/visits/roster.h"

#include <boost/json.hpp>

#include "store/dynamo/events/layout.h"

namespace triggers::store::dynamo {
namespace {

UnixMillis time_of(std::int64_t ms) { return UnixMillis{std::chrono::milliseconds{ms}}; }
std::int64_t ms_of(UnixMillis time) { return time.time_since_epoch().count(); }

Result<VisitItem> from_item(const Item& item) {
  const auto tenant = bytes_of(item, "i");
  const auto next = number_of(item, "n");
  if (!tenant || tenant->empty() || !next) return Error{ErrorCode::internal, "the list of tenants cannot be read"};
  VisitItem visit{.tenant = Tenant{*tenant}, .next = time_of(*next)};
  visit.log.part = static_cast<unsigned>(number_of(item, "p").value_or(0));
  if (const auto after = bytes_of(item, "q"); after && after->size() == visit.log.after.bytes.size()) {
    visit.log.after = EventId::from_bytes(*after);
  }
  visit.log.begun_at = time_of(number_of(item, "b").value_or(0));
  return visit;
}

Condition next_is(UnixMillis next) {
  Condition same;
  same.expression = "n = :n";
  same.values[":n"] = number_value(ms_of(next));
  return same;
}

}  // namespace

Task<Result<Roster::Part>> Roster::read(unsigned partition, const std::string& after, std::size_t limit) {
  Table::Range range;
  range.partition = layout::visit_partition(partition);
  if (!after.empty()) range.after = bytes_value(after);
  range.limit = limit;
  auto items = co_await table_.query(std::move(range));
  if (!items) co_return to_error(items.error());
  Part part;
  part.more = items->more;
  for (const Item& item : items->items) {
    auto visit = from_item(item);
    if (!visit) co_return std::move(visit).error();
    part.tenants.push_back(*std::move(visit));
  }
  co_return part;
}

Task<Result<std::optional<VisitItem>>> Roster::claim(const VisitItem& seen, UnixMillis until) {
  Condition same = next_is(seen.next);
  same.values[":until"] = number_value(ms_of(until));
  // A repeat of a claim that was done fails: then the visit waits until the claim has ended.
  auto claimed =
      co_await table_.update(layout::visit_key(seen.tenant), "SET n = :until", std::move(same), Repeat::safe);
  if (claimed) {
    auto visit = from_item(*claimed);
    if (!visit) co_return std::move(visit).error();
    co_return std::optional{*std::move(visit)};
  }
  if (claimed.error().kind != CallError::Kind::condition_failed) co_return to_error(claimed.error());
  co_return std::optional<VisitItem>{};
}

Task<Status> Roster::release(const VisitItem& claimed, UnixMillis next, LogPlace log) {
  Condition mine = next_is(claimed.next);
  mine.values[":next"] = number_value(ms_of(next));
  mine.values[":p"] = number_value(log.part);
  mine.values[":q"] = bytes_value(log.after.view());
  mine.values[":b"] = number_value(ms_of(log.begun_at));
  auto released = co_await table_.update(layout::visit_key(claimed.tenant), "SET n = :next, p = :p, q = :q, b = :b",
                                         std::move(mine), Repeat::safe);
  const bool other = !released && released.error().kind == CallError::Kind::condition_failed;
  if (!released && !other) co_return to_error(released.error());
  co_return Done{};
}

Task<Status> Roster::put_forward(const Tenant& tenant) {
  Condition there;
  there.expression = "attribute_exists(k)";
  there.values[":zero"] = number_value(0);
  auto put = co_await table_.update(layout::visit_key(tenant), "SET n = :zero", std::move(there), Repeat::safe);
  const bool absent = !put && put.error().kind == CallError::Kind::condition_failed;
  if (!put && !absent) co_return to_error(put.error());
  co_return Done{};
}

}  // namespace triggers::store::dynamo
