#pragma once

#include "base/unique_fd.h"

namespace triggers::http {

using triggers::UniqueFd;

}  // namespace triggers::http
