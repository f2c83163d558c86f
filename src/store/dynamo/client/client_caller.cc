// The Caller that sends through DynamoClient (make_caller() in caller.h): it parses responses and names their errors.
// Sending and retrying are in client.cc.

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "store/dynamo/client/caller.h"

namespace triggers::store::dynamo {
namespace {

namespace json = boost::json;

constexpr std::string_view condition_failed{"ConditionalCheckFailed"};

std::optional<json::object> parse_object(const std::string& text) {
  json::error_code error;
  auto value = json::parse(text, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

CallError::Kind kind_of(const DynamoError& error) {
  switch (error.code) {
    case DynamoCode::conditional_failed: return CallError::Kind::condition_failed;
    case DynamoCode::transaction_cancelled: {
      const bool condition =
          std::ranges::any_of(error.reasons, [](const auto& reason) { return reason.code == condition_failed; });
      const bool contended =
          std::ranges::any_of(error.reasons, [](const auto& reason) { return reason.code == "TransactionConflict"; });
      if (condition) return CallError::Kind::condition_failed;
      return contended ? CallError::Kind::contended : CallError::Kind::throttled;
    }
    case DynamoCode::unknown_operation: return CallError::Kind::not_offered;
    case DynamoCode::validation: return CallError::Kind::invalid;
    case DynamoCode::too_large: return CallError::Kind::too_large;
    case DynamoCode::missing_table: return CallError::Kind::no_table;
    case DynamoCode::table_not_active: return CallError::Kind::table_busy;
    case DynamoCode::overloaded: return CallError::Kind::overloaded;
    case DynamoCode::throttled: return CallError::Kind::throttled;
    case DynamoCode::denied:
    case DynamoCode::unavailable: return CallError::Kind::unavailable;
    case DynamoCode::ambiguous: return CallError::Kind::unknown;
  }
  INVARIANT(false, "a code of DynamoDB without an entry in this switch");
}

class ClientCaller final : public Caller {
 public:
  explicit ClientCaller(DynamoClient& client) : client_(client) {}

  Task<CallResult> call(ApiCall api_call, json::object body, Repeat repeat, std::chrono::milliseconds within) override {
    const auto deadline = std::chrono::steady_clock::now() + within;
    auto reply = co_await client_.call(api_call, json::serialize(body), repeat, deadline);
    if (reply) {
      // An empty object would say that an item is not there, or that a write was done.
      if (auto parsed = parse_object(reply->body)) co_return *std::move(parsed);
      co_return CallError{CallError::Kind::unknown, "the answer is not DynamoDB's JSON", {}};
    }
    DynamoError failure = std::move(reply).error();
    CallError error{kind_of(failure), std::move(failure.message), {}};
    if (!failure.item.empty()) error.item = parse_object(failure.item).value_or(json::object{});
    for (std::size_t i = 0; i < failure.reasons.size(); ++i) {
      if (failure.reasons[i].code != condition_failed) continue;
      error.failed.push_back({i, parse_object(failure.reasons[i].item).value_or(json::object{})});
    }
    co_return error;
  }

  Task<bool> wait_to_retry(unsigned retry, std::chrono::milliseconds within) override {
    return client_.wait_to_retry(retry, std::chrono::steady_clock::now() + within);
  }

  Task<bool> pause(unsigned round, std::chrono::milliseconds within) override {
    return client_.pause(round, std::chrono::steady_clock::now() + within);
  }

  Task<void> sleep(std::chrono::milliseconds time) override { return client_.sleep(time); }

 private:
  DynamoClient& client_;
};

}  // namespace

std::unique_ptr<Caller> make_caller(DynamoClient& client) { return std::make_unique<ClientCaller>(client); }

}  // namespace triggers::store::dynamo
