#pragma once

// Makes sure that a command's result reaches standard output. Log lines and errors are in log/log.h.

namespace triggers {

/// Writes what was printed to standard output. False if some of it is lost, as on a full disk.
[[nodiscard]] bool flush_output();

}  // namespace triggers
