#pragma once

// JSON that a person types as an argument. The service, not the command, checks what it means.

#include <string>
#include <string_view>

namespace triggers {

/// Whether `text` has the outline of one JSON object, so that it can become the value of a member without changing the
/// members around it: braces, brackets and strings match, and nothing follows the object.
[[nodiscard]] bool is_one_object(std::string_view text);

/// For an option: what is wrong with its text; empty if it is the outline of an object.
[[nodiscard]] std::string object_problem(const std::string& text);

}  // namespace triggers
