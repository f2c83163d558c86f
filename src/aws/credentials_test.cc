#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "aws/refreshed_credentials.h"
#include "base/manual_clock.h"
#include "base/sync_wait.h"
#include "base/timestamp.h"
#include "http/client/test_peer.h"

namespace triggers::aws {
namespace {

using http::TestPeer;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::steady_clock;

Environment with(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

Result<Credentials> get(CredentialSource& source) {
  return sync_wait(source.get(steady_clock::now() + std::chrono::seconds{5}));
}

std::string answer_until(UnixMillis expires, const std::string& id = "ID") {
  return R"({"AccessKeyId":")" + id + R"(","SecretAccessKey":"SECRET","Token":"TOKEN","Expiration":")" +
         format_timestamp(expires) + "\"}";
}

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text) {
    std::string name = (std::filesystem::temp_directory_path() / "triggers-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    write(text);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { std::filesystem::remove_all(directory_); }
  [[nodiscard]] std::string path() const { return directory_ + "/file"; }
  void write(const std::string& text) const { std::ofstream(path()) << text; }

 private:
  std::string directory_;
};

TEST(Credentials, EnvironmentNeedsBothKeysAndTakesALambdasToken) {
  EXPECT_FALSE(environment_credentials(with({{"AWS_ACCESS_KEY_ID", "a"}})));
  const auto found = environment_credentials(
      with({{"AWS_ACCESS_KEY_ID", "a"}, {"AWS_SECRET_ACCESS_KEY", "b"}, {"AWS_SESSION_TOKEN", "c"}}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->session_token, "c");
}

TEST(Credentials, FileHasTheRequestedProfile) {
  const std::string text =
      "# mine\n[default]\naws_access_key_id = one\naws_secret_access_key=1\n\n[ work ]\r\naws_access_key_id=two\r\n"
      "aws_secret_access_key = a=b\r\naws_session_token = t\r\n";
  EXPECT_EQ(file_credentials(text, "default")->access_key_id, "one");
  EXPECT_EQ(file_credentials(text, "work")->secret_access_key, "a=b");
  EXPECT_EQ(file_credentials(text, "work")->session_token, "t");
  EXPECT_FALSE(file_credentials(text, "absent"));
  EXPECT_TRUE(file_credentials("\xef\xbb\xbf[default]\naws_access_key_id=a\naws_secret_access_key=b", "default"));
}

TEST(Credentials, ResponseWithoutCredentialsIsRefused) {
  for (const char* text :
       {"", "[]", "{}", R"({"AccessKeyId":"a"})", R"({"AccessKeyId":"a","SecretAccessKey":"b","Expiration":"soon"})"}) {
    EXPECT_FALSE(endpoint_credentials(text)) << text;
  }
}

TEST(Credentials, ContainerIsAskedWithItsToken) {
  std::string seen;
  TestPeer peer([&](TestPeer::Connection& connection) {
    seen = connection.read_request();
    connection.answer(answer_until(Clock::system().now() + minutes{60}));
  });
  auto source = find_credentials(with({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", peer.url() + "/creds?x=1"},
                                       {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic abc"}}),
                                 Clock::system());
  ASSERT_TRUE(source.ok());
  const auto credentials = get(**source);
  ASSERT_TRUE(credentials.ok());
  EXPECT_EQ(credentials->session_token, "TOKEN");
  EXPECT_TRUE(seen.starts_with("GET /creds?x=1 HTTP/1.1\r\n")) << seen;
  EXPECT_NE(seen.find("Authorization: Basic abc\r\n"), std::string::npos);
}

TEST(Credentials, ContainersTokenIsReadFromItsFileEachTime) {
  std::vector<std::string> seen;
  TestPeer peer([&](TestPeer::Connection& connection) {
    for (std::string request = connection.read_request(); !request.empty(); request = connection.read_request()) {
      seen.push_back(request);
      connection.answer(answer_until(Clock::system().now() + minutes{60}));
    }
  });
  const TemporaryFile file("first\n");
  const auto fetcher = container_fetcher(with({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", peer.url() + "/"},
                                               {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "not this one"},
                                               {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file.path()}}));
  ASSERT_TRUE(fetcher.ok());
  const auto fetch = [&] { return sync_wait((*fetcher)->fetch(steady_clock::now() + std::chrono::seconds{5})); };
  ASSERT_TRUE(fetch().ok());
  file.write("second");
  ASSERT_TRUE(fetch().ok());
  EXPECT_NE(seen.at(0).find("Authorization: first\r\n"), std::string::npos) << seen.at(0);
  EXPECT_NE(seen.at(1).find("Authorization: second\r\n"), std::string::npos) << seen.at(1);
  file.write("two\r\nlines");
  EXPECT_FALSE(fetch().ok());
}

TEST(Credentials, EnvironmentComesBeforeTheFileAndTheFileBeforeTheContainer) {
  const TemporaryFile file("[default]\naws_access_key_id=file\naws_secret_access_key=s\n");
  std::map<std::string, std::string> variables{{"AWS_SHARED_CREDENTIALS_FILE", file.path()},
                                               {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/"}};
  auto source = find_credentials(with(variables), Clock::system());
  ASSERT_TRUE(source.ok());
  EXPECT_EQ(get(**source)->access_key_id, "file");
  variables["AWS_ACCESS_KEY_ID"] = "environment";
  variables["AWS_SECRET_ACCESS_KEY"] = "s";
  source = find_credentials(with(variables), Clock::system());
  ASSERT_TRUE(source.ok());
  EXPECT_EQ(get(**source)->access_key_id, "environment");
}

TEST(Credentials, RenewedFileIsReadAgainAndAMissingOneKeepsTheLastCredentials) {
  const TemporaryFile file("[default]\naws_access_key_id=first\naws_secret_access_key=s\naws_session_token=t\n");
  ManualClock clock;
  const auto source = find_credentials(with({{"AWS_SHARED_CREDENTIALS_FILE", file.path()}}), clock);
  ASSERT_TRUE(source.ok());
  file.write("[default]\naws_access_key_id=second\naws_secret_access_key=s\n");
  EXPECT_EQ(get(**source)->access_key_id, "first");
  clock.advance(std::chrono::seconds{30});
  EXPECT_EQ(get(**source)->access_key_id, "second");
  EXPECT_EQ(get(**source)->session_token, "");
  std::filesystem::remove(file.path());
  clock.advance(std::chrono::seconds{30});
  EXPECT_EQ(get(**source)->access_key_id, "second");
}

TEST(Credentials, ProfileThatTheFileDoesNotHaveIsRefusedByName) {
  const TemporaryFile file("[default]\naws_access_key_id=file\naws_secret_access_key=s\n");
  const auto source =
      find_credentials(with({{"AWS_SHARED_CREDENTIALS_FILE", file.path()}, {"AWS_PROFILE", "work"}}), Clock::system());
  ASSERT_FALSE(source.ok());
  EXPECT_EQ(source.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(source.error().message.find("work"), std::string::npos);
}

TEST(Credentials, ContainersTokenIsNotSentInPlainTextToOtherHosts) {
  for (const char* url : {"http://example.com/", "http://127.example.com/"}) {
    EXPECT_FALSE(container_fetcher(with({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", url}})).ok()) << url;
  }
}

TEST(Credentials, MachineIsAskedByImdsV2Only) {
  TestPeer peer([](TestPeer::Connection& connection) {
    for (;;) {
      const std::string request = connection.read_request();
      if (request.empty()) return;
      const bool token = request.find("X-aws-ec2-metadata-token: SESSION\r\n") != std::string::npos;
      if (request.starts_with("PUT /latest/api/token ") &&
          request.find("X-aws-ec2-metadata-token-ttl-seconds: ") != std::string::npos) {
        connection.answer("SESSION");
      } else if (token && request.starts_with("GET /latest/meta-data/iam/security-credentials/ ")) {
        connection.answer("role-1");
      } else if (token && request.starts_with("GET /latest/meta-data/iam/security-credentials/role-1 ")) {
        connection.answer(answer_until(Clock::system().now() + minutes{60}));
      } else {
        connection.answer("", 401);
      }
    }
  });
  auto source = find_credentials(with({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", peer.url()}}), Clock::system());
  ASSERT_TRUE(source.ok());
  const auto credentials = get(**source);
  ASSERT_TRUE(credentials.ok()) << credentials.error().message;
  EXPECT_EQ(credentials->access_key_id, "ID");
  EXPECT_EQ(peer.accepted(), 1U);
}

TEST(Credentials, MissingSourcesAreReportedAsSuch) {
  for (const char* disabled : {"true", "True", "TRUE"}) {
    const auto none = find_credentials(with({{"AWS_EC2_METADATA_DISABLED", disabled}}), Clock::system());
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.error().code, ErrorCode::not_found);
  }
}

TEST(Credentials, WithoutCredentialsTheErrorNamesEachSource) {
  TestPeer peer([](TestPeer::Connection& connection) {
    while (!connection.read_request().empty()) connection.answer("", 403);
  });
  const std::map<std::string, std::string> variables{
      {"AWS_EC2_METADATA_SERVICE_ENDPOINT", peer.url()}, {"HOME", "/nowhere"}, {"AWS_ACCESS_KEY_ID", "alone"}};
  auto source = find_credentials(with(variables), Clock::system());
  ASSERT_TRUE(source.ok());
  EXPECT_EQ(get(**source).error().message,
            "no AWS credentials were found; looked at the environment (AWS_ACCESS_KEY_ID is set without "
            "AWS_SECRET_ACCESS_KEY), the profile default in /nowhere/.aws/credentials, the container (no "
            "AWS_CONTAINER_CREDENTIALS_*_URI) and this machine's role (the machine's metadata (IMDSv2) cannot be read: "
            "status 403): set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role");
}

TEST(Credentials, BlanksAndLineEndsAroundAVariableAreIgnored) {
  const std::string name = "TRIGGERS_TEST_VARIABLE";
  const Environment environment = process_environment();
  ::setenv(name.c_str(), " x y\r\n", 1);
  EXPECT_EQ(environment(name), "x y");
  ::setenv(name.c_str(), " \r\n", 1);
  EXPECT_EQ(environment(name), std::nullopt);
  ::unsetenv(name.c_str());
}

TEST(Credentials, EmptyVariableIsNotSet) {
  const std::string name = "TRIGGERS_TEST_VARIABLE";
  const Environment environment = process_environment();
  EXPECT_EQ(environment(name), std::nullopt);
  ::setenv(name.c_str(), "", 1);
  EXPECT_EQ(environment(name), std::nullopt);
  ::setenv(name.c_str(), "x", 1);
  EXPECT_EQ(environment(name), "x");
  ::unsetenv(name.c_str());
}

/// Counts its fetches; fails when told to.
class CountingFetcher final : public CredentialFetcher {
 public:
  struct State {
    std::atomic<int> fetches = 0;
    std::atomic<bool> fails = false;
  };
  CountingFetcher(State& state, const Clock& clock) : state_(state), clock_(clock) {}

  Task<Result<Credentials>> fetch(TimePoint) override {
    const int number = ++state_.fetches;
    if (state_.fails) co_return Error{ErrorCode::unavailable, "down"};
    co_return Credentials{"id" + std::to_string(number), "s", "t", clock_.now() + minutes{60}};
  }

 private:
  State& state_;
  const Clock& clock_;
};

class Refreshing : public ::testing::Test {
 protected:
  std::string id() {
    const auto credentials = get(source);
    return credentials ? credentials->access_key_id : "none";
  }

  ManualClock clock;
  CountingFetcher::State state;
  RefreshedCredentials source{std::make_unique<CountingFetcher>(state, clock), clock};
};

TEST_F(Refreshing, CredentialsAreRenewedBeforeTheyExpireAndNotSooner) {
  EXPECT_EQ(id(), "id1");
  clock.advance(minutes{54});
  EXPECT_EQ(id(), "id1");
  clock.advance(minutes{2});
  EXPECT_EQ(id(), "id2");
}

TEST_F(Refreshing, OldCredentialsServeUntilTheyExpireIfRenewalFails) {
  EXPECT_EQ(id(), "id1");
  clock.advance(minutes{56});
  state.fails = true;
  EXPECT_EQ(id(), "id1");
  EXPECT_EQ(id(), "id1");
  EXPECT_EQ(state.fetches, 2) << "the second call came within the pause after a failure";
  clock.advance(minutes{5});
  EXPECT_EQ(id(), "none");
  state.fails = false;
  clock.advance(minutes{1});
  EXPECT_EQ(id(), "id4");
}

TEST_F(Refreshing, FailureIsSharedByAllCallersForASecond) {
  state.fails = true;
  for (int i = 0; i < 50; ++i) {
    const auto credentials = get(source);
    ASSERT_FALSE(credentials.ok());
    EXPECT_EQ(credentials.error().message, "down");
  }
  EXPECT_EQ(state.fetches, 1);
  state.fails = false;
  clock.advance(milliseconds{1'000});
  EXPECT_EQ(id(), "id2");
}

TEST(Credentials, ConcurrentCallersShareOneFetch) {
  std::atomic<int> requests = 0;
  TestPeer peer([&](TestPeer::Connection& connection) {
    while (!connection.read_request().empty()) {
      ++requests;
      connection.answer(answer_until(Clock::system().now() + minutes{60}));
    }
  });
  auto source = find_credentials(with({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", peer.url() + "/"}}), Clock::system());
  ASSERT_TRUE(source.ok());
  std::vector<std::thread> threads;
  std::atomic<int> succeeded = 0;
  for (int i = 0; i < 16; ++i) threads.emplace_back([&] { succeeded += get(**source).ok() ? 1 : 0; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(succeeded, 16);
  EXPECT_EQ(requests, 1);
}

}  // namespace
}  // namespace triggers::aws
