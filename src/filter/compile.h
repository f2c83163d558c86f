#pragma once

// Makes the program of a set of filters. What a program consists of is in program.h; walk.h runs it.

#include <memory>
#include <vector>

#include "base/result.h"
#include "filter/filter.h"
#include "filter/program.h"

namespace triggers::filter {

/// Errors are those of FilterSet::make().
[[nodiscard]] Result<std::shared_ptr<const Program>> compile(const std::vector<Filter>& filters);

}  // namespace triggers::filter
