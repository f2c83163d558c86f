#include "aws/sigv4.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>
#include <utility>
#include <vector>

#include "auth/mac.h"
#include "auth/sha256.h"
#include "base/encoding.h"
#include "base/percent_encoding.h"

namespace triggers::aws {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

std::string hex_sha256(std::string_view bytes) {
  const auto hash = auth::sha256(bytes);
  return to_hex({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string canonical_path(std::string_view path) {
  if (path == "/") return "/";
  std::vector<std::string_view> kept;
  const bool ends_open = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
  while (!path.empty()) {
    const auto slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (part == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (!part.empty() && part != ".") {
      kept.push_back(part);
    }
  }
  std::string out;
  for (const std::string_view part : kept) out.append("/").append(percent_encode(part));
  if (out.empty() || ends_open) out.append("/");
  return out;
}

std::string canonical_query(std::string_view query) {
  Pairs parameters;
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string_view one = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    const auto equals = one.find('=');
    // It is sent encoded already; what is not gets encoded here.
    parameters.emplace_back(percent_encode(one.substr(0, equals), "%"),
                            equals == std::string_view::npos ? "" : percent_encode(one.substr(equals + 1), "%"));
  }
  std::sort(parameters.begin(), parameters.end());
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out.push_back('&');
    out.append(name).append("=").append(value);
  }
  return out;
}

/// Without white space around it, and with one space for each run of them.
std::string collapsed(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c != ' ' && c != '\t') {
      out.push_back(c);
    } else if (!out.empty() && out.back() != ' ') {
      out.push_back(' ');
    }
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

/// Sorted by name in lower case; values of the same name keep their order.
Pairs canonical_headers(const http::Headers& headers) {
  Pairs out;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const auto [name, value] = headers.at(i);
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto same = std::find_if(out.begin(), out.end(), [&](const auto& one) { return one.first == lower; });
    if (same == out.end()) {
      out.emplace_back(std::move(lower), collapsed(value));
    } else {
      same->second.append(",").append(collapsed(value));
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

/// 20150830T123600Z
std::string amz_date(UnixMillis now) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  return std::string(text.data(), std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts));
}

}  // namespace

std::string Signer::canonical_request(const http::Request& request, std::string& signed_headers) {
  std::string out(http::method_name(request.method));
  out.append("\n").append(canonical_path(request.path()));
  out.append("\n").append(canonical_query(request.query())).append("\n");
  signed_headers.clear();
  for (const auto& [name, value] : canonical_headers(request.headers)) {
    out.append(name).append(":").append(value).append("\n");
    if (!signed_headers.empty()) signed_headers.push_back(';');
    signed_headers.append(name);
  }
  out.append("\n").append(signed_headers).append("\n").append(hex_sha256(request.body));
  return out;
}

void Signer::sign(http::Request& request, const Credentials& credentials, UnixMillis now) {
  const std::string date = amz_date(now);
  const std::string day = date.substr(0, 8);
  request.headers.add("X-Amz-Date", date);
  if (!credentials.session_token.empty()) request.headers.add("X-Amz-Security-Token", credentials.session_token);
  std::string signed_headers;
  const std::string canonical = canonical_request(request, signed_headers);
  const std::string scope = day + "/" + region_ + "/" + service_ + "/aws4_request";
  std::string to_sign(algorithm);
  to_sign.append("\n").append(date).append("\n").append(scope).append("\n").append(hex_sha256(canonical));
  const std::string signature = to_hex(auth::hmac_sha256(signing_key(credentials, day), to_sign));
  std::string authorization(algorithm);
  authorization.append(" Credential=").append(credentials.access_key_id).append("/").append(scope);
  authorization.append(", SignedHeaders=").append(signed_headers).append(", Signature=").append(signature);
  request.headers.add("Authorization", authorization);
}

std::string Signer::signing_key(const Credentials& credentials, std::string_view day) {
  const MutexLock lock(mutex_);
  const auto secret_hash = auth::sha256(credentials.secret_access_key);  // so that the secret itself is not kept here
  if (key_day_ != day || key_secret_hash_ != secret_hash) {
    std::string key = auth::hmac_sha256("AWS4" + credentials.secret_access_key, day);
    key = auth::hmac_sha256(key, region_);
    key = auth::hmac_sha256(key, service_);
    key_ = auth::hmac_sha256(key, "aws4_request");
    key_day_ = day;
    key_secret_hash_ = secret_hash;
  }
  return key_;
}

}  // namespace triggers::aws
