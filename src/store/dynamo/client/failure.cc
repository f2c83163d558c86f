#include "store/dynamo/client/failure.h"

#include <array>
#include <boost/json.hpp>

#include "store/dynamo/client/response_body.h"

namespace triggers::store::dynamo {
namespace {

namespace json = boost::json;
using Code = DynamoCode;

struct Rule {
  std::string_view type;
  Code code;
  bool retry;
  bool unknown = false;
};

constexpr std::array rules{
    Rule{"UnknownOperationException", Code::unknown_operation, false},
    Rule{"ConditionalCheckFailedException", Code::conditional_failed, false},
    Rule{"TransactionCanceledException", Code::transaction_cancelled, false},
    Rule{"TransactionInProgressException", Code::ambiguous, true, true},
    Rule{"TransactionConflictException", Code::throttled, true},
    Rule{"ReplicatedWriteConflictException", Code::throttled, true},
    Rule{"ProvisionedThroughputExceededException", Code::throttled, true},
    Rule{"ThrottlingException", Code::throttled, true},
    Rule{"ThrottledException", Code::throttled, true},
    Rule{"RequestLimitExceeded", Code::throttled, true},
    Rule{"LimitExceededException", Code::throttled, true},
    Rule{"ResourceNotFoundException", Code::missing_table, false},
    Rule{"TableNotFoundException", Code::missing_table, false},
    Rule{"ResourceInUseException", Code::table_not_active, false},
    Rule{"TableInUseException", Code::table_not_active, false},
    Rule{"TableAlreadyExistsException", Code::table_not_active, false},
    // For some seconds after a table was made.
    Rule{"ContinuousBackupsUnavailableException", Code::table_not_active, true},
    Rule{"ItemCollectionSizeLimitExceededException", Code::too_large, false},
    Rule{"RequestEntityTooLarge", Code::too_large, false},
    Rule{"AccessDeniedException", Code::denied, false},
    Rule{"UnrecognizedClientException", Code::denied, false},
    Rule{"InvalidSignatureException", Code::denied, false},
    Rule{"IncompleteSignatureException", Code::denied, false},
    Rule{"MissingAuthenticationTokenException", Code::denied, false},
    Rule{"MissingAuthenticationToken", Code::denied, false},
    Rule{"InvalidClientTokenId", Code::denied, false},
    Rule{"ExpiredTokenException", Code::denied, false},
    Rule{"OptInRequired", Code::denied, false},
    // After these errors a write may have been done nevertheless.
    Rule{"InternalServerError", Code::unavailable, true, true},
    Rule{"InternalServerErrorException", Code::unavailable, true, true},
    Rule{"InternalFailure", Code::unavailable, true, true},
    Rule{"ServiceUnavailable", Code::unavailable, true, true},
};

constexpr std::size_t message_bytes_max = 512;

std::string text_at(const json::object& object, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const json::value* const found = object.if_contains(name);
    if (found != nullptr && found->is_string()) return std::string(found->get_string()).substr(0, message_bytes_max);
  }
  return {};
}

std::string json_at(const json::object& object, const char* name) {
  const json::value* const found = object.if_contains(name);
  return found != nullptr && found->is_object() ? json::serialize(*found) : std::string{};
}

std::vector<CancellationReason> reasons_of(const json::object& body) {
  std::vector<CancellationReason> reasons;
  const json::value* const found = body.if_contains("CancellationReasons");
  if (found == nullptr || !found->is_array()) return reasons;
  for (const json::value& one : found->get_array()) {
    if (!one.is_object()) continue;
    const json::object& reason = one.get_object();
    reasons.push_back({text_at(reason, {"Code"}), text_at(reason, {"Message"}), json_at(reason, "Item")});
  }
  return reasons;
}

/// DynamoDB gives an item's size no type of its own. (What it says of a key's size is our mistake.)
bool item_too_large(std::string_view message) {
  return message.find("Item size") != std::string_view::npos ||
         message.find("maximum allowed size") != std::string_view::npos;
}

}  // namespace

Failure failure_of(const http::ClientResponse& response) {
  const unsigned status = response.status;
  boost::system::error_code wrong;
  const json::value parsed = intact(response) ? json::parse(response.body, wrong) : json::value{};
  if (wrong || !parsed.is_object()) {
    Failure failure;
    failure.error.message = "status " + std::to_string(status) + " with a body that is not DynamoDB's";
    failure.retry = status < 400 || status >= 500 || status == 408 || status == 429;
    if (status == 413) failure.error.code = Code::too_large;
    if (status == 401 || status == 403) failure.error.code = Code::denied;
    if (status != 413 && status != 401 && status != 403 && status != 429) failure.done = Failure::Done::unknown;
    return failure;
  }
  const json::object& body = parsed.get_object();
  std::string type = text_at(body, {"__type"});
  type.erase(0, type.rfind('#') + 1);  // com.amazonaws.dynamodb.v20120810#Name
  Failure failure;
  failure.error.message = type + ": " + text_at(body, {"message", "Message"});
  failure.error.code = status >= 500 ? Code::unavailable : Code::validation;
  failure.retry = status >= 500;
  if (status >= 500) failure.done = Failure::Done::unknown;
  for (const Rule& rule : rules) {
    if (rule.type != type) continue;
    failure.error.code = rule.code;
    failure.retry = rule.retry;
    failure.done = rule.unknown ? Failure::Done::unknown : Failure::Done::no;
  }
  if (failure.error.code == Code::validation && (status == 413 || item_too_large(failure.error.message))) {
    failure.error.code = Code::too_large;
  }
  if (failure.error.code == Code::conditional_failed) failure.error.item = json_at(body, "Item");
  if (failure.error.code == Code::transaction_cancelled) failure.error.reasons = reasons_of(body);
  return failure;
}

Failure failure_of(const http::FetchError& error) {
  Failure failure;
  const bool overloaded = error.code == http::FetchErrorCode::overloaded;
  failure.error.code = overloaded ? Code::overloaded : Code::unavailable;
  failure.error.message = error.message;
  // A retry would only lengthen the full queue.
  failure.retry = !overloaded;
  if (error.sent) failure.done = Failure::Done::unknown;
  return failure;
}

}  // namespace triggers::store::dynamo
