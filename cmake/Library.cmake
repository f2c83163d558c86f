include(GoogleTest)

# triggers_library(NAME SOURCES a.cc … LINK lib … TESTS a_test.cc … TEST_LINK lib … BENCHMARKS a_bench.cc …)
# makes the static library triggers_NAME, the test program NAME_test and the benchmark program NAME_bench.
# Tests and benchmarks stand beside the code. LINK names our libraries without their prefix, or targets of others.
function(triggers_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;PRIVATE_LINK;TESTS;TEST_LINK;BENCHMARKS" ${ARGN})
  add_library(triggers_${name} STATIC ${arg_SOURCES})
  target_link_libraries(triggers_${name} PUBLIC triggers_options ${arg_LINK} PRIVATE ${arg_PRIVATE_LINK})
  if(arg_TESTS)
    add_executable(${name}_test ${arg_TESTS})
    target_link_libraries(${name}_test PRIVATE triggers_${name} ${arg_TEST_LINK} GTest::gmock GTest::gtest_main)
    gtest_discover_tests(${name}_test TEST_PREFIX ${name}. DISCOVERY_TIMEOUT 60)
  endif()
  if(arg_BENCHMARKS)
    add_executable(${name}_bench ${arg_BENCHMARKS})
    target_link_libraries(${name}_bench PRIVATE triggers_${name} ${arg_TEST_LINK} benchmark::benchmark_main)
    # A benchmark that no longer runs is found by the tests: each runs for a moment.
    add_test(NAME ${name}.benchmarks_run COMMAND ${name}_bench --benchmark_min_time=0.001)
  endif()
endfunction()
