#pragma once

// For tests of handlers that wait until they are told to end (caller.h).

#include <string>

#include "base/cancellation.h"
#include "base/until_cancelled.h"

namespace triggers::http {

inline std::string name_of(Cancellation::Reason reason) {
  switch (reason) {
    case Cancellation::Reason::none: return "none";
    case Cancellation::Reason::timeout: return "timeout";
    case Cancellation::Reason::stopping: return "stopping";
    case Cancellation::Reason::gone: return "gone";
  }
  return "?";
}

}  // namespace triggers::http
