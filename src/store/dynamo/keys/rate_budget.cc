#include "store/dynamo/keys/rate_budget.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/random.h"
#include "limit/gcra.h"

namespace triggers::store::dynamo {
namespace {

constexpr int rounds_max = 16;
/// By which the clocks of nodes may differ.
constexpr std::chrono::nanoseconds clocks_differ_max = std::chrono::seconds{2};
/// A bucket that is full for so long is the same as none.
constexpr std::chrono::seconds kept_longer{3'600};

Item budget_key(const std::string& key_id) {
  Item key;
  key["k"] = text_value("rate#" + key_id);
  key["s"] = text_value("bucket");
  return key;
}

}  // namespace

Task<Result<limit::Grant>> RateBudget::take(std::string key_id, std::uint32_t per_minute,
                                            std::function<std::uint32_t()> wanted) {
  const auto since = clock_.steady();
  const limit::Gcra gcra(per_minute);
  const std::uint64_t number = random_u64();
  const std::string token(reinterpret_cast<const char*>(&number), sizeof number);
  auto there = co_await table_.get(budget_key(key_id));
  if (!there) co_return to_error(there.error());
  Item item = std::move(*there);
  for (int round = 0; round < rounds_max; ++round) {
    limit::Grant grant;
    grant.taken_at = clock_.steady();
    const auto left = std::chrono::floor<std::chrono::milliseconds>(Table::within_default - (grant.taken_at - since));
    if (left <= left.zero()) break;
    const std::int64_t now_ns = std::chrono::nanoseconds{clock_.now().time_since_epoch()}.count();
    const auto known = number_of(item, "f");
    std::int64_t full_at_ns = known.value_or(now_ns);
    if (full_at_ns > now_ns + gcra.capacity_ns + clocks_differ_max.count()) {
      // Do not write it back: nothing shows which clock is wrong, and a slow clock would fill the bucket for all nodes.
      grant.clocks_agree = false;
      grant.bucket.limit = per_minute;
      co_return grant;
    }
    const std::int64_t room_ns = gcra.capacity_ns - (std::max(full_at_ns, now_ns) - now_ns);
    grant.tokens = static_cast<std::uint32_t>(std::clamp<std::int64_t>(room_ns / gcra.price_ns, 0, wanted()));
    if (grant.tokens == 0) {
      grant.bucket = gcra.describe(false, full_at_ns, now_ns);
      co_return grant;
    }
    full_at_ns = std::max(full_at_ns, now_ns) + grant.tokens * gcra.price_ns;
    grant.bucket = gcra.describe(true, full_at_ns, now_ns);

    Item taken = budget_key(key_id);
    taken["w"] = bytes_value(token);
    taken["f"] = number_value(full_at_ns);
    const std::chrono::nanoseconds full_at{full_at_ns};
    taken["x"] = number_value((std::chrono::ceil<std::chrono::seconds>(full_at) + kept_longer).count());
    Condition unchanged;
    unchanged.expression = known ? "f = :known" : "attribute_not_exists(k)";
    if (known) unchanged.values[":known"] = number_value(*known);
    auto written = co_await table_.put(std::move(taken), std::move(unchanged), Repeat::safe, left);
    if (written) co_return grant;
    if (written.error().kind != CallError::Kind::condition_failed) co_return to_error(written.error());
    item = written.error().item;
    // An earlier try of this call whose answer was lost.
    if (bytes_of(item, "w") == token) co_return grant;
  }
  co_return Error{ErrorCode::overloaded, "too many nodes at the rate limit of one key at once, or too slow a DynamoDB"};
}

}  // namespace triggers::store::dynamo
