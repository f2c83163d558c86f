#pragma once

#include <memory>

#include "base/result.h"
#include "base/url.h"
#include "http/client/pool.h"

namespace triggers::aws {

/// One connection to an endpoint that gives credentials; its answers are short.
Result<std::unique_ptr<http::ClientPool>> credential_pool(const Url& url);

}  // namespace triggers::aws
