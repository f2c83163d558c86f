// The endpoint that ECS and EKS give a container (container_fetcher() of credential_sources.h). A machine's endpoint is
// in machine_credentials.cc.

#include <fstream>
#include <iterator>
#include <utility>

#include "aws/credential_pool.h"
#include "aws/credential_sources.h"

namespace triggers::aws {
namespace {

constexpr std::string_view container_host = "169.254.170.2";

/// A token in clear text goes only to these.
bool allowed_in_clear(const std::string& host) {
  return host == container_host || host == "169.254.170.23" || host == "fd00:ec2::23" || host == "localhost" ||
         host == "::1" || (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

Error no_answer(const std::string& why) {
  return Error{ErrorCode::unavailable, "the container's credentials endpoint did not answer: " + why};
}

class ContainerFetcher final : public CredentialFetcher {
 public:
  ContainerFetcher(http::Url url, std::unique_ptr<http::ClientPool> pool, std::string token, std::string token_file)
      : url_(std::move(url)), pool_(std::move(pool)), token_(std::move(token)), token_file_(std::move(token_file)) {}

  Task<Result<Credentials>> fetch(TimePoint deadline) override {
    http::Request request;
    request.target = url_.path;
    request.headers.add("Host", url_.authority());
    request.headers.add("Accept", "application/json");
    const auto token = current_token();
    if (!token) co_return token.error();
    if (!token->empty()) request.headers.add("Authorization", *token);
    const auto answer = co_await pool_->fetch(std::move(request), deadline);
    if (!answer) co_return no_answer(answer.error().message);
    if (answer->status != 200) co_return no_answer("status " + std::to_string(answer->status));
    auto credentials = endpoint_credentials(answer->body);
    if (!credentials) co_return no_answer("what it said is not credentials");
    co_return std::move(*credentials);
  }

 private:
  /// The file is read each time: the token in it is renewed. It is small and in memory.
  Result<std::string> current_token() const {
    std::string token = token_;
    if (!token_file_.empty()) {
      std::ifstream file(token_file_);
      token.assign(std::istreambuf_iterator<char>(file), {});
      while (token.ends_with('\n') || token.ends_with('\r')) token.pop_back();
      if (token.empty()) return Error{ErrorCode::unavailable, "cannot read a token from " + token_file_};
    }
    if (token.find_first_of("\r\n") != std::string::npos) {
      return Error{ErrorCode::unavailable, "the container's authorization token has more than one line"};
    }
    return token;
  }

  const http::Url url_;
  const std::unique_ptr<http::ClientPool> pool_;
  const std::string token_;
  const std::string token_file_;
};

}  // namespace

Result<std::unique_ptr<CredentialFetcher>> container_fetcher(const Environment& environment) {
  const auto relative = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const auto full = environment("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (!relative && !full) return std::unique_ptr<CredentialFetcher>{};
  auto url = http::parse_url(relative ? "http://" + std::string(container_host) + *relative : *full);
  if (!url) return std::move(url).error();
  if (!url->tls && !allowed_in_clear(url->host)) {
    return Error{ErrorCode::invalid_argument,
                 "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or the container's or machine's own address"};
  }
  auto pool = credential_pool(*url);
  if (!pool) return std::move(pool).error();
  std::unique_ptr<CredentialFetcher> made = std::make_unique<ContainerFetcher>(
      std::move(url).value(), std::move(pool).value(), environment("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or(""),
      environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").value_or(""));
  return made;
}

}  // namespace triggers::aws
