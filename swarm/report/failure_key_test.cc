#include "swarm/report/failure_key.h"

#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

TEST(FailureKey, IsLocustsDigestOfMethodNameAndText) {
  // hashlib.sha256(("GET./x." + repr("ConnectionRefusedError(111, 'Connection refused')")).encode()).hexdigest()
  EXPECT_EQ(failure_key({"GET", "/x", "ConnectionRefusedError(111, 'Connection refused')"}),
            "b77a41d6a64f0ece17179c1f925942f68be966ea3bfb0ce42f62012e9cf1bb25");
}

}  // namespace
}  // namespace triggers::swarm
