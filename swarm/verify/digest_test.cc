#include "swarm/verify/digest.h"

#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

TEST(Digest, DiffersInEveryField) {
  const Digest digest = digest_of({.event_type = "a", .payload = "{}", .source = "s", .metadata = "{}"});
  EXPECT_NE(digest, digest_of({.event_type = "b", .payload = "{}", .source = "s", .metadata = "{}"}));
  EXPECT_NE(digest, digest_of({.event_type = "a", .payload = "{ }", .source = "s", .metadata = "{}"}));
  EXPECT_NE(digest, digest_of({.event_type = "a", .payload = "{}", .source = "", .metadata = "{}"}));
  EXPECT_NE(digest, digest_of({.event_type = "a", .payload = "{}", .source = "s"}));
  EXPECT_NE(digest_of({.event_type = "ab", .payload = "c"}), digest_of({.event_type = "a", .payload = "bc"}));
}

}  // namespace
}  // namespace triggers::swarm
