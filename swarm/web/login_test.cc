#include "swarm/web/login.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace triggers::swarm {
namespace {

using Verdict = Login::Verdict;
constexpr Login::Time start{};

http::Request with(std::string_view name, const std::string& value) {
  http::Request request;
  request.headers.add(name, value);
  return request;
}

http::Request basic(std::string_view login) { return with("Authorization", "Basic " + to_base64(login)); }

TEST(Login, WithoutAPasswordAllowsEverybody) {
  Login login("");
  EXPECT_EQ(login.check({}, start), Verdict::allowed);
}

TEST(Login, TakesTheUserAndPasswordAlone) {
  Login login("ann:secret:with colon");
  EXPECT_EQ(login.check({}, start), Verdict::unknown);
  EXPECT_EQ(login.check(basic("ann:secret:with colon"), start), Verdict::allowed);
  EXPECT_EQ(login.check(basic("ann:secret"), start), Verdict::wrong);
  EXPECT_EQ(login.check(basic(""), start), Verdict::wrong);
  EXPECT_EQ(login.check(with("Authorization", "Basic %%%"), start), Verdict::wrong);
  EXPECT_EQ(login.check(with("Authorization", "Bearer ann"), start), Verdict::unknown);
  EXPECT_EQ(login.check_password("ann", "secret:with colon", start), Verdict::allowed);
}

TEST(Login, ASessionLastsUntilItEndsOrItsTimeIsOver) {
  Login login("ann:secret");
  const std::string token = login.begin_session(start);
  const auto request = with("Cookie", "other=1; swarm_session=" + token);
  EXPECT_EQ(login.check(request, start), Verdict::allowed);
  EXPECT_EQ(login.check(with("Cookie", "swarm_session="), start), Verdict::unknown);
  EXPECT_EQ(login.check(with("Cookie", "swarm_session=" + token + "0"), start), Verdict::unknown);
  EXPECT_EQ(login.check(request, start + Login::session_life), Verdict::unknown);
  const std::string second = login.begin_session(start);
  EXPECT_NE(second, token);
  login.end_session(with("Cookie", "swarm_session=" + second));
  EXPECT_EQ(login.check(with("Cookie", "swarm_session=" + second), start), Verdict::unknown);
}

TEST(Login, ANewSessionEndsTheOldestOfTooMany) {
  Login login("ann:secret");
  const auto first = with("Cookie", "swarm_session=" + login.begin_session(start));
  for (std::size_t i = 1; i < Login::sessions_max; ++i) static_cast<void>(login.begin_session(start));
  EXPECT_EQ(login.check(first, start), Verdict::allowed);
  static_cast<void>(login.begin_session(start));
  EXPECT_EQ(login.check(first, start), Verdict::unknown);
}

TEST(Login, WrongPasswordsAreLimitedAndTheRightOneWaitsToo) {
  Login login("ann:secret");
  for (std::size_t i = 0; i < Login::failures_max; ++i)
    EXPECT_EQ(login.check(basic("ann:guess"), start), Verdict::wrong);
  EXPECT_EQ(login.check(basic("ann:secret"), start), Verdict::too_many_failures);
  EXPECT_EQ(login.check(basic("ann:secret"), start + Login::failures_window), Verdict::allowed);
}

}  // namespace
}  // namespace triggers::swarm
