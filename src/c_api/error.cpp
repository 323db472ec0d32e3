// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <memory>
#include <utility>

#include "base/refusal.h"
#include "base/try.h"
#include "c_api/boundary.h"
#include "c_api/objects.h"

namespace untorn::c_api {
namespace {

struct KeptError : untorn_error {
  std::string message_text;
  std::string path_text;
};

// H2: never freed, never changed.
untorn_error no_memory = {.code = UNTORN_NO_MEMORY,
                          .step = UNTORN_STEP_INSPECT,
                          .outcome = UNTORN_OUTCOME_UNKNOWN,
                          .advice = UNTORN_REREAD_THEN_RETRY,
                          .os_errno = 0,
                          .message = "there is no memory; what the file holds now cannot be told",
                          .path = ""};

// The numbers of C leave 0 to success.
int number_of(Code code) {
  return static_cast<int>(code) + 1;
}

}  // namespace

int fail(untorn_error** error, const Error& reason) {
  const int code = number_of(reason.code());
  if (error == nullptr) return code;
  auto kept = std::make_unique<KeptError>();
  kept->code = code;
  kept->step = static_cast<int>(reason.step());
  kept->outcome = static_cast<int>(reason.outcome());
  kept->advice = static_cast<int>(reason.advice());
  kept->os_errno = reason.os_errno();
  kept->message_text = reason.message();
  kept->path_text = reason.path();
  kept->message = kept->message_text.c_str();
  kept->path = kept->path_text.c_str();
  *error = kept.release();
  return code;
}

int fail_for_memory(untorn_error** error) noexcept {
  if (error != nullptr) *error = &no_memory;
  return UNTORN_NO_MEMORY;
}

Result<void> expected(bool condition, std::string_view sentence) {
  if (condition) return {};
  return refused(Code::invalid_argument, {}, std::string(sentence));
}

Result<void> given(const void* argument, std::string_view name) {
  return expected(argument != nullptr, std::string(name) + " is NULL");
}

Result<void> given_bytes(const void* data, std::size_t size, std::string_view name) {
  UNTORN_CHECK(expected(data != nullptr || size == 0, std::string(name) + " is NULL"));
  // No object is larger: such a size was a negative number.
  return expected(size <= PTRDIFF_MAX, std::string(name) + " cannot have such a size");
}

Result<std::span<const std::byte>> bytes_of(const void* data, std::size_t size) {
  UNTORN_CHECK(given_bytes(data, size, "data"));
  return std::span(static_cast<const std::byte*>(data), size);
}

Result<std::string_view> text_of(const void* data, std::size_t size) {
  UNTORN_CHECK(given_bytes(data, size, "the text"));
  if (size == 0) return std::string_view();
  return std::string_view(static_cast<const char*>(data), size);
}

extern "C" {

int untorn_error_code(const untorn_error* error) noexcept {
  return error == nullptr ? UNTORN_OK : error->code;
}

int untorn_error_step(const untorn_error* error) noexcept {
  return error == nullptr ? 0 : error->step;
}

int untorn_error_outcome(const untorn_error* error) noexcept {
  return error == nullptr ? 0 : error->outcome;
}

int untorn_error_advice(const untorn_error* error) noexcept {
  return error == nullptr ? 0 : error->advice;
}

int untorn_error_errno(const untorn_error* error) noexcept {
  return error == nullptr ? 0 : error->os_errno;
}

const char* untorn_error_message(const untorn_error* error) noexcept {
  return error == nullptr ? "" : error->message;
}

const char* untorn_error_path(const untorn_error* error) noexcept {
  return error == nullptr ? "" : error->path;
}

void untorn_error_free(untorn_error* error) noexcept {
  if (error == &no_memory) return;
  delete static_cast<KeptError*>(error);
}

const char* untorn_code_name(int code) noexcept {
  if (code == UNTORN_OK) return "ok";
  if (code == UNTORN_NO_MEMORY) return "no_memory";
  if (code < UNTORN_NOT_FOUND || code > UNTORN_INTERNAL) return "unknown";
  return to_string(static_cast<Code>(code - 1)).data();  // a literal, with its NUL
}

}  // extern "C"
}  // namespace untorn::c_api
