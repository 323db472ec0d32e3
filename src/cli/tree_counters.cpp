// SPDX-License-Identifier: Apache-2.0
#include "cli/tree_counters.h"

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "filesystem/kept_folder.h"

namespace untorn::cli {
namespace {

std::shared_ptr<Counters> counters_at(const std::filesystem::path& folder) {
  const auto tree = nearest_kept_tree(posix_file_system(), folder.string());
  if (!tree) return nullptr;
  auto counters = Counters::open(*tree);
  return counters ? *std::move(counters) : nullptr;
}

}  // namespace

std::shared_ptr<Counters> counters_of_file(const std::string& path) {
  std::error_code error;
  // Links are followed, as a replacement follows them; a new file is in the folder that is named.
  std::filesystem::path real = std::filesystem::canonical(path, error);
  if (!error) return counters_at(real.parent_path());
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  return counters_of_folder(parent.empty() ? "." : parent.string());
}

std::shared_ptr<Counters> counters_of_folder(const std::string& path) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(path, error);
  return error ? nullptr : counters_at(real);
}

}  // namespace untorn::cli
