// Replays a fuzz target as a test: every file of the corpus, then mutations of them. TRIGGERS_TEST_SEED repeats a run
// with its printed seed. A fault aborts, as under the fuzzer.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <vector>

// Replays a fuzz target as a test: every file of the corpus, then mutations of them. TRIGGERS_TEST_SEED takes a printed
// seed back. A fault aborts, as under the fuzzer.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr int mutations_per_file = 300;

/// From memory of exactly its size, so that a sanitizer sees a step over its end.
void run(const std::string& input) {
  const auto exact = std::make_unique<std::uint8_t[]>(input.size());
  std::copy(input.begin(), input.end(), exact.get());
  LLVMFuzzerTestOneInput(exact.get(), input.size());
}

std::vector<std::string> read_corpus(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
  // The order of a directory is no one's promise, and a seed must repeat.
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> inputs;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

std::string mutate(std::string input, const std::string& other, std::mt19937_64& random) {
  const auto below = [&random](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
  for (std::size_t edits = 1 + below(4); edits != 0; --edits) {
    const std::size_t at = below(input.size() + 1);
    switch (below(5)) {
      case 0: input.insert(at, 1, static_cast<char>(below(256))); break;
      case 1: input.erase(at, 1 + below(8)); break;
      case 2:
        if (at != input.size()) input[at] = static_cast<char>(input[at] ^ 1 << below(8));
        break;
      case 3: input.insert(at, input.substr(below(input.size() + 1), below(16))); break;
      default: input.insert(at, other.substr(below(other.size() + 1), below(32)));
    }
  }
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> corpus = argc == 2 ? read_corpus(argv[1]) : std::vector<std::string>{};
  if (corpus.empty()) {
    std::cerr << "usage: " << argv[0] << " CORPUS_FOLDER (with at least one file)\n";
    return 2;
  }
  const char* const given = std::getenv("TRIGGERS_TEST_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "TRIGGERS_TEST_SEED=" << seed << std::endl;
  std::mt19937_64 random(seed);
  for (const std::string& input : corpus) run(input);
  for (const std::string& input : corpus) {
    for (int i = 0; i != mutations_per_file; ++i) run(mutate(input, corpus[random() % corpus.size()], random));
  }
  std::cout << corpus.size() << " files, " << corpus.size() * mutations_per_file << " mutations\n";
  return 0;
}
