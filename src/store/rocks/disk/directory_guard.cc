#include "store/rocks/disk/directory_guard.h"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <functional>

#include "store/rocks/disk/durable.h"

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

/// Empty if the file has a text that is `expected`. A file that cannot be opened may only lack a descriptor.
std::string text_problem(const std::string& path, const std::function<bool(const std::string& text)>& expected) {
  const auto found = read_file(path);
  if (!found) return found.error().code == ErrorCode::not_found ? path + " is gone" : std::string{};
  return expected(*found) ? std::string{} : path + " was overwritten";
}

/// Whether CURRENT names this manifest or a newer one, which is in use a moment before the record says so.
bool names_manifest(std::string_view current, std::uint64_t oldest) {
  constexpr std::string_view prefix = "MANIFEST-";
  if (!current.starts_with(prefix) || !current.ends_with('\n')) return false;
  std::uint64_t number = 0;
  const char* const end = current.data() + current.size() - 1;
  const auto read = std::from_chars(current.data() + prefix.size(), end, number);
  return read.ec == std::errc{} && read.ptr == end && number >= oldest;
}

}  // namespace

DirectoryGuard::DirectoryGuard(std::string data_dir, int directory, const Witness& witness)
    : data_dir_(std::move(data_dir)), witness_(witness) {
  struct stat found{};
  if (fstat(directory, &found) == 0) remember(data_dir_, {found.st_dev, found.st_ino});
  if (fstat(witness.descriptor(), &found) == 0) remember(Witness::path(data_dir_), {found.st_dev, found.st_ino});
  for (const auto* name : {"/db", "/db/LOCK", "/db/IDENTITY"}) {
    if (stat((data_dir_ + name).c_str(), &found) == 0) remember(data_dir_ + name, {found.st_dev, found.st_ino});
  }
  for (const auto* name : {"/FORMAT", "/db/IDENTITY"}) remember_text(data_dir_ + name);
}

void DirectoryGuard::remember(const std::string& path, Identity identity) {
  watched_paths_.push_back({path, identity});
}

void DirectoryGuard::remember_text(const std::string& path) {
  if (auto text = read_file(path)) texts_.push_back({path, std::move(*text)});
}

std::string DirectoryGuard::check(const WitnessRecord& record) const {
  for (const auto& watched : watched_paths_) {
    struct stat found{};
    if (stat(watched.path.c_str(), &found) != 0) return watched.path + " is gone: " + std::strerror(errno);
    if (Identity{found.st_dev, found.st_ino} != watched.identity) return watched.path + " was replaced by another";
  }
  for (const auto& known : texts_) {
    const auto same = [&](const std::string& text) { return text == known.text; };
    if (auto problem = text_problem(known.path, same); !problem.empty()) return problem;
  }
  if (auto problem = witness_problem(record); !problem.empty()) return problem;
  const auto& manifest = record.manifest;
  auto problem = text_problem(data_dir_ + "/db/CURRENT",
                              [&](const std::string& text) { return names_manifest(text, manifest.number); });
  if (problem.empty()) {
    problem = file_problem(data_dir_ + numbered("/db/MANIFEST-%06llu", manifest.number), manifest.bytes);
  }
  for (const auto& log : record.logs) {
    if (problem.empty()) problem = file_problem(data_dir_ + numbered("/db/%06llu.log", log.number), log.bytes);
  }
  return problem;
}

std::string DirectoryGuard::witness_problem(const WitnessRecord& record) const {
  const auto path = Witness::path(data_dir_);
  if (auto problem = file_problem(path, Witness::page_bytes); !problem.empty()) return problem;
  const auto written = witness_.read_back();
  // A later write may have come since.
  if (written && written->store_id == record.store_id && written->sequence >= record.sequence) return {};
  return path + " was overwritten";
}

}  // namespace triggers::store
