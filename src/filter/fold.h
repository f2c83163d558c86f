#pragma once

// Removes the difference between upper and lower case, for operators that ignore case.

#include <string>
#include <string_view>

namespace triggers::filter {

/// `text` without case: two texts differ only in case if their results are equal. Each code point becomes the simple
/// lower case of its simple upper case (Unicode 14), independent of the locale, so "ß" does not become "ss". Bytes that
/// are not UTF-8 do not change.
[[nodiscard]] std::string fold_case(std::string_view text);

}  // namespace triggers::filter
