#pragma once

// The endpoint POST /admin/backup. Making the copy is in store/rocks/database/database_copy.h.

#include <functional>
#include <string>

#include "api/exchange/exchange.h"
#include "api/exchange/refusal.h"
#include "base/task.h"
#include "http/wire/message.h"

namespace triggers::api {

/// Copies the store into a new directory.
using Backup = std::function<Task<Status>(std::string directory)>;

/// POST /admin/backup. An empty `backup`: this store has none.
Task<OrRefusal<http::Response>> post_backup(const Backup& backup, Exchange& exchange);

}  // namespace triggers::api
