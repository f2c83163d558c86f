#include "http/wire/caller.h"

#include "http/wire/message.h"

namespace triggers::http {

CallerWatch::CallerWatch(const Request& request, Caller::TimePoint until) : caller_(request.caller) {
  if (caller_ != nullptr) {
    caller_->watch(cancellation_, until);
  } else {
    cancellation_.cancel(Cancellation::Reason::timeout);
  }
}

CallerWatch::~CallerWatch() {
  if (caller_ != nullptr) caller_->unwatch();
}

}  // namespace triggers::http
