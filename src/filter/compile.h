#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "filter/filter.h"
#include "filter/program.h"

namespace triggers::filter {

/// Errors are those of FilterSet::make().
[[nodiscard]] Result<std::shared_ptr<const Program>> compile(const std::vector<Filter>& filters);

}  // namespace triggers::filter
