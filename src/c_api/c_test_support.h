// SPDX-License-Identifier: Apache-2.0
//
// For tests only: objects of C that end with their scope.
#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "filesystem/test_directory.h"
#include "untorn/untorn.h"

namespace untorn::test {

struct End {
  void operator()(untorn_options* options) const { untorn_options_free(options); }
  void operator()(untorn_writer* writer) const { untorn_discard(writer); }
  void operator()(untorn_batch* batch) const { untorn_batch_discard(batch); }
  void operator()(untorn_transaction* change) const { untorn_transaction_discard(change); }
  void operator()(untorn_report* report) const { untorn_report_free(report); }
  void operator()(untorn_log* log) const { untorn_log_close(log); }
};
template <class T>
using Owned = std::unique_ptr<T, End>;

// Where a call of C puts an object.
template <class T>
class Out {
 public:
  Out(const Out&) = delete;
  Out& operator=(const Out&) = delete;
  Out() = default;
  ~Out() { End()(object_); }
  [[nodiscard]] T* get() const { return object_; }
  [[nodiscard]] T** into() { return &object_; }

 private:
  T* object_ = nullptr;
};

class Failure {
 public:
  Failure() = default;
  Failure(const Failure&) = delete;
  Failure& operator=(const Failure&) = delete;
  ~Failure() { untorn_error_free(error_); }
  // For one call.
  [[nodiscard]] untorn_error** into() {
    untorn_error_free(error_);
    error_ = nullptr;
    return &error_;
  }
  [[nodiscard]] const untorn_error* get() const { return error_; }
  [[nodiscard]] std::string message() const { return untorn_error_message(error_); }

 private:
  untorn_error* error_ = nullptr;
};

inline untorn_info empty_info() {
  untorn_info info = {};
  info.size = sizeof(info);
  return info;
}

class CTest : public testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const {
    return (directory_.path() / name).string();
  }
  [[nodiscard]] std::string content(const std::string& name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
  }
  [[nodiscard]] std::size_t names() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(directory_.path()),
                      std::filesystem::directory_iterator()));
  }
  int replace(const std::string& name, const std::string& text, const untorn_options* options,
              untorn_info* info = nullptr, untorn_error** error = nullptr) const {
    return untorn_replace(path(name).c_str(), text.data(), text.size(), options, info, error);
  }

  Owned<untorn_options> options_{untorn_options_new(UNTORN_ABI)};
  Failure failure_;

 private:
  TestDirectory directory_;
};

}  // namespace untorn::test
