#pragma once

#include <string>

#include "store/event_store.h"

namespace triggers::store {

/// How much room the file system of `directory` has for this process's user. All zero if it does not say.
[[nodiscard]] DiskSpace measure_disk(const std::string& directory);

/// The level of `space`, coming from `before`: it leaves a level only with a quarter more room than it was entered
/// with. Low is less than a tenth of the disk or 10 GiB, whichever is less; very low is less than a fiftieth or 2 GiB.
[[nodiscard]] DiskLevel disk_level(const DiskSpace& space, DiskLevel before);

}  // namespace triggers::store
