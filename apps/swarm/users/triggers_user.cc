#include "triggers_user.h"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "swarm/judge/journal.h"
#include "swarm/load/api_keys.h"

using namespace triggers;
using namespace triggers::swarm;

namespace {

constexpr std::size_t remembered_ids_max = 1000;
constexpr std::string_view event_source = "swarm";

const RequestName post_events{"POST", "POST /events"};

const std::vector<std::string>& keys() {
  static const std::vector<std::string> all = api_keys_in_environment();
  return all;
}

/// The text of a string member of a flat answer of the API; nothing if it is not there. Enough for what the API sends:
/// ids and codes, which need no escapes.
std::optional<std::string_view> text_member(std::string_view json, std::string_view name) {
  const auto at = json.find(fmt::format("\"{}\":\"", name));
  if (at == std::string_view::npos) return std::nullopt;
  const auto from = at + name.size() + 4;
  const auto to = json.find('"', from);
  if (to == std::string_view::npos) return std::nullopt;
  return json.substr(from, to - from);
}

/// Writes down that nobody knows what became of an event, unless somebody does: also when the user is stopped while it
/// waits for the answer.
class Outcome {
 public:
  Outcome(Journal* journal, const SentEvent& event) : journal_(journal), event_(event) {}
  Outcome(const Outcome&) = delete;
  Outcome& operator=(const Outcome&) = delete;
  ~Outcome() {
    if (journal_ != nullptr) journal_->unknown(event_);
  }
  /// The service has not taken it.
  void refused() { journal_ = nullptr; }
  void accepted(std::string_view event_id, bool duplicate) {
    if (journal_ != nullptr) std::exchange(journal_, nullptr)->accepted(event_id, event_, duplicate);
  }

 private:
  Journal* journal_;
  SentEvent event_;
};

std::string payload_of_its_own(Random& random) {
  const auto a = random();
  const auto b = random();
  return fmt::format(R"({{"id":"{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}","amount":{}.{:02},"currency":"EUR"}})", a >> 32,
                     a >> 16 & 0xffff, a & 0xfff, 0x8000 | (b >> 48 & 0x3fff), b & 0xffff'ffff'ffff,
                     1 + random.index(999), random.index(100));
}

}  // namespace

Status TriggersUser::needs_key() {
  if (!keys().empty()) return Done{};
  return Error{ErrorCode::invalid_argument,
               "LOCUST_API_KEY is not set: make a key with\n"
               "  triggers keys create --user-id load-test --role creator --rate-limit unlimited\n"
               "and export LOCUST_API_KEY=<the key that it prints>"};
}

TriggersUser::TriggersUser(UserContext& from) : User(from) {
  add_header("Authorization", "Bearer " + keys().at(from.number() % keys().size()));
}

Task<void> TriggersUser::send_event() {
  static constexpr std::array<std::string_view, 4> types{"order.created", "order.paid", "user.signed_up",
                                                         "invoice.sent"};
  const std::string_view type = types[random().index(types.size())];
  const std::string payload = payload_of_its_own(random());
  const std::string json =
      fmt::format(R"({{"event_type":"{}","payload":{},"source":"{}"}})", type, payload, event_source);
  Outcome outcome{context().journal(), {.event_type = type, .payload = payload, .source = event_source}};
  Answer answer = co_await post(post_events, "/events", json);
  if (!expect(answer, 201)) {
    if (answer.status() != 0 && answer.status() < 500) outcome.refused();
    co_return;
  }
  const auto id = text_member(answer.body(), "event_id");
  if (!id) {
    answer.failure("201 without an event_id");
    co_return;
  }
  const bool duplicate = !answer.header("Idempotent-Replayed").empty();
  if (!duplicate) answer.accepted(1);
  outcome.accepted(*id, duplicate);
  event_ids_.emplace_back(*id);
  if (event_ids_.size() > remembered_ids_max) event_ids_.pop_front();
}

bool TriggersUser::expect(Answer& answer, unsigned status) {
  if (answer.status() == status) return true;
  answer.failure(fmt::format("{} instead of {}: {}", answer.status(), status,
                             text_member(answer.body(), "error_code").value_or("not an answer of the API")));
  return false;
}
