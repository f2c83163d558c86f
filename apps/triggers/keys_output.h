#pragma once

// Prints the responses to `triggers keys` as JSON, a table or a list of fields, and their errors; also that a key is
// the first of its user. The arguments are in keys_command.h.

#include <string>

#include "http/wire/message.h"

namespace triggers {

/// Prints a response of /admin/keys and returns the exit status. It prints the JSON as received, or for a person a
/// table of keys or the fields of one key. After creating or rotating, the last line has the secret alone. Errors go to
/// standard error.
int print_keys_response(const http::ClientResponse& answer, bool as_json);

/// Says that the key about to be printed is the first of its user, so that nobody takes an empty inbox for a loss.
void print_new_tenant(const std::string& user_id);

}  // namespace triggers
