#include "store/dynamo/events/acknowledger.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/random.h"
#include "store/dynamo/events/layout.h"
#include "store/inbox_name.h"

namespace triggers::store::dynamo {
namespace {

using namespace std::chrono_literals;

constexpr unsigned removals_max = 4;

}  // namespace

Task<Result<Acknowledger::Acknowledged>> Acknowledger::acknowledge(const Tenant& tenant, EventId id) {
  const Item key = layout::pending_key(tenant, default_inbox, id);
  auto pending = co_await table_.get(key);
  if (!pending) co_return to_error(pending.error());
  if (pending->empty() || pending->contains("z")) co_return co_await not_pending(tenant, id);
  if (pending->contains("g")) co_return Acknowledged{.managed = true};

  const bool leave_fence = pending->contains("h");
  const auto now = clock_.now().time_since_epoch();
  const std::uint64_t number = random_u64();
  const std::string token(reinterpret_cast<const char*>(&number), sizeof number);
  Item acknowledged = std::move(*pending);
  for (auto& part : layout::log_key(tenant, id)) acknowledged[part.key()] = part.value();
  acknowledged["d"] = number_value(now.count());
  acknowledged["a"] = bytes_value(token);
  acknowledged["x"] = number_value(retention_.removal_time(id, clock_.now()));
  Condition first;
  first.expression = "attribute_not_exists(k) OR d < :left_behind";
  first.values[":left_behind"] = number_value((now - left_behind).count());
  auto written = co_await table_.put(std::move(acknowledged), std::move(first), Repeat::safe);
  if (!written && written.error().kind != CallError::Kind::condition_failed) co_return to_error(written.error());
  // A managed tenant's event, which a node that knows more has put into the log.
  if (!written && !written.error().item.contains("d")) co_return Acknowledged{.managed = true};
  // An earlier try of this call whose answer was lost has written ours.
  const bool ours = written.ok() || bytes_of(written.error().item, "a") == token;
  const auto removed = co_await remove(tenant, id, leave_fence);
  if (!removed) co_return removed.error();
  co_return Acknowledged{ours ? AckStatus::acknowledged : AckStatus::already_acknowledged, *removed};
}

Task<Result<Acknowledger::Acknowledged>> Acknowledger::not_pending(const Tenant& tenant, EventId id) {
  auto acknowledged = co_await table_.get(layout::log_key(tenant, id));
  if (!acknowledged) co_return to_error(acknowledged.error());
  if (acknowledged->empty()) co_return Acknowledged{};
  if (!acknowledged->contains("d")) co_return Acknowledged{.managed = true};
  // DynamoDB removes expired items at any time after they expire.
  const UnixMillis at{std::chrono::milliseconds{number_of(*acknowledged, "d").value_or(0)}};
  const bool expired = clock_.now() - at >= retention_.event_ttl;
  co_return Acknowledged{expired ? AckStatus::not_found : AckStatus::already_acknowledged, false};
}

Task<Result<bool>> Acknowledger::remove(const Tenant& tenant, EventId id, bool leave_fence) {
  bool in_doubt = false;
  for (unsigned retry = 0; retry < removals_max; ++retry) {
    Condition there;
    there.expression = "attribute_exists(k) AND attribute_not_exists(z)";
    CallResult removed = CallError{};
    if (leave_fence) {
      removed = co_await table_.put(fence_item(tenant, id, clock_.now()), std::move(there), Repeat::once);
    } else {
      removed = co_await table_.remove(layout::pending_key(tenant, default_inbox, id), std::move(there), Repeat::once);
    }
    if (removed) co_return true;
    const auto kind = removed.error().kind;
    // Gone; most likely by the try whose answer was lost, if there was one.
    if (kind == CallError::Kind::condition_failed) co_return in_doubt;
    if (kind != CallError::Kind::unknown) {
      if (in_doubt) co_return Error{ErrorCode::unavailable, removed.error().message};
      co_return to_error(removed.error());
    }
    in_doubt = true;
    const bool again = co_await table_.wait_to_retry(retry, Table::within_default);
    if (!again) break;
  }
  co_return Error{ErrorCode::unavailable, "DynamoDB did not say whether it removed an event from its inbox"};
}

}  // namespace triggers::store::dynamo
