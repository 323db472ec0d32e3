# SPDX-License-Identifier: Apache-2.0
#
# A room is a folder under src/ with one job, built as one static library `untorn_<name>`.
# Nothing is set globally: every property belongs to a target.

# Warnings, standard and sanitizers that all our own targets share.
function(untorn_configure target)
  target_compile_features(${target} PUBLIC cxx_std_23)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
    -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual -Wundef
    $<$<BOOL:${UNTORN_WARNINGS_AS_ERRORS}>:-Werror>)
  # clang 19 warns of what libstdc++ 12's own stable_sort uses.
  target_compile_options(${target} PRIVATE
    $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>)
  if(UNTORN_SANITIZE)
    # g++ 12 takes instrumented std::regex for uninitialized (its bug 105562).
    target_compile_options(${target} PRIVATE -fsanitize=${UNTORN_SANITIZE} -fno-omit-frame-pointer
      $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
    if(NOT UNTORN_SANITIZE STREQUAL "thread")
      target_compile_options(${target} PRIVATE -fno-sanitize-recover=all)
    endif()
    target_link_options(${target} PUBLIC -fsanitize=${UNTORN_SANITIZE})
  endif()
endfunction()

# untorn_room(name SOURCES … ROOMS … [LIBRARIES …])
# ROOMS are the rooms that it may include; LIBRARIES are private to its sources.
function(untorn_room name)
  cmake_parse_arguments(ARG "" "" "SOURCES;ROOMS;LIBRARIES" ${ARGN})
  add_library(untorn_${name} STATIC ${ARG_SOURCES})
  untorn_configure(untorn_${name})
  target_include_directories(untorn_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>)
  list(TRANSFORM ARG_ROOMS PREPEND untorn_)
  target_link_libraries(untorn_${name} PUBLIC ${ARG_ROOMS} PRIVATE ${ARG_LIBRARIES})
endfunction()

# For a build that runs one tier alone: `untorn_tests_<tier>` builds what its tests run.
function(untorn_needed_by tier target)
  if(NOT TARGET untorn_tests_${tier})
    add_custom_target(untorn_tests_${tier})
  endif()
  add_dependencies(untorn_tests_${tier} ${target})
endfunction()

# untorn_test(name SOURCES … ROOMS … [LIBRARIES …] [TIER unit|property|crash|prove|…] [SERIAL])
# One executable; each of its cases is a test of CTest, labelled with the tier. SERIAL cases look at
# the whole machine (its mounts, its processes) and run while no other test does.
function(untorn_test name)
  if(NOT UNTORN_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "SERIAL" "TIER;TIMEOUT" "SOURCES;ROOMS;LIBRARIES" ${ARGN})
  if(NOT ARG_TIER)
    set(ARG_TIER unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  untorn_configure(${name})
  if(ARG_TIER STREQUAL "unit")
    # The body of a unit test costs more to optimise than its optimisation saves.
    target_compile_options(${name} PRIVATE -O0)
  endif()
  untorn_needed_by(${ARG_TIER} ${name})
  list(TRANSFORM ARG_ROOMS PREPEND untorn_)
  target_link_libraries(${name} PRIVATE ${ARG_ROOMS} ${ARG_LIBRARIES} GTest::gmock_main)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  # Cases print the exact words of gtest's GTEST_SKIP; CTest counts them as skipped.
  gtest_discover_tests(${name} PROPERTIES LABELS ${ARG_TIER} TIMEOUT ${ARG_TIMEOUT}
    RUN_SERIAL ${ARG_SERIAL} SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]" DISCOVERY_TIMEOUT 60)
endfunction()
