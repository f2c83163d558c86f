#pragma once

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

/// The two tables of a service, made, looked at and removed. For commands; waits for DynamoDB where it must.
class Tables {
 public:
  Tables(Caller& caller, std::string events_table, std::string keys_table);

  /// Makes what is missing: on-demand capacity, encryption at rest, removal of what has expired, and point-in-time
  /// recovery; an endpoint without one of the last three is told of and is good. Does nothing to what is right. A table
  /// of another shape, or with provisioned capacity, is not changed, and is not good.
  Task<Result<std::vector<TableReport>>> create();
  /// Tells what is not as create() makes it, where the endpoint offers it. (AWS encrypts whatever a table says.)
  Task<Result<std::vector<TableReport>>> check();
  /// With all that is in them; waits until they are gone. A table that is not there is good.
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
  /// What there is to say of it beside that it was made.
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
