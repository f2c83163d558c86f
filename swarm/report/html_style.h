#pragma once

// The style sheet and the script of the HTML report. The page is in html_report.h.

#include <string_view>

namespace triggers::swarm {

/// The page's style sheet.
[[nodiscard]] std::string_view html_style() noexcept;
/// The page's script shows the values under the pointer. The page is complete without it.
[[nodiscard]] std::string_view html_script() noexcept;

}  // namespace triggers::swarm
