#include "store/dynamo/client/caller.h"

namespace triggers::store::dynamo {

Error to_error(const CallError& error) {
  switch (error.kind) {
    case CallError::Kind::overloaded: return {ErrorCode::overloaded, error.message};
    case CallError::Kind::share_used: return {ErrorCode::share_used, error.message};
    case CallError::Kind::contended:
    case CallError::Kind::throttled: return {ErrorCode::overloaded, "DynamoDB is busy: " + error.message};
    case CallError::Kind::too_large:
      return {ErrorCode::too_large,
              "An event is at most 400 KB on this store, with its metadata: send less metadata, or a smaller payload."};
    case CallError::Kind::no_table:
    case CallError::Kind::table_busy:
      return {ErrorCode::unavailable,
              error.message + " (triggers tables check says what is missing; triggers tables create makes it)"};
    case CallError::Kind::unavailable:
    case CallError::Kind::unknown: return {ErrorCode::unavailable, error.message};
    case CallError::Kind::condition_failed:
    case CallError::Kind::not_offered:
    case CallError::Kind::invalid: return {ErrorCode::internal, "a call to DynamoDB is refused: " + error.message};
  }
  INVARIANT(false, "a kind of error without an entry in this switch");
}

}  // namespace triggers::store::dynamo
