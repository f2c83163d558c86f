#pragma once

// The endpoint GET /inbox: reads the query, and answers a page as JSON with its cursor. Reading the page is the
// engine's work (store/default_inbox.h).

#include <string_view>

#include "api/admission/admission_context.h"
#include "api/exchange/exchange.h"
#include "api/exchange/refusal.h"
#include "base/fair_budget.h"
#include "base/task.h"
#include "base/turn_pool.h"
#include "http/wire/message.h"
#include "store/default_inbox.h"
#include "store/entry_arrivals.h"

namespace triggers::api {

struct InboxPages {
  const AdmissionContext& admission;
  store::DefaultInbox& store;
  store::EntryArrivals* arrivals;  ///< Null: this store cannot wait.
  std::string_view cursor_secret;  ///< Signs cursors; the same on every node.
  FairBudget& answers;
  TurnPool* parsers;  ///< For large pages; null: the loop builds them.
};

/// GET /inbox
Task<OrRefusal<http::Response>> get_inbox(const InboxPages& inbox, Exchange& exchange);

}  // namespace triggers::api
