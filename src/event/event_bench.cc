#include <benchmark/benchmark.h>

#include <string>
#include <string_view>
#include <variant>

#include "event/event.h"

namespace triggers::event {
namespace {

std::string event_with(std::string_view payload) {
  return R"({"event_type":"order.created","payload":)" + std::string(payload) + R"(,"source":"shop-frontend"})";
}

std::string small_event() {
  return event_with(R"({"order_id":"7f9c24e8-3b2a-4d10-9a77-1c2d3e4f5a6b","customer":{"id":48213,"tier":"gold"},)"
                    R"("total":149.90,"currency":"EUR",)"
                    R"("items":[{"sku":"A-1","n":2},{"sku":"B-7","n":1}],"paid":true})");
}

/// The shape of a webhook payload: an issue with people, labels, links, and a body with escapes.
std::string issue(int number) {
  const std::string id = std::to_string(number);
  const std::string url = "https://api.example.com/repos/octo-org/octo-repo";
  const std::string user = R"({"login":"octocat","id":21031067,"node_id":"MDQ6VXNlcjIxMDMxMDY3","avatar_url":")" + url +
                           R"(/avatars/u/21031067?v=4","gravatar_id":"","url":")" + url +
                           R"(/users/octocat","followers_url":")" + url +
                           R"(/users/octocat/followers","type":"User","site_admin":false})";
  return R"({"url":")" + url + "/issues/" + id + R"(","repository_url":")" + url + R"(","id":)" + id +
         R"(,"node_id":"MDU6SXNzdWU0NDQ1MDAwNDE=","number":)" + id +
         R"(,"title":"Spelling error in the README file","user":)" + user +
         R"(,"labels":[{"id":1362934389,"name":"bug","color":"d73a4a","default":true}])"
         R"(,"state":"open","locked":false,"assignee":)" +
         user +
         R"(,"assignees":[],"milestone":null,"comments":0,"created_at":"2019-05-15T15:20:18Z",)"
         R"("author_association":"OWNER")"
         R"(,"body":"It looks like you accidently spelled 'commit' with two 't's.)"
         R"(\r\n\r\nSee \"README.md\" and the caf\u00e9 page."})";
}

std::string issues_of_bytes(std::size_t bytes) {
  std::string payload = R"({"action":"edited","issues":[)";
  for (int i = 1; payload.size() + 1500 < bytes; ++i) payload.append(i == 1 ? "" : ",").append(issue(i));
  return payload + "]}";
}

void parse_each(benchmark::State& state, const std::string& text) {
  const Limits limits;
  for (auto _ : state) {
    auto parsed = parse(text, limits);
    if (!std::holds_alternative<NewEvent>(parsed)) return state.SkipWithError("refused");
    benchmark::DoNotOptimize(parsed);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}

void parse_small(benchmark::State& state) { parse_each(state, small_event()); }
void parse_10_kib(benchmark::State& state) { parse_each(state, event_with(issues_of_bytes(10 * 1024))); }
void parse_256_kib(benchmark::State& state) { parse_each(state, event_with(issues_of_bytes(256 * 1024))); }
void parse_256_kib_of_text(benchmark::State& state) {
  parse_each(state, event_with("{\"log\":\"" + std::string(256 * 1024 - 20, 'x') + "\"}"));
}
BENCHMARK(parse_small);
BENCHMARK(parse_10_kib);
BENCHMARK(parse_256_kib);
BENCHMARK(parse_256_kib_of_text);

void split_a_batch_of_100(benchmark::State& state) {
  std::string text = "[";
  for (int i = 0; i != 100; ++i) text.append(i == 0 ? "" : ",").append(small_event());
  text += "]";
  const Limits limits;
  for (auto _ : state) {
    auto split = split_array(text, limits);
    benchmark::DoNotOptimize(split);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
BENCHMARK(split_a_batch_of_100);

void same_content_256_kib(benchmark::State& state) {
  const std::string payload = issues_of_bytes(256 * 1024), other = payload + " ";
  for (auto _ : state) benchmark::DoNotOptimize(same_content(payload, other));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * payload.size()));
}
BENCHMARK(same_content_256_kib);

}  // namespace
}  // namespace triggers::event
