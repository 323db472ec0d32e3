// SPDX-License-Identifier: Apache-2.0
//
// The way of every call out of C: arguments looked at, exceptions kept in, errors handed over.
//
//   int untorn_sweep(…, untorn_error** error) noexcept {
//     return guarded(error, [&]() -> Result<void> { UNTORN_CHECK(given(directory, "directory")); …
//     });
//   }
#pragma once
#include <cstddef>
#include <exception>
#include <new>
#include <span>
#include <string>
#include <string_view>

#include "untorn/error.h"
#include "untorn/untorn.h"

namespace untorn::c_api {

// Both set `*error`, if that is wanted, and answer its code.
int fail(untorn_error** error, const Error& reason);
int fail_for_memory(untorn_error** error) noexcept;

// What C code would not understand stays inside.
template <class Work>
int guarded(untorn_error** error, const Work& work) noexcept {
  if (error != nullptr) *error = nullptr;
  try {
    try {
      const Result<void> done = work();
      return done ? UNTORN_OK : fail(error, done.error());
    } catch (const std::bad_alloc&) {
      return fail_for_memory(error);
    } catch (const std::exception& fault) {
      return fail(error,
                  Error(Code::internal, Step::inspect, Outcome::unknown, 0, {}, fault.what()));
    }
  } catch (const std::bad_alloc&) {  // by fail(), which makes texts
    return fail_for_memory(error);
  }
}

// Code::invalid_argument, with a sentence for the one who wrote the call.
[[nodiscard]] Result<void> expected(bool condition, std::string_view sentence);
// Not NULL.
[[nodiscard]] Result<void> given(const void* argument, std::string_view name);

// The bytes of a caller; NULL only where there are none, and no size that was a negative number.
[[nodiscard]] Result<std::span<const std::byte>> bytes_of(const void* data, std::size_t size);
[[nodiscard]] Result<std::string_view> text_of(const void* data, std::size_t size);

}  // namespace untorn::c_api
