// What Lambda starts: a static program that starts the service with the dynamic loader and the libraries that lie
// beside it, so that none of the system's are used. The service itself is in main.cc.

#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

int main() {
  std::array<char, 4096> path{};
  const auto size = ::readlink("/proc/self/exe", path.data(), path.size() - 1);
  std::string folder = size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) : "/var/task/bootstrap";
  folder.resize(folder.rfind('/'));
  const std::string libraries = folder + "/lib";
  const std::string loader = libraries + "/ld-linux-x86-64.so.2";
  const std::string program = libraries + "/triggers-lambda";
  ::execl(loader.c_str(), loader.c_str(), "--inhibit-cache", "--library-path", libraries.c_str(), program.c_str(),
          nullptr);
  std::perror(("bootstrap: " + loader).c_str());
  return 127;
}
