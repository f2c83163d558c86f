#include "event_text.h"

#include <charconv>

namespace triggers::bench {

EventText::EventText(std::string_view run) : run_(run) {
  before_ = R"({"event_type":"bench.order","source":"bench","payload":{"order_id":")" + run_;
  after_ = R"(","customer":"c-1029384756","amount":129.95,"currency":"EUR","items":[{"sku":"A-100","quantity":2},)"
           R"({"sku":"B-200","quantity":1}],"note":"deliver to the back door"}})";
}

void EventText::append(std::string& text, std::uint64_t number) const {
  std::string decimal = std::to_string(number);
  text += before_;
  text.append(digits - decimal.size(), '0');
  text += decimal;
  text += after_;
}

std::optional<std::uint64_t> EventText::find(std::string_view text) const {
  const std::size_t at = text.find(run_);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view decimal = text.substr(at + run_.size(), digits);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(decimal.data(), decimal.data() + decimal.size(), number);
  if (error != std::errc{} || end != decimal.data() + digits) return std::nullopt;
  return number;
}

}  // namespace triggers::bench
