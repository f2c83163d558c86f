// Reads a load test from standard input and writes the CSV files that swarm would write. Each line is a JSON object:
// the start, a request, an exception, or the end of a second, at which the files are written.
// tests/e2e/support/locust_reference.py does the same with Locust itself.

#include <boost/json.hpp>
#include <chrono>
#include <iostream>
#include <optional>
#include <string>

#include "base/invariant.h"
#include "swarm/report/csv_files.h"

namespace triggers::swarm {
namespace {

std::string text(const boost::json::object& line, const char* name) { return line.at(name).as_string().c_str(); }

EpochSeconds now(const boost::json::object& line) {
  return static_cast<double>(line.at("now_us").to_number<std::int64_t>()) / 1e6;
}

class Probe {
 public:
  void run(const boost::json::object& line) {
    const std::string what = text(line, "do");
    if (what == "start") {
      start(line);
    } else if (what == "request") {
      request(line);
    } else if (what == "exception") {
      since_.record_exception(text(line, "message"), text(line, "traceback"));
    } else {
      INVARIANT(what == "second");
      write(line);
    }
  }

 private:
  void start(const boost::json::object& line) {
    all_ = Statistics(now(line));
    if (!line.at("csv").is_null()) {
      auto files = CsvFiles::create(text(line, "csv"), line.at("full_history").as_bool());
      INVARIANT(files.ok());
      files_.emplace(std::move(files).value());
      write(line);
    }
  }

  void request(const boost::json::object& line) {
    const RequestName name(text(line, "method"), text(line, "name"));
    Sample sample;
    sample.latency = std::chrono::nanoseconds{line.at("ns").to_number<std::int64_t>()};
    sample.content_bytes = line.at("bytes").to_number<std::uint64_t>();
    sample.finished = now(line);
    sample.failed = !line.at("error").is_null();
    since_.record(name, sample);
    if (sample.failed) since_.record_failure(name, text(line, "error"), sample.finished);
  }

  void write(const boost::json::object& line) {
    collect();
    INVARIANT(files_->write(all_, line.at("users").to_number<std::size_t>(), now(line)).ok());
  }

  /// Does what the owner of a LoadGenerator does once a second.
  void collect() {
    all_.merge(since_);
    since_ = Statistics{};
  }

  Statistics all_, since_;
  std::optional<CsvFiles> files_;
};

}  // namespace
}  // namespace triggers::swarm

int main() {
  triggers::swarm::Probe probe;
  for (std::string line; std::getline(std::cin, line);) probe.run(boost::json::parse(line).as_object());
}
