#pragma once

// How many events one request may contain or ask for. Limits in bytes are options (config/config.h).

#include <cstddef>

namespace triggers::api {

// What one request may hold or ask for.
inline constexpr std::size_t batch_events_max = 500;
inline constexpr std::size_t page_events_max = 200;
inline constexpr std::size_t acknowledged_events_max = 500;

}  // namespace triggers::api
