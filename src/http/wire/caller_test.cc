#include "http/wire/caller.h"

#include <gtest/gtest.h>

#include "http/wire/message.h"

namespace triggers::http {
namespace {

TEST(CallerWatch, WithoutACallerNobodyWaits) {
  const Request request;
  CallerWatch client(request, Caller::TimePoint::max());
  EXPECT_EQ(client.cancellation().reason(), Cancellation::Reason::timeout);
}

TEST(CallerWatch, EndsTheWatchWhenItGoes) {
  struct Counting final : Caller {
    void watch(Cancellation& told, TimePoint) override { told_ = &told; }
    void unwatch() noexcept override { told_ = nullptr; }
    bool takes_streams() const noexcept override { return false; }
    Cancellation* told_ = nullptr;
  };
  Counting caller;
  Request request;
  request.caller = &caller;
  {
    CallerWatch client(request, Caller::TimePoint::max());
    EXPECT_FALSE(client.cancellation().cancelled());
    caller.told_->cancel(Cancellation::Reason::gone);
    EXPECT_EQ(client.cancellation().reason(), Cancellation::Reason::gone);
  }
  EXPECT_EQ(caller.told_, nullptr);
}

}  // namespace
}  // namespace triggers::http
