// SPDX-License-Identifier: Apache-2.0
#include "crash/models/rules.h"

#include <array>
#include <utility>

namespace untorn::crash {

namespace {

constexpr std::array<std::pair<Model, std::string_view>, 6> model_names = {
    {{Model::kill, "kill"},
     {Model::portable, "portable"},
     {Model::ext4, "ext4"},
     {Model::xfs, "xfs"},
     {Model::btrfs, "btrfs"},
     {Model::posix, "posix"}}};

}  // namespace

const Rules kill_rules = {};

std::string_view to_string(Model model) noexcept {
  for (const auto& [candidate, name] : model_names) {
    if (candidate == model) return name;
  }
  return "unknown";
}

std::optional<Model> model_from_name(std::string_view name) noexcept {
  for (const auto& [model, candidate] : model_names) {
    if (candidate == name) return model;
  }
  return {};
}

const Rules& rules_of(Model model) noexcept {
  switch (model) {
    case Model::ext4:
      return ext4_rules;
    case Model::xfs:
      return xfs_rules;
    case Model::btrfs:
      return btrfs_rules;
    case Model::posix:
      return posix_rules;
    case Model::portable:
      return portable_rules;
    case Model::kill:
      break;
  }
  return kill_rules;
}

}  // namespace untorn::crash
