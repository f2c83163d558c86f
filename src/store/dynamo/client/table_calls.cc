#include "store/dynamo/client/table_calls.h"

#include <boost/json.hpp>

namespace triggers::store::dynamo {
namespace {

constexpr std::chrono::milliseconds answer_within{30'000};

}  // namespace

boost::json::object about_table(std::string_view table) {
  boost::json::object body;
  body["TableName"] = table;
  return body;
}

std::string_view string_member(const boost::json::object& object, std::string_view name) {
  const auto* member = object.if_contains(name);
  return member != nullptr && member->is_string() ? std::string_view{member->get_string()} : std::string_view{};
}

Task<CallResult> ask_for_table(Caller& caller, ApiCall api_call, boost::json::object body) {
  co_return co_await caller.call(api_call, std::move(body), Repeat::safe, answer_within);
}

}  // namespace triggers::store::dynamo
