// SPDX-License-Identifier: Apache-2.0
//
// Replaces the file that is named by the first argument.
#include <untorn/untorn.h>

#include <iostream>
#include <memory>
#include <string_view>

static_assert(__cplusplus < 202002L, "the package must not raise the language level");

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const std::string_view text = "from C++17";
  const std::unique_ptr<untorn_options, decltype(&untorn_options_free)> options(
      untorn_options_new(UNTORN_ABI), &untorn_options_free);
  untorn_error* error = nullptr;
  untorn_info info = {};
  info.size = sizeof(info);
  const int code =
      untorn_replace(arguments[1], text.data(), text.size(), options.get(), &info, &error);
  if (code != UNTORN_OK) std::cerr << untorn_error_message(error) << '\n';
  untorn_error_free(error);
  std::cout << untorn_code_name(code) << ' ' << info.bytes << '\n';
  return code;
}
