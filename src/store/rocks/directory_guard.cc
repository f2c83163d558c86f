#include "store/rocks/directory_guard.h"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace triggers::store {
namespace {

std::string numbered(const char* form, std::uint64_t number) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), form, static_cast<unsigned long long>(number));
  return text.data();
}

/// Empty if a file of at least that many bytes is there.
std::string file_problem(const std::string& path, std::uint64_t bytes) {
  struct stat found{};
  if (stat(path.c_str(), &found) != 0) return path + " is gone: " + std::strerror(errno);
  const auto size = static_cast<std::uint64_t>(found.st_size);
  if (size >= bytes) return {};
  return path + " was cut to " + std::to_string(size) + " bytes; " + std::to_string(bytes) + " were written";
}

}  // namespace

DirectoryGuard::DirectoryGuard(std::string data_dir, int directory, int witness) : data_dir_(std::move(data_dir)) {
  struct stat found{};
  if (fstat(directory, &found) == 0) remember(data_dir_, {found.st_dev, found.st_ino});
  if (fstat(witness, &found) == 0) remember(Witness::path(data_dir_), {found.st_dev, found.st_ino});
  for (const auto* name : {"/db", "/db/LOCK", "/db/IDENTITY"}) {
    if (stat((data_dir_ + name).c_str(), &found) == 0) remember(data_dir_ + name, {found.st_dev, found.st_ino});
  }
}

void DirectoryGuard::remember(const std::string& path, Identity identity) { places_.push_back({path, identity}); }

std::string DirectoryGuard::look(const WitnessRecord& record) const {
  for (const auto& place : places_) {
    struct stat found{};
    if (stat(place.path.c_str(), &found) != 0) return place.path + " is gone: " + std::strerror(errno);
    if (Identity{found.st_dev, found.st_ino} != place.identity) return place.path + " was replaced by another";
  }
  for (const auto* name : {"/FORMAT", "/db/CURRENT"}) {
    if (auto problem = file_problem(data_dir_ + name, 1); !problem.empty()) return problem;
  }
  const auto& manifest = record.manifest;
  auto problem = file_problem(data_dir_ + numbered("/db/MANIFEST-%06llu", manifest.number), manifest.bytes);
  for (const auto& log : record.logs) {
    if (problem.empty()) problem = file_problem(data_dir_ + numbered("/db/%06llu.log", log.number), log.bytes);
  }
  return problem;
}

}  // namespace triggers::store
