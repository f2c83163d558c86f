#pragma once

// Reads and writes items of one table, also in a transaction, with conditions, one deadline and a tenant's turns.
// Creating and deleting tables is in tables/tables.h.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/dynamo/client/call_turns.h"
#include "store/dynamo/client/caller.h"
#include "store/dynamo/client/item.h"

namespace triggers::store::dynamo {

/// The condition of a write. An empty expression: no condition.
struct Condition {
  std::string expression{};
  Item values{};  ///< Of its `:names`.
};

/// One write of a transaction.
struct Write {
  enum class Kind : std::uint8_t {
    put,
    remove,
    update,
    check,  ///< Changes nothing: only its condition counts.
  };
  Kind kind = Kind::put;
  Item item{};  ///< put: the whole item; otherwise its key.
  Condition condition{};
  std::string expression{};  ///< update: the UpdateExpression, whose values are those of the condition.
};

/// A new ClientRequestToken: a transaction that is repeated with it is the same one.
[[nodiscard]] std::string request_token();

/// One table. Reads are strongly consistent. Any thread with an Executor.
class Table {
 public:
  static constexpr std::chrono::milliseconds within_default{5'000};
  using TimePoint = std::chrono::steady_clock::time_point;

  Table(Caller& caller, std::string name) : caller_(caller), name_(std::move(name)) {}

  /// The same table for one request: no call begins or ends after the deadline. The error is then `throttled`: DynamoDB
  /// responds, but slowly.
  [[nodiscard]] Table until(TimePoint deadline) const {
    Table table(caller_, name_);
    table.deadline_ = deadline;
    return table;
  }
  /// The same, and each call waits for a turn of this tenant. `turns` outlives it.
  [[nodiscard]] Table until(TimePoint deadline, CallTurns& turns, std::string tenant) const {
    Table table = until(deadline);
    table.turns_ = &turns;
    table.tenant_ = std::move(tenant);
    return table;
  }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// The deadline is over.
  [[nodiscard]] bool late() const { return left().count() <= 0; }

  /// The item, or an empty one if there is none.
  Task<Result<Item, CallError>> get(Item key);
  /// A failed condition's error has the stored item.
  Task<CallResult> put(Item item, Condition condition, Repeat repeat,
                       std::chrono::milliseconds within = within_default);
  Task<CallResult> remove(Item key, Condition condition, Repeat repeat);
  /// Does all of 1 to `writes_max` writes of different items, or none: twice the write units. The same `token` and
  /// writes again within ten minutes are the same transaction, which is done once; so it may be repeated. A failed
  /// condition's error has the stored items in `failed`.
  Task<CallResult> transact(std::vector<Write> writes, std::string token,
                            std::chrono::milliseconds within = within_default);
  static constexpr std::size_t writes_max = 100;
  /// transact(), repeated until DynamoDB says whether it has done it, or until no retry is left: then `unknown` if it
  /// may have. A failed condition means that nothing was done: with its token, a transaction that was done answers so
  /// again.
  Task<CallResult> transact_until_known(std::vector<Write> writes);
  /// Puts the item if nothing is under its key and nothing under `elsewhere`, in one transaction: twice the write
  /// units. A failed condition does not tell which. May be repeated.
  Task<CallResult> put_if_neither(Item item, Item elsewhere, std::chrono::milliseconds within);
  /// Returns the item as it is after the update.
  Task<Result<Item, CallError>> update(Item key, std::string expression, Condition condition, Repeat repeat);

  /// The items of different keys, in their order; an empty one: there is none. Asks again for the keys that DynamoDB
  /// has left out, as long as the limit on retries allows; otherwise the error is `throttled`. All that is returned is
  /// in memory at once.
  Task<Result<std::vector<Item>, CallError>> batch_get(std::vector<Item> keys);

  struct Range {
    std::string partition;
    std::string sort_name = "i";
    boost::json::object after{};  ///< Value of the sort key, exclusive.
    boost::json::object up_to{};  ///< The last one, inclusive. Only forwards, and only for bytes.
    bool backwards = false;       ///< From the largest sort key to the least.
    std::size_t limit = 0;
  };
  struct Items {
    std::vector<Item> items;
    bool more = false;  ///< There may be more after the last one.
  };
  /// The items of one partition in order, at most `limit` and 1 MB.
  Task<Result<Items, CallError>> query(Range range);

  /// Caller::wait_to_retry.
  Task<bool> wait_to_retry(unsigned retry, std::chrono::milliseconds within) {
    return caller_.wait_to_retry(retry, std::min(within, left()));
  }
  /// Caller::pause.
  Task<bool> pause(unsigned round, std::chrono::milliseconds within) {
    return caller_.pause(round, std::min(within, left()));
  }
  /// Caller::sleep, whatever the deadline is.
  Task<void> sleep(std::chrono::milliseconds time) { return caller_.sleep(time); }

 private:
  Task<CallResult> call(ApiCall api_call, boost::json::object body, Repeat repeat, std::chrono::milliseconds within);
  Task<Result<std::vector<Item>, CallError>> get_some(boost::json::array keys);
  [[nodiscard]] std::chrono::milliseconds left() const;

  Caller& caller_;
  const std::string name_;
  TimePoint deadline_ = TimePoint::max();
  CallTurns* turns_ = nullptr;
  std::string tenant_;
};

}  // namespace triggers::store::dynamo
