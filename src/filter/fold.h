#pragma once

#include <string>
#include <string_view>

namespace triggers::filter {

/// `text` with the case of its letters taken away: two texts are equal but for case if these are equal. One code point
/// at a time, by its simple upper and then lower case (Unicode 14), without a locale: "ß" is not "ss". Bytes that are
/// not UTF-8 stay.
[[nodiscard]] std::string fold_case(std::string_view text);

}  // namespace triggers::filter
