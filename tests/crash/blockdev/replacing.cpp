// SPDX-License-Identifier: Apache-2.0
//
// What Untorn promises of one file, as workloads: replace.h at each level, by each protocol, with
// each option that changes which calls are made.
#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

#include "tests/crash/blockdev/calls.h"
#include "tests/crash/blockdev/workload.h"
#include "tests/support/files.h"
#include "untorn/etag.h"
#include "untorn/replace.h"

namespace untorn::lab {
namespace {

// Which protocol carries it out.
enum class By : std::uint8_t { classic, one_commit, probe };

std::string suffix_of(By by) {
  constexpr std::array<const char*, 3> names = {"", "-one_commit", "-automatic"};
  return names[static_cast<std::size_t>(by)];
}

FileSystem& file_system_for(Session& session, By by) {
  if (by == By::one_commit) return session.fs_with_ranges();
  return by == By::probe ? session.fs_as_probed() : session.fs();
}

Promise promise_of(Durability level) {
  return {.whole = level >= Durability::ordered, .durable = level >= Durability::durable};
}

// What `change` sets, for one call on this path.
using Change = std::function<void(ReplaceOptions&, FileSystem&, const std::string& path)>;

struct Way {
  std::string name = {};  // after the level
  Durability level = Durability::durable;
  By by = By::classic;
  bool fresh = false;  // of names that were not there
  std::string folder = {};
  Change change = [](ReplaceOptions&, FileSystem&, const std::string&) {};
};

std::string name_of(const Way& way) {
  return "untorn-" + std::string(to_string(way.level)) + way.name + suffix_of(way.by) +
         (way.fresh ? "-new" : "");
}

Basis basis_of(By by) {
  return by == By::one_commit ? Basis::ranges : Basis::syncs;
}

void replace(FileSystem& fs, const Way& way, const std::string& path, std::string_view content) {
  ReplaceOptions options;
  options.durability = way.level;
  way.change(options, fs, path);
  const auto receipt = replace_file(fs, path, std::as_bytes(std::span(content)), options);
  demand(receipt.has_value(), receipt ? "" : receipt.error().message());
  const bool by_ranges = receipt->protocol == Protocol::one_commit;
  demand(way.by == By::probe || by_ranges == (basis_of(way.by) == Basis::ranges),
         path + " was replaced by the protocol " + std::string(to_string(receipt->protocol)));
}

// Each file from its old version (or none) to its new one.
class Replacing final : public Workload {
 public:
  Replacing(Way way, const Scale& scale)
      : Workload(name_of(way), promise_of(way.level), basis_of(way.by)), way_(std::move(way)) {
    for (const std::size_t size : scale.sizes) {
      before_.push_back(testing::pattern(size + size / 3, static_cast<unsigned>(size) + 1));
      after_.push_back(testing::pattern(size, static_cast<unsigned>(size) + 2));
    }
  }

  void prepare(FileSystem& fs) const override {
    for (std::size_t index = 0; !way_.fresh && index < before_.size(); ++index) {
      testing::write_file(fs, path_of(index), before_[index]);
    }
  }

  void run(Session& session) const override {
    for (std::size_t index = 0; index < after_.size(); ++index) {
      replace(file_system_for(session, way_.by), way_, path_of(index), after_[index]);
      session.acknowledge(static_cast<unsigned>(index));
    }
  }

  [[nodiscard]] Finding judge(const Tree& tree, FileSystem&,
                              const std::vector<bool>& acknowledged) const override {
    Finding worst;
    for (std::size_t index = 0; index < after_.size(); ++index) {
      const Versions versions = {.before = way_.fresh ? nullptr : &before_[index],
                                 .after = &after_[index],
                                 .acknowledged = acknowledged[index]};
      worst = worse_of(std::move(worst), judge_version(tree, path_of(index), versions));
    }
    return worst;
  }

 private:
  [[nodiscard]] std::string path_of(std::size_t index) const {
    const std::string number = std::to_string(index);
    return way_.folder.empty() ? "state-" + number : way_.folder + number + "/state";
  }

  Way way_;
  std::vector<std::string> before_;
  std::vector<std::string> after_;
};

// One file through many versions; with `backups` the older ones beside it.
class Versioned final : public Workload {
 public:
  Versioned(Way way, unsigned backups, const Scale& scale)
      : Workload(name_of(way), promise_of(way.level), basis_of(way.by)),
        way_(std::move(way)),
        backups_(backups) {
    constexpr std::size_t version_count = 6;
    for (std::size_t index = 0; index < version_count; ++index) {
      versions_.push_back(testing::pattern(scale.sizes[index % scale.sizes.size()] + index,
                                           static_cast<unsigned>(index) + 1));
    }
  }

