#include "store/dynamo/client/response_body.h"

#include <zlib.h>

#include <charconv>

namespace triggers::store::dynamo {

bool intact(const http::ClientResponse& response) {
  if (const auto given = response.headers.find("x-amz-crc32")) {
    unsigned long expected = 0;
    const auto read = std::from_chars(given->data(), given->data() + given->size(), expected);
    const auto& body = response.body;
    if (read.ec != std::errc{} ||
        ::crc32_z(0, reinterpret_cast<const unsigned char*>(body.data()), body.size()) != expected) {
      return false;
    }
  }
  return response.body.starts_with('{') && response.body.find_last_not_of(" \r\n\t") == response.body.rfind('}');
}

double consumed_units(std::string_view body) {
  // Neither name can stand in a string of the answer: its quotes would be escaped.
  constexpr std::string_view part = "\"ConsumedCapacity\":";
  constexpr std::string_view units = "\"CapacityUnits\":";
  double sum = 0;
  const auto start = body.find(part);
  if (start == std::string_view::npos) return sum;
  for (auto at = body.find(units, start); at != std::string_view::npos; at = body.find(units, at + 1)) {
    double one = 0;
    const char* const from = body.data() + at + units.size();
    if (std::from_chars(from, body.data() + body.size(), one).ec == std::errc{}) sum += one;
  }
  return sum;
}

}  // namespace triggers::store::dynamo
