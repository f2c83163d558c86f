#include "swarm/load/failure_text.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace triggers::swarm {
namespace {

// Each expectation is what Python prints.
TEST(FailureText, QuotesAsPythonDoes) {
  EXPECT_EQ(python_repr("plain"), "'plain'");
  EXPECT_EQ(python_repr("it's"), "\"it's\"");
  EXPECT_EQ(python_repr("it's \"both\""), "'it\\'s \"both\"'");
  EXPECT_EQ(python_repr("a\\b\nc\td\x01"), "'a\\\\b\\nc\\td\\x01'");
  EXPECT_EQ(python_repr("größe"), "'größe'");
}

TEST(FailureText, NamesTheExceptionsOfLocustsUsers) {
  const RequestName name{"POST", "POST /events"};
  EXPECT_EQ(caught_failure("bad thing"), "CatchResponseError('bad thing')");
  EXPECT_EQ(status_failure(500, name), "HTTPError('500 Server Error: Internal Server Error for url: POST /events')");
  EXPECT_EQ(status_failure(404, name), "HTTPError('404 Client Error: Not Found for url: POST /events')");
  EXPECT_EQ(connection_failure(ECONNREFUSED), "ConnectionRefusedError(111, 'Connection refused')");
  EXPECT_EQ(connection_failure(ECONNRESET), "ConnectionResetError(104, 'Connection reset by peer')");
}

}  // namespace
}  // namespace triggers::swarm
