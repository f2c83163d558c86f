#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "store/dynamo/caller.h"
#include "store/dynamo/item.h"

namespace triggers::store::dynamo {

/// What must hold for a write. An empty expression: nothing.
struct Condition {
  std::string expression{};
  Item values{};  ///< Of its `:names`.
};

/// One table. Reads are strongly consistent. Any thread with an Executor.
class Table {
 public:
  static constexpr std::chrono::milliseconds within_default{5'000};

  Table(Caller& caller, std::string name) : caller_(caller), name_(std::move(name)) {}

  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// The item, or an empty one if there is none.
  Task<Result<Item, CallError>> get(Item key);
  /// A failed condition tells what is there.
  Task<Answer> put(Item item, Condition condition, Repeat repeat, std::chrono::milliseconds within = within_default);
  Task<Answer> remove(Item key, Condition condition, Repeat repeat);
  /// Answers the item as it is afterwards.
  Task<Result<Item, CallError>> update(Item key, std::string expression, Condition condition, Repeat repeat);

  struct Range {
    std::string partition;
    std::string sort_name = "i";
    boost::json::object after{};  ///< Value of the sort key, exclusive.
    std::size_t limit = 0;
  };
  struct Items {
    std::vector<Item> items;
    bool more = false;  ///< Behind the last one; there may be none after all.
  };
  /// The items of one partition in order, at most `limit` and 1 MB.
  Task<Result<Items, CallError>> query(Range range);

 private:
  Caller& caller_;
  const std::string name_;
};

}  // namespace triggers::store::dynamo
