#include "support/dynamodb_local.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill is POSIX
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <thread>

namespace triggers::testing_support {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds start_max{60};

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "DynamoDB Local: %s\n", why.c_str());
  std::abort();
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  const bool bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(fd);
  if (!bound) give_up("no port is free");
  return ntohs(address.sin_port);
}

bool accepts(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return connected;
}

std::string folder() {
  const char* const named = std::getenv("TRIGGERS_DYNAMODB_LOCAL");
  return named != nullptr ? named : TRIGGERS_DYNAMODB_LOCAL_FOLDER;
}

}  // namespace

DynamodbLocal::DynamodbLocal() : port_(free_port()) {
  const std::string home = folder();
  const std::string jar = home + "/DynamoDBLocal.jar";
  if (!std::filesystem::exists(jar)) give_up(jar + " is not there; run scripts/fetch_dynamodb_local.sh");
  const std::string libraries = "-Djava.library.path=" + home + "/DynamoDBLocal_lib";
  const std::string port = std::to_string(port_);
  const pid_t parent = ::getpid();
  process_ = ::fork();
  if (process_ < 0) give_up("fork failed");
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    const int nowhere = ::open("/dev/null", O_RDWR);
    ::dup2(nowhere, 0);
    ::dup2(nowhere, 1);
    // It leaves a file in its working directory, which must not be the project's folder.
    if (::chdir(home.c_str()) != 0) ::_exit(1);
    ::execlp("java", "java", "-Xmx512m", "-XX:+UseSerialGC", libraries.c_str(), "-jar", jar.c_str(), "-inMemory",
             "-disableTelemetry", "-port", port.c_str(), nullptr);
    ::_exit(127);
  }
  const auto deadline = steady_clock::now() + start_max;
  while (!accepts(port_)) {
    int status = 0;
    if (::waitpid(process_, &status, WNOHANG) == process_) give_up("it ended at once; is Java 17 installed?");
    if (steady_clock::now() > deadline) give_up("it has not started in time");
    std::this_thread::sleep_for(std::chrono::milliseconds{20});  // nothing else shows that it listens
  }
}

DynamodbLocal::~DynamodbLocal() {
  ::kill(process_, SIGKILL);
  int status = 0;
  ::waitpid(process_, &status, 0);
}

const std::string& DynamodbLocal::shared_url() {
  static std::optional<DynamodbLocal> started;
  static const std::string url = [] {
    if (const char* const given = std::getenv("TRIGGERS_TEST_DYNAMODB_URL")) return std::string(given);
    return started.emplace().url();
  }();
  return url;
}

}  // namespace triggers::testing_support
