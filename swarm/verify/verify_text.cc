// The findings of a verification as text and as JSON (summary() and to_json() of verify.h). Finding them is in
// verify.cc.

#include <fmt/format.h>

#include <array>
#include <utility>

#include "swarm/verify/verify.h"

namespace triggers::swarm {
namespace {

struct Kind {
  std::string_view name;
  std::string_view meaning;
  Verification::Findings Verification::* findings;
};

constexpr std::array<Kind, 9> kinds{{
    {"missing", "accepted, and the service does not have it", &Verification::missing},
    {"lost", "accepted, not acknowledged, and not in the inbox", &Verification::lost},
    {"doubled", "twice in the inbox, or the same content under two ids", &Verification::doubled},
    {"changed", "different from what was sent", &Verification::changed},
    {"returned", "acknowledged, and in the inbox again", &Verification::returned},
    {"unexpected", "not explained by the journal", &Verification::unexpected},
    {"overlapping", "leased although another lease was valid", &Verification::overlapping},
    {"repeated", "leased with an attempt not above an earlier one", &Verification::repeated},
    {"late", "acknowledged or released by a lease that had ended", &Verification::late},
}};

struct Count {
  std::string_view name;
  std::string_view meaning;
  std::uint64_t Verification::* count;
};

constexpr std::array<Count, 12> counts{{
    {"accepted", "events in the journal", &Verification::accepted},
    {"acknowledged", "of these, acknowledged", &Verification::acknowledged},
    {"undelivered", "of these, in the inbox and not acknowledged", &Verification::pending},
    {"explained", "in the inbox, from requests without a response", &Verification::explained},
    {"foreign", "in the inbox, not in this journal", &Verification::foreign},
    {"taken", "acknowledged by another client", &Verification::taken},
    {"expired", "acknowledged, and removed after retention", &Verification::expired},
    {"broken_lines", "lines of the journal that could not be read", &Verification::broken_lines},
    {"leased", "entries in the journal's leases", &Verification::leased},
    {"dead", "dead entries in the inboxes of these leases", &Verification::dead},
    {"cut_short", "leases that a crash may have ended early", &Verification::cut_short},
    {"lost_leases", "lost before they ended, perhaps to another client", &Verification::lost_leases},
}};

}  // namespace

std::string summary(const Verification& verification) {
  std::string out;
  for (const auto& [name, meaning, count] : counts) {
    out += fmt::format("{:>12} {:<13} {}\n", verification.*count, name, meaning);
  }
  for (const auto& [name, meaning, findings] : kinds) {
    const auto& found = verification.*findings;
    out += fmt::format("{:>12} {:<13} {}\n", found.count, name, meaning);
    for (const std::string& id : found.ids) out += fmt::format("{:>12} {}\n", "", id);
    if (found.count > found.ids.size()) out += fmt::format("{:>12} and {} more\n", "", found.count - found.ids.size());
  }
  return out + (verification.clean() ? "verified: nothing is missing, lost, doubled, changed or returned\n"
                                     : "NOT verified: see above\n");
}

std::string to_json(const Verification& verification) {
  std::string out = fmt::format("{{\"clean\":{}", verification.clean());
  for (const auto& [name, meaning, count] : counts) out += fmt::format(",\"{}\":{}", name, verification.*count);
  for (const auto& [name, meaning, findings] : kinds) {
    const auto& found = verification.*findings;
    out += fmt::format(",\"{}\":{{\"count\":{},\"event_ids\":[", name, found.count);
    for (std::size_t i = 0; i < found.ids.size(); ++i) out += fmt::format("{}\"{}\"", i == 0 ? "" : ",", found.ids[i]);
    out += "]}";
  }
  return out + "}\n";
}

}  // namespace triggers::swarm