  void prepare(FileSystem& fs) const override {
    testing::write_file(fs, file_name, versions_.front());
  }

  void run(Session& session) const override {
    for (std::size_t index = 1; index < versions_.size(); ++index) {
      replace(file_system_for(session, way_.by), way_, file_name, versions_[index]);
      session.acknowledge(static_cast<unsigned>(index - 1));
    }
  }

  // The file is no older than what was acknowledged, and backup N no older than N before that.
  [[nodiscard]] Finding judge(const Tree& tree, FileSystem&,
                              const std::vector<bool>& acknowledged) const override {
    const auto told = static_cast<std::size_t>(std::ranges::count(acknowledged, true));
    Finding worst = judge_one(tree, file_name, told, true);
    for (unsigned number = 1; number <= backups_; ++number) {
      const std::string name = std::string(file_name) + ".~" + std::to_string(number) + "~";
      const bool must_be_there = told >= number;
      worst = worse_of(std::move(worst),
                       judge_one(tree, name, must_be_there ? told - number : 0, must_be_there));
    }
    return worst;
  }

 private:
  static constexpr const char* file_name = "state";

  [[nodiscard]] Finding judge_one(const Tree& tree, const std::string& name, std::size_t oldest,
                                  bool must_be_there) const {
    const auto found = tree.find(name);
    if (found == tree.end()) {
      // Never there is older than there; a file that was there before may not be gone at all.
      if (!must_be_there) return {};
      return {name == file_name ? Kind::missing : Kind::lost, name + " is missing"};
    }
    const auto version = std::ranges::find(versions_, found->second.content);
    if (version == versions_.end()) {
      const std::size_t next = std::min(oldest + 1, versions_.size() - 1);
      return judge_version(tree, name, {.before = &versions_[next - 1], .after = &versions_[next]});
    }
    if (static_cast<std::size_t>(std::distance(versions_.begin(), version)) >= oldest) return {};
    return {Kind::lost, name + " is older than what was acknowledged"};
  }

  Way way_;
  unsigned backups_;
  std::vector<std::string> versions_;
};

void set_if_match(ReplaceOptions& options, FileSystem& fs, const std::string& path) {
  const auto etag = read_etag(fs, path);
  demand(etag.has_value(), etag ? "" : etag.error().message());
  options.if_match = *etag;
}

// Options with calls of their own.
std::vector<Way> special_ways() {
  return {
      {.name = "-create",
       .fresh = true,
       .change = [](ReplaceOptions& options, FileSystem&,
                    const std::string&) { options.existence = Existence::must_not_exist; }},
      {.name = "-parents",
       .fresh = true,
       .folder = "made-",
       .change = [](ReplaceOptions& options, FileSystem&,
                    const std::string&) { options.create_parents = true; }},
      {.name = "-cooperative", .change = set_if_match},
      {.name = "-detect",
       .change =
           [](ReplaceOptions& options, FileSystem& fs, const std::string& path) {
             set_if_match(options, fs, path);
             options.match = Match::detect;
           }},
  };
}

void add_special(Workloads& to, const Scale& scale, Durability level, By by) {
  for (Way way : special_ways()) {
    way.level = level;
    way.by = by;
    to.push_back(std::make_unique<Replacing>(std::move(way), scale));
  }
  constexpr unsigned backup_count = 2;
  const auto keep = [](ReplaceOptions& options, FileSystem&, const std::string&) {
    options.backups = backup_count;
  };
  to.push_back(
      std::make_unique<Versioned>(Way{.name = "-versions", .level = level, .by = by}, 0, scale));
  to.push_back(std::make_unique<Versioned>(
      Way{.name = "-backups", .level = level, .by = by, .change = keep}, backup_count, scale));
}

}  // namespace

void add_replacing(Workloads& to, const Scale& scale) {
  for (const By by : {By::classic, By::one_commit}) {
    for (const Durability level : {Durability::process, Durability::ordered, Durability::durable}) {
      // No protocol makes a difference to it.
      if (by == By::one_commit && level == Durability::process) continue;
      for (const bool fresh : {false, true}) {
        to.push_back(
            std::make_unique<Replacing>(Way{.level = level, .by = by, .fresh = fresh}, scale));
      }
    }
    add_special(to, scale, Durability::durable, by);
  }
  add_special(to, scale, Durability::ordered, By::one_commit);
  for (const bool fresh : {false, true}) {
    to.push_back(std::make_unique<Replacing>(Way{.by = By::probe, .fresh = fresh}, scale));
  }
}

}  // namespace untorn::lab
