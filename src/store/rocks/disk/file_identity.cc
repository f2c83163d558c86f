#include "store/rocks/disk/file_identity.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace triggers::store {

FileIdentity::FileIdentity(int directory, std::string path)
    : directory_(directory), path_(std::move(path)), name_(std::filesystem::path(path_).filename().string()) {
  struct stat found{};
  if (fstatat(directory_, name_.c_str(), &found, 0) != 0) return;
  device_ = found.st_dev;
  inode_ = found.st_ino;
}

std::string FileIdentity::problem(std::uint64_t bytes) const {
  if (inode_ == 0) return {};
  struct stat found{};
  if (fstatat(directory_, name_.c_str(), &found, 0) != 0) {
    if (errno != ENOENT) return {};  // Nothing is known; a disk that fails also fails the write.
    return path_ + " is gone: " + std::strerror(errno);
  }
  if (found.st_dev != device_ || found.st_ino != inode_) return path_ + " was replaced by another";
  const auto size = static_cast<std::uint64_t>(found.st_size);
  if (size == bytes) return {};
  return path_ + (size < bytes ? " was cut to " : " has ") + std::to_string(size) + " bytes; " + std::to_string(bytes) +
         " were written";
}

}  // namespace triggers::store
