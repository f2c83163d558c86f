#pragma once

// Small helpers of the calls that concern a whole table, such as CreateTable. Calls that concern items are in table.h.

#include <boost/json/object.hpp>
#include <string_view>

#include "store/dynamo/client/caller.h"

/// What the calls about whole tables have in common.
namespace triggers::store::dynamo {

/// A request's body that names the table.
[[nodiscard]] boost::json::object about_table(std::string_view table);
/// The member if it is a string; otherwise an empty one. Lives as long as the object.
[[nodiscard]] std::string_view string_member(const boost::json::object& object, std::string_view name);
/// A call of a command, with a long deadline.
Task<CallResult> ask_for_table(Caller& caller, ApiCall api_call, boost::json::object body);

}  // namespace triggers::store::dynamo
