#include "journals.h"

#include "swarm/stats/histogram.h"

namespace triggers::bench {

namespace {

constexpr ReceivedEvent never{};

bool happened(Time time) { return time != Time{}; }

void count(Account& account, const SentEvent& sent, const ReceivedEvent& received) {
  account.sent += happened(sent.sent) ? 1 : 0;
  account.accepted += happened(sent.accepted) ? 1 : 0;
  account.received += received.receipts > 0 ? 1 : 0;
  account.acknowledged += received.acknowledgements > 0 ? 1 : 0;
  account.unanswered += happened(sent.sent) && !happened(sent.accepted) ? 1 : 0;
  account.lost += happened(sent.accepted) && received.receipts == 0 ? 1 : 0;
  account.twice += received.receipts > 1 ? 1 : 0;
  account.unacknowledged += received.receipts > 0 && received.acknowledgements == 0 ? 1 : 0;
  account.acknowledged_twice += received.acknowledgements > 1 ? 1 : 0;
  account.unaccepted += received.receipts > 0 && !happened(sent.accepted) ? 1 : 0;
}

Latency latency_of(const swarm::Histogram& times) {
  using Milliseconds = std::chrono::duration<double, std::milli>;
  return {.p50_ms = Milliseconds{times.quantile(0.5)}.count(), .p99_ms = Milliseconds{times.quantile(0.99)}.count()};
}

}  // namespace

Account judge(const std::vector<SentEvent>& sent, const std::vector<ReceivedEvent>& received, Time from, Time to) {
  Account account;
  swarm::Histogram from_sent, from_accepted;
  std::uint64_t in_time = 0, early = 0;
  for (std::size_t number = 0; number < sent.size() || number < received.size(); ++number) {
    const SentEvent& one = number < sent.size() ? sent[number] : SentEvent{};
    const ReceivedEvent& other = number < received.size() ? received[number] : never;
    count(account, one, other);
    if (other.acknowledgements > 0 && other.acknowledged >= from && other.acknowledged < to) ++in_time;
    if (other.receipts == 0 || one.accepted < from || one.accepted >= to) continue;
    from_sent.add(other.received - one.sent);
    from_accepted.add(other.received - one.accepted);
    early += other.received < one.accepted ? 1 : 0;
  }
  account.events_per_second = static_cast<double>(in_time) / std::chrono::duration<double>(to - from).count();
  account.from_sent = latency_of(from_sent);
  account.from_accepted = latency_of(from_accepted);
  if (from_sent.count() > 0) account.early_share = static_cast<double>(early) / static_cast<double>(from_sent.count());
  return account;
}

}  // namespace triggers::bench
