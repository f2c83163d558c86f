#include "aws/credential_pool.h"

namespace triggers::aws {
namespace {

constexpr std::size_t answer_bytes_max = 64 * 1024;

}  // namespace

Result<std::unique_ptr<http::ClientPool>> credential_pool(const http::Url& url) {
  http::ClientPoolConfig config;
  config.server.host = url.host;
  config.server.port = url.port;
  config.tls = url.tls;
  config.connections_max = 1;
  config.response_bytes_max = answer_bytes_max;
  return http::ClientPool::create(std::move(config));
}

}  // namespace triggers::aws
