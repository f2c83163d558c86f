// Random texts, parsed by us and by Boost.JSON: both must accept the same ones.

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "event/event.h"
#include "event/test_random_json.h"

namespace triggers::event {
namespace {

/// Boost.JSON refuses an escape of half a surrogate pair, which the grammar allows.
bool escapes_surrogates(std::string_view text) {
  for (std::size_t at = text.find("\\u"); at != std::string_view::npos; at = text.find("\\u", at + 2)) {
    const std::string_view digits = text.substr(at + 2, 2);
    if (digits.size() == 2 && (digits[0] | 0x20) == 'd' && digits[1] >= '8') return true;
  }
  return false;
}

/// Boost.JSON's word on a text; none where it is known to differ, as for an exponent beyond its range, where it stops
/// and we continue. It accepts 1e400 and equal names, as we do.
std::optional<bool> boost_accepts(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = 2000;
  boost::json::error_code error;
  boost::json::parse({text.data(), text.size()}, error, {}, options);
  if (error == boost::json::error::exponent_overflow || escapes_surrogates(text)) return std::nullopt;
  return !error;
}

/// An array is all that is checked as JSON alone.
bool we_accept(std::string_view text) { return std::holds_alternative<BatchElements>(split_array(text, {})); }

TEST(Differential, WeAcceptARandomTextExactlyWhenBoostJsonDoes) {
  JsonMaker maker(test_seed());
  int accepted = 0, refused = 0;
  for (int i = 0; i != 20'000; ++i) {
    const std::string written = maker.write(maker.value(3));
    const std::string text = std::string("[").append(i % 8 == 0 ? written : maker.damage(written)).append("]");
    const auto accept = boost_accepts(text);
    if (!accept) continue;
    ASSERT_EQ(we_accept(text), *accept) << text;
    ++(*accept ? accepted : refused);
  }
  EXPECT_GT(accepted, 2000);
  EXPECT_GT(refused, 2000);
}

}  // namespace
}  // namespace triggers::event
