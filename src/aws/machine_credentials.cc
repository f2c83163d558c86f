// The endpoint of an EC2 machine, IMDSv2 (machine_fetcher() of credential_sources.h). A container's endpoint is in
// container_credentials.cc.

#include <algorithm>
#include <utility>

#include "aws/credential_pool.h"
#include "aws/credential_sources.h"

namespace triggers::aws {
namespace {

constexpr std::string_view default_endpoint = "http://169.254.169.254";
constexpr std::string_view role_path = "/latest/meta-data/iam/security-credentials/";
constexpr std::string_view token_lifetime_seconds = "300";  // it serves for the two requests that follow

/// As AWS's own programs read it.
bool is_true(std::string_view text) {
  return std::ranges::equal(text, std::string_view{"true"}, [](char a, char b) { return (a | 0x20) == b; });
}

class MachineFetcher final : public CredentialFetcher {
 public:
  MachineFetcher(http::Url url, std::unique_ptr<http::ClientPool> pool)
      : url_(std::move(url)), pool_(std::move(pool)) {}

  Task<Result<Credentials>> fetch(TimePoint deadline) override {
    const auto token = co_await ask(http::Method::put, "/latest/api/token", "", deadline);
    if (!token) co_return token.error();
    const auto roles = co_await ask(http::Method::get, std::string(role_path), *token, deadline);
    if (!roles) co_return roles.error();
    const std::string role = roles->substr(0, roles->find('\n'));
    const auto body = co_await ask(http::Method::get, std::string(role_path) + role, *token, deadline);
    if (!body) co_return body.error();
    auto credentials = endpoint_credentials(*body);
    if (!credentials) co_return Error{ErrorCode::unavailable, "what the machine's metadata says is not credentials"};
    co_return std::move(*credentials);
  }

 private:
  Task<Result<std::string>> ask(http::Method method, std::string path, std::string token, TimePoint deadline) {
    http::Request request;
    request.method = method;
    request.target = std::move(path);
    request.headers.add("Host", url_.authority());
    if (token.empty()) {
      request.headers.add("X-aws-ec2-metadata-token-ttl-seconds", token_lifetime_seconds);
    } else {
      request.headers.add("X-aws-ec2-metadata-token", token);
    }
    auto answer = co_await pool_->fetch(std::move(request), deadline);
    std::string why;
    if (!answer) why = answer.error().message;
    if (answer && answer->status != 200) why = "status " + std::to_string(answer->status);
    if (why.empty() && (answer->body.empty() || answer->body.starts_with('\r'))) why = "an empty answer";
    if (!why.empty()) co_return Error{ErrorCode::unavailable, "the machine's metadata (IMDSv2) cannot be read: " + why};
    co_return std::move(answer->body);
  }

  const http::Url url_;
  const std::unique_ptr<http::ClientPool> pool_;
};

}  // namespace

Result<std::unique_ptr<CredentialFetcher>> machine_fetcher(const Environment& environment) {
  if (is_true(environment("AWS_EC2_METADATA_DISABLED").value_or(""))) return std::unique_ptr<CredentialFetcher>{};
  auto url = http::parse_url(environment("AWS_EC2_METADATA_SERVICE_ENDPOINT").value_or(std::string(default_endpoint)));
  if (!url) return std::move(url).error();
  auto pool = credential_pool(*url);
  if (!pool) return std::move(pool).error();
  std::unique_ptr<CredentialFetcher> made =
      std::make_unique<MachineFetcher>(std::move(url).value(), std::move(pool).value());
  return made;
}

}  // namespace triggers::aws
