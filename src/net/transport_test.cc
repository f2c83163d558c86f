// How much one connection moves in a turn of its thread.

#include "net/transport.h"

#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <string>

#include "base/task.h"

namespace triggers::net {
namespace {

constexpr std::size_t large_bytes = 1'000'000;

class TransportTest : public testing::Test {
 protected:
  TransportTest() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_.data()), 0);
    // As much as a TCP socket may hold; in a container it may be less, but always more than a turn.
    const int room = 4 * 1024 * 1024;
    for (const int end : ends_) ::setsockopt(end, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    ours_ = std::make_unique<Transport>(io_, UniqueFd(ends_[0]));
    theirs_ = UniqueFd(ends_[1]);
  }

  /// Takes what has come at the other end.
  std::size_t drain() {
    std::size_t got = 0;
    for (ssize_t some = 1; some > 0; got += some > 0 ? static_cast<std::size_t>(some) : 0) {
      some = ::recv(theirs_.get(), piece_.data(), piece_.size(), 0);
    }
    return got;
  }
  RootTask write(std::string_view first, std::string_view second) {
    written_ = co_await ours_->write(first, second);
    ended_ = true;
  }
  RootTask read(std::span<char> space) {
    read_ = co_await ours_->read_some(space);
    ended_ = true;
  }

  boost::asio::io_context io_{1};
  std::array<int, 2> ends_{};
  std::unique_ptr<Transport> ours_;
  UniqueFd theirs_;
  std::string piece_ = std::string(large_bytes, '\0');
  IoOperation written_, read_;
  bool ended_ = false;
};

TEST_F(TransportTest, WriteAtOnceTakesOneTurnsBytes) {
  const std::string body(large_bytes, 'x');
  EXPECT_EQ(ours_->write_now("head", body), Transport::turn_bytes_max);
  EXPECT_EQ(drain(), Transport::turn_bytes_max);
  EXPECT_EQ(ours_->write_now(body, body), Transport::turn_bytes_max);
  EXPECT_EQ(drain(), Transport::turn_bytes_max);
  EXPECT_EQ(ours_->write_now("head", "body"), 8U);
}

TEST_F(TransportTest, WriteLeavesTheThreadAfterEachTurnsBytes) {
  const std::string body(large_bytes, 'x');
  write("head", body);
  std::size_t most = drain();
  std::size_t all = most;
  while (!ended_) {
    ASSERT_EQ(io_.run_one(), 1U);
    const std::size_t moved = drain();
    most = std::max(most, moved);
    all += moved;
  }
  EXPECT_EQ(all, body.size() + 4);
  EXPECT_LE(most, Transport::turn_bytes_max);
}

TEST_F(TransportTest, ReadTakesOneTurnsBytes) {
  const std::string sent(large_bytes, 'x');
  const ssize_t there = ::send(theirs_.get(), sent.data(), sent.size(), MSG_DONTWAIT);
  ASSERT_GT(there, static_cast<ssize_t>(Transport::turn_bytes_max));
  read(piece_);
  while (!ended_) io_.run_one();
  EXPECT_EQ(read_.bytes, Transport::turn_bytes_max);
  EXPECT_EQ(ours_->available(), static_cast<std::size_t>(there) - Transport::turn_bytes_max);
}

}  // namespace
}  // namespace triggers::net
