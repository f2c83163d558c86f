#pragma once

// Creates, checks (tables_check.cc) and deletes the tables, for commands. Reading and writing items is in
// client/table.h.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/dynamo/client/caller.h"

namespace triggers::store::dynamo {

/// The state of one table.
struct TableReport {
  std::string table;
  bool good = false;
  std::string text;  ///< For an operator: what was done, or what is wrong, or what the endpoint does not offer.
};

/// Creates, checks and removes the two tables of a service. For commands: it waits for DynamoDB.
class Tables {
 public:
  Tables(Caller& caller, std::string events_table, std::string keys_table);

  /// Creates what is missing: on-demand capacity, encryption at rest, removal of expired items, and point-in-time
  /// recovery. If the endpoint does not offer one of the last three, the result says so, and is good. Changes nothing
  /// that is right. A table with other keys, or with provisioned capacity, is not changed, and is not good.
  Task<Result<std::vector<TableReport>>> create();
  /// Reports what differs from what create() makes, as far as the endpoint offers it. (AWS encrypts whatever a table
  /// says.)
  Task<Result<std::vector<TableReport>>> check();
  /// Removes the tables with all their items, and waits until they are gone. A missing table is good.
  Task<Result<std::vector<TableReport>>> remove();

 private:
  struct Shape {
    std::string name;
    std::string sort_name, sort_type;
  };
  static constexpr std::string_view expiry_name = "x";

  Task<Result<std::vector<TableReport>>> each(Task<Result<TableReport>> (Tables::*work)(Shape));
  Task<Result<TableReport>> create_one(Shape shape);
  Task<Result<TableReport>> check_one(Shape shape);
  Task<Result<TableReport>> remove_one(Shape shape);
  /// What to report besides that it was made.
  Task<Result<std::string>> make(Shape shape);
  Task<Status> wait_until_active(std::string name);
  Task<Status> wait_until_gone(std::string name);
  /// Nothing: the endpoint does not offer it.
  Task<Result<std::optional<bool>>> expiry_is_on(std::string name);
  Task<Result<std::optional<bool>>> recovery_is_on(std::string name);
  Task<Result<std::string>> switch_on_expiry(std::string name);
  Task<Result<std::string>> switch_on_recovery(std::string name);

  Caller& caller_;
  const std::vector<Shape> shapes_;
};

}  // namespace triggers::store::dynamo
