#pragma once

#include "operator_client.h"

namespace triggers {

/// Prints what /admin/keys answered: JSON as it came, or for a person: a table of keys; one key's fields; and after
/// creating or rotating the key alone on the last line. An error goes to standard error. The exit status.
int print_keys_response(const OperatorResponse& answer, bool as_json);

/// Says that the key about to be printed is the first of its user, so that nobody takes an empty inbox for a loss.
void print_new_tenant(const std::string& user_id);

}  // namespace triggers
