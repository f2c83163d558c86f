#include "store/dynamo/acknowledger.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/random.h"
#include "store/dynamo/layout.h"

namespace triggers::store::dynamo {
namespace {

using namespace std::chrono_literals;

/// A delivered item without its removal is what a node leaves that ends in between. One that is older than this is
/// replaced, so that the time of delivery is right.
constexpr std::chrono::milliseconds left_behind = 60s;
constexpr int removals_max = 4;
constexpr std::chrono::seconds claims_margin = 3'600s;

}  // namespace

Task<Result<AckOutcome>> Acknowledger::acknowledge(const Tenant& tenant, EventId id) {
  const Item key = layout::pending_key(tenant, default_inbox, id);
  auto pending = co_await table_.get(key);
  if (!pending) co_return to_error(pending.error());
  if (pending->empty() || pending->contains("z")) co_return co_await not_pending(tenant, id);

  const auto now = clock_.now().time_since_epoch();
  const std::uint64_t number = random_u64();
  const std::string token(reinterpret_cast<const char*>(&number), sizeof number);
  Item delivered = std::move(*pending);
  for (auto& part : layout::delivered_key(tenant, id)) delivered[part.key()] = part.value();
  delivered["d"] = number_value(now.count());
  delivered["a"] = bytes_value(token);
  const std::chrono::milliseconds until = std::max<std::chrono::milliseconds>(
      now + retention_.event_ttl, id.time().time_since_epoch() + retention_.claims_until + claims_margin);
  delivered["x"] = number_value(std::chrono::ceil<std::chrono::seconds>(until).count());
  Condition first;
  first.expression = "attribute_not_exists(k) OR d < :left_behind";
  first.values[":left_behind"] = number_value((now - left_behind).count());
  auto written = co_await table_.put(std::move(delivered), std::move(first), Repeat::safe);
  if (!written && written.error().kind != CallError::Kind::condition_failed) co_return to_error(written.error());
  co_return co_await remove(tenant, id, token);
}

Task<Result<AckOutcome>> Acknowledger::not_pending(const Tenant& tenant, EventId id) {
  auto delivered = co_await table_.get(layout::delivered_key(tenant, id));
  if (!delivered) co_return to_error(delivered.error());
  if (delivered->empty()) co_return AckOutcome::not_found;
  // DynamoDB removes what has expired when it likes.
  const UnixMillis at{std::chrono::milliseconds{number_of(*delivered, "d").value_or(0)}};
  const bool expired = clock_.now() - at >= retention_.event_ttl;
  co_return expired ? AckOutcome::not_found : AckOutcome::already_acknowledged;
}

Task<Result<AckOutcome>> Acknowledger::remove(const Tenant& tenant, EventId id, const std::string& token) {
  bool in_doubt = false;
  for (int i = 0; i < removals_max; ++i) {
    Condition there;
    there.expression = "attribute_exists(k)";
    auto removed =
        co_await table_.remove(layout::pending_key(tenant, default_inbox, id), std::move(there), Repeat::once);
    if (removed) co_return AckOutcome::acknowledged;
    if (removed.error().kind == CallError::Kind::unknown) {
      in_doubt = true;
      continue;
    }
    if (removed.error().kind != CallError::Kind::condition_failed) {
      if (in_doubt) co_return Error{ErrorCode::unavailable, removed.error().message};
      co_return to_error(removed.error());
    }
    if (!in_doubt) co_return AckOutcome::already_acknowledged;
    // Gone, perhaps by our own removal whose answer was lost: the delivered item says whose acknowledgement it is.
    auto delivered = co_await table_.get(layout::delivered_key(tenant, id));
    if (!delivered) co_return Error{ErrorCode::unavailable, delivered.error().message};
    co_return bytes_of(*delivered, "a") == token ? AckOutcome::acknowledged : AckOutcome::already_acknowledged;
  }
  co_return Error{ErrorCode::unavailable, "DynamoDB did not say whether it removed an event from its inbox"};
}

}  // namespace triggers::store::dynamo
