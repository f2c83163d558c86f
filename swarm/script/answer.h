#pragma once

// The answer to a request as a script sees it: a small object whose members and methods read the response, or judge it.
// Sending is in request_functions.cc.

#include <cstdint>

#include "swarm/load/user.h"
#include "swarm/script/script_thread.h"

struct lua_State;

namespace triggers::swarm {

class RequestBatch;

/// Defines the type of answers in a state. Once, before push_answer().
void define_answers(lua_State* lua);

/// Fails the response if its status is none of those; an expected one of 400 or more is a success.
void judge_by_status(Response& response, const ExpectedStatuses& expected);

/// Pushes an answer with this serial number, which judge_by_status() has judged.
void push_answer(lua_State* lua, ScriptThread& thread, const Response& response, std::uint64_t serial);
/// Pushes a list of the answers to all requests of a batch, and judges them by their statuses. Returns the serial
/// number of the first; the others follow.
std::uint64_t push_answers(lua_State* lua, ScriptThread& thread, RequestBatch& batch);

}  // namespace triggers::swarm
