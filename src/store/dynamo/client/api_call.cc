#include "store/dynamo/client/api_call.h"

#include <array>

namespace triggers::store::dynamo {
namespace {

constexpr std::array<std::string_view, 16> names{"GetItem",
                                                 "BatchGetItem",
                                                 "PutItem",
                                                 "UpdateItem",
                                                 "DeleteItem",
                                                 "Query",
                                                 "Scan",
                                                 "BatchWriteItem",
                                                 "TransactWriteItems",
                                                 "CreateTable",
                                                 "DeleteTable",
                                                 "DescribeTable",
                                                 "UpdateTimeToLive",
                                                 "DescribeTimeToLive",
                                                 "UpdateContinuousBackups",
                                                 "DescribeContinuousBackups"};

}  // namespace

std::string_view name_of(ApiCall call) noexcept { return names[static_cast<std::size_t>(call)]; }

bool only_reads(ApiCall call) noexcept {
  switch (call) {
    case ApiCall::get_item:
    case ApiCall::batch_get_item:
    case ApiCall::query:
    case ApiCall::scan:
    case ApiCall::describe_table:
    case ApiCall::describe_time_to_live:
    case ApiCall::describe_continuous_backups: return true;
    case ApiCall::put_item:
    case ApiCall::update_item:
    case ApiCall::delete_item:
    case ApiCall::batch_write_item:
    case ApiCall::transact_write_items:
    case ApiCall::create_table:
    case ApiCall::delete_table:
    case ApiCall::update_time_to_live:
    case ApiCall::update_continuous_backups: return false;
  }
  return false;
}

}  // namespace triggers::store::dynamo
