#include "swarm/verify/lease_journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>

namespace triggers::swarm {
namespace {

constexpr std::string_view kinds = "RELFGN";
constexpr std::size_t id_characters = 36;
// Of one boot: 2^46 µs are two years. It leaves room for 2^17 boots.
constexpr JournalTime boot_span = JournalTime{1} << 46;
constexpr std::size_t boots_max = 100'000;

/// Removes the first word and the space behind it.
std::string_view take_word(std::string_view& rest) {
  const auto end = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc{} && read.ptr == text.data() + text.size();
}

/// `EVENT/SUFFIX`, with a suffix that is not empty.
bool split(std::string_view word, std::optional<Uuid7>& event, std::string_view& suffix) {
  if (word.size() < id_characters + 2 || word[id_characters] != '/') return false;
  event = Uuid7::parse(word.substr(0, id_characters));
  suffix = word.substr(id_characters + 1);
  return event.has_value();
}

bool is_verb(std::string_view word) { return word == "a" || word == "r"; }

}  // namespace

void append_grant(std::string& out, const GrantedLease& lease) {
  fmt::format_to(std::back_inserter(out), "L {} {} {} {} {}", lease.lease_id, lease.inbox, lease.seconds, lease.asked,
                 lease.answered);
  for (const LeasedEvent& event : lease.events) {
    out += ' ';
    event.id.append_text(out);
    fmt::format_to(std::back_inserter(out), "/{}", event.attempt);
  }
  out += '\n';
}

void append_request(std::string& out, std::string_view lease_id, LeaseVerb verb, JournalTime asked,
                    std::span<const Uuid7> events) {
  fmt::format_to(std::back_inserter(out), "F {} {} {}", lease_id, static_cast<char>(verb), asked);
  for (const Uuid7& event : events) {
    out += ' ';
    event.append_text(out);
  }
  out += '\n';
}

void append_results(std::string& out, std::string_view lease_id, LeaseVerb verb, JournalTime asked,
                    JournalTime answered, std::span<const EventResult> results) {
  fmt::format_to(std::back_inserter(out), "G {} {} {} {}", lease_id, static_cast<char>(verb), asked, answered);
  for (const EventResult& one : results) {
    out += ' ';
    one.id.append_text(out);
    out += '/';
    out += static_cast<char>(one.result);
  }
  out += '\n';
}

bool LeaseLines::is_kind(char kind) { return kinds.find(kind) != std::string_view::npos; }

bool LeaseLines::read(char kind, std::string_view rest) {
  switch (kind) {
    case 'R': return read_run(rest);
    case 'E': runs_.back().ended = runs_.back().ended || rest == "-"; return rest == "-";
    case 'L': return read_grant(rest);
    case 'F': return read_request(rest);
    case 'G': return read_results(rest);
    case 'N': return read_unanswered(rest);
    default: return false;
  }
}

bool LeaseLines::read_run(std::string_view boot) {
  if (boot.empty() || boots_.size() >= boots_max) return false;
  const auto known = boots_.find(boot);
  const JournalTime offset =
      known != boots_.end() ? known->second : boot_span * static_cast<JournalTime>(boots_.size());
  if (known == boots_.end()) boots_.emplace(boot, offset);
  runs_.push_back({.boot_offset = offset, .last = offset});
  return true;
}

bool LeaseLines::read_time(std::string_view text, JournalTime& time) {
  if (!read_number(text, time) || time < 0 || time >= boot_span) return false;
  time += runs_.back().boot_offset;
  runs_.back().last = std::max(runs_.back().last, time);
  return true;
}

bool LeaseLines::read_unanswered(std::string_view rest) {
  JournalTime when = 0;
  if (!read_time(rest, when)) return false;
  unanswered.push_back(when);
  return true;
}

bool LeaseLines::read_grant(std::string_view rest) {
  const std::string_view lease_id = take_word(rest);
  JournaledLease entry{.inbox = inbox_index(take_word(rest)), .run = static_cast<std::uint32_t>(runs_.size() - 1)};
  std::uint32_t seconds = 0;
  if (!read_number(take_word(rest), seconds) || !read_time(take_word(rest), entry.asked) ||
      !read_time(take_word(rest), entry.answered)) {
    return false;
  }
  entry.ends_from = entry.asked + JournalTime{seconds} * 1'000'000;
  entry.ends_by = entry.answered + JournalTime{seconds} * 1'000'000;
  const std::size_t first = leases.size();
  while (!rest.empty()) {
    std::optional<Uuid7> event;
    std::string_view attempt;
    if (!split(take_word(rest), event, attempt) || !read_number(attempt, entry.attempt)) {
      leases.resize(first);
      return false;
    }
    entry.event = *event;
    leases.push_back(entry);
  }
  // A second lease with the id of another is judged as any lease, by its times and attempts.
  places_.try_emplace(std::string{lease_id}, Place{.first = first, .count = leases.size() - first});
  return true;
}

bool LeaseLines::read_request(std::string_view rest) {
  const std::string_view lease_id = take_word(rest);
  const std::string_view verb = take_word(rest);
  JournalTime asked = 0;
  if (!is_verb(verb) || !read_time(take_word(rest), asked)) return false;
  while (!rest.empty()) {
    JournaledLease* const entry = find(lease_id, take_word(rest));
    if (entry == nullptr) return false;
    entry->ends_from = std::min(entry->ends_from, asked);
    entry->maybe_acknowledged |= verb == "a";
  }
  return true;
}

bool LeaseLines::read_results(std::string_view rest) {
  const std::string_view lease_id = take_word(rest);
  const std::string_view verb = take_word(rest);
  JournalTime asked = 0, answered = 0;
  if (!is_verb(verb) || !read_time(take_word(rest), asked) || !read_time(take_word(rest), answered)) return false;
  while (!rest.empty()) {
    const std::string_view word = take_word(rest);
    std::optional<Uuid7> event;
    std::string_view letter;
    if (!split(word, event, letter) || letter.size() != 1) return false;
    const auto result = entry_result(letter.front());
    JournaledLease* const entry = find(lease_id, word.substr(0, id_characters));
    if (!result || entry == nullptr) return false;
    using enum EntryResult;
    if (*result == lease_lost || *result == not_found) {
      entry->lost = true;
      entry->lost_by = std::min(entry->lost_by, answered);
      continue;
    }
    entry->acted_at = asked;
    if (*result == released) continue;
    entry->acknowledged = true;
    entry->settled_by = std::min(entry->settled_by, answered);
  }
  return true;
}

JournaledLease* LeaseLines::find(std::string_view lease_id, std::string_view event) {
  const auto place = places_.find(std::string{lease_id});
  const auto id = Uuid7::parse(event);
  if (place == places_.end() || !id) return nullptr;
  const auto begin = leases.begin() + static_cast<std::ptrdiff_t>(place->second.first);
  const auto end = begin + static_cast<std::ptrdiff_t>(place->second.count);
  const auto found = std::find_if(begin, end, [&](const JournaledLease& one) { return one.event == *id; });
  return found == end ? nullptr : &*found;
}

std::uint32_t LeaseLines::inbox_index(std::string_view name) {
  const auto known = inbox_indices_.find(name);
  if (known != inbox_indices_.end()) return known->second;
  const auto index = static_cast<std::uint32_t>(inboxes.size());
  inboxes.emplace_back(name);
  inbox_indices_.emplace(name, index);
  return index;
}

void LeaseLines::finish() {
  for (JournaledLease& one : leases) {
    const Run& run = runs_[one.run];
    if (run.ended) continue;
    one.ends_from = std::min(one.ends_from, std::max(one.answered, run.last));
    one.maybe_acknowledged = true;
  }
  std::sort(unanswered.begin(), unanswered.end());
  places_.clear();
}

}  // namespace triggers::swarm
