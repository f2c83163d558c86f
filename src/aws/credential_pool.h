#pragma once

// The HTTP connection on which credentials are fetched. What is asked there is in container_credentials.cc and
// machine_credentials.cc.

#include <memory>

#include "base/result.h"
#include "http/client/pool.h"
#include "http/wire/url.h"

namespace triggers::aws {

/// One connection to an endpoint that gives credentials; its responses are short.
Result<std::unique_ptr<http::ClientPool>> credential_pool(const http::Url& url);

}  // namespace triggers::aws
