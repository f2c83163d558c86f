#pragma once

// For tests: lets the system refuse new threads.

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>

namespace triggers {

/// While it exists, this process can start a few more threads, but not `too_many`.
class FewThreads {
 public:
  static constexpr unsigned too_many = 64;

  FewThreads() {
    constexpr rlim_t few_stacks = 24 * 1024 * 1024;
    rlim_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    EXPECT_EQ(getrlimit(RLIMIT_AS, &before_), 0);
    const rlimit less{pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + few_stacks, before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_AS, &less), 0);
  }
  FewThreads(const FewThreads&) = delete;
  FewThreads& operator=(const FewThreads&) = delete;
  ~FewThreads() { setrlimit(RLIMIT_AS, &before_); }

 private:
  rlimit before_{};
};

}  // namespace triggers
