#include "filter/value_index.h"

#include <algorithm>

namespace triggers::filter {
namespace {

using Kind = Matcher::Kind;

std::uint32_t place_of(const std::vector<Decimal>& numbers, const Decimal& number) {
  return static_cast<std::uint32_t>(std::ranges::lower_bound(numbers, number) - numbers.begin());
}

NumberTest range_of(const ValueTests& tests, const Matcher& matcher, AtomId atom) {
  NumberTest made{0, static_cast<std::uint32_t>(2 * tests.numbers.size()), atom};
  if (matcher.lower) {
    made.first = 2 * place_of(tests.numbers, matcher.lower->number) + (matcher.lower->inclusive ? 1 : 2);
  }
  if (matcher.upper) {
    made.last = 2 * place_of(tests.numbers, matcher.upper->number) + (matcher.upper->inclusive ? 1 : 0);
  }
  return made;
}

}  // namespace

std::pair<AtomId, bool> ValueIndex::atom_of(const Matcher& matcher, const std::function<AtomId()>& new_atom) {
  // 1 and 1.0 are one literal.
  std::string key = matcher.kind == Kind::number ? "#" + matcher.number->key() : matcher.source;
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) return {found->second, false};
  const AtomId made = new_atom();
  by_key_.emplace(std::move(key), made);
  all_.push_back({&matcher, made});
  return {made, true};
}

void ValueIndex::finish(ValueTests& out) const {
  for (const Test& test : all_) {
    switch (test.matcher->kind) {
      case Kind::text: out.texts.emplace(test.matcher->text, test.atom); break;
      case Kind::yes: out.words[0] = test.atom; break;
      case Kind::no: out.words[1] = test.atom; break;
      case Kind::null: out.words[2] = test.atom; break;
      case Kind::present: out.present = test.atom; break;
      case Kind::anything_but: out.exclusions.push_back(test); break;
      case Kind::number:
      case Kind::numeric:
      case Kind::absent: break;
      case Kind::prefix:
      case Kind::suffix:
      case Kind::any_case:
      case Kind::prefix_any_case:
      case Kind::suffix_any_case:
      case Kind::wildcard:
      case Kind::cidr: out.text_tests.push_back(test); break;
    }
  }
  finish_numbers(out);
}

void ValueIndex::finish_numbers(ValueTests& out) const {
  for (const Test& test : all_) {
    const Matcher& matcher = *test.matcher;
    if (matcher.kind == Kind::number) out.numbers.push_back(*matcher.number);
    if (matcher.lower) out.numbers.push_back(matcher.lower->number);
    if (matcher.upper) out.numbers.push_back(matcher.upper->number);
  }
  std::ranges::sort(out.numbers);
  out.numbers.erase(std::ranges::unique(out.numbers).begin(), out.numbers.end());
  out.number_literals.assign(out.numbers.size(), none);
  for (const Test& test : all_) {
    if (test.matcher->kind == Kind::numeric) out.number_tests.push_back(range_of(out, *test.matcher, test.atom));
    if (test.matcher->kind == Kind::number) {
      out.number_literals[place_of(out.numbers, *test.matcher->number)] = test.atom;
    }
  }
}

}  // namespace triggers::filter
