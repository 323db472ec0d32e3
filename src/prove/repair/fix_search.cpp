// SPDX-License-Identifier: Apache-2.0
#include "prove/repair/fix_search.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "prove/repair/fix_text.h"
#include "prove/repair/sync_place.h"
#include "prove/repair/trial.h"
#include "prove/repair/virtual_replace.h"

namespace untorn::prove {

namespace {

constexpr std::size_t rounds_max = 32;
constexpr std::size_t replaced_paths_max = 4;

// The changes that are tried: first files are replaced, then syncs are put into that log.
struct Changes {
  std::vector<Replacement> replaced;  // in the order in which they were made
  EditedLog base;                     // with the replacements, without the syncs
  std::vector<VirtualSync> syncs;     // of `base`
};

// What the last trial of a set of changes has shown.
struct Proof {
  std::uint64_t states = 0;
  bool exhaustive = true;
};

struct Fix {
  Changes changes;
  Proof proof;
};

using Keys = std::set<QuestionKey>;

class FixSearch {
 public:
  FixSearch(const crash::History& history, const Plan& plan, const std::vector<Failure>& failures,
            const ProveOptions& options, const Explainer& explainer, const FixOptions& limits)
      : history_(history),
        failures_(failures),
        options_(options),
        explainer_(explainer),
        limits_(limits) {
    for (const Group& group : plan.groups()) {
      for (const Question& question : group.questions) {
        planned_.insert(key_of(question));
        if (question.story == nullptr) of_trees_.insert(key_of(question));
      }
    }
    for (const Failure& failure : failures) bad_[key_of(failure).first].insert(key_of(failure));
  }

  FoundFixes run() {
    for (const auto& [path, keys] : in_order()) {
      if (fixes_.contains(path)) continue;
      auto fix = search(keys);
      if (fix && leave_out_needless(keys, *fix)) {
        fixes_.emplace(path, tell(path, *fix));
        share(keys, fix->changes);
      } else if (is_late()) {
        late_.insert(path);
      }
    }
    FoundFixes found;
    for (const Failure& failure : failures_) {
      const crash::Path path = key_of(failure).first;
      const auto fix = fixes_.find(path);
      found.fixes.push_back(fix == fixes_.end() ? std::nullopt : std::optional(fix->second));
      if (fix == fixes_.end() && late_.contains(path)) ++found.not_searched;
    }
    return found;
  }

 private:
  // First one path for each place in the source, then the others; repositories last, because git
  // takes its time in each state.
  [[nodiscard]] std::vector<std::pair<crash::Path, Keys>> in_order() const {
    std::vector<std::pair<crash::Path, Keys>> paths(bad_.begin(), bad_.end());
    std::set<crash::Path> known;
    std::set<std::pair<std::string, std::string>> seen;
    for (const auto& [path, keys] : paths) {
      bool tells_more = false;
      for (const Failure& failure : failures_) {
        if (key_of(failure).first != path) continue;
        auto places = explainer_.places(failure);
        tells_more = tells_more || places.first.empty() || !seen.contains(places);
        seen.insert(std::move(places));
      }
      if (!tells_more) known.insert(path);
    }
    const auto rank = [&](const auto& each) {
      const auto& [path, keys] = each;
      const bool slow = !path.empty() && asks_tree(keys);
      return slow ? 2 : known.contains(path) ? 1 : 0;
    };
    std::stable_sort(paths.begin(), paths.end(),
                     [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
    return paths;
  }

  [[nodiscard]] bool asks_tree(const Keys& keys) const {
    return std::any_of(keys.begin(), keys.end(),
                       [&](const QuestionKey& key) { return of_trees_.contains(key); });
  }

  [[nodiscard]] bool is_late() const {
    return std::chrono::steady_clock::now() >= limits_.deadline ||
           (options_.stop != nullptr && *options_.stop);
  }

  [[nodiscard]] std::unique_ptr<Trial> attempt(const Keys& bad, const Changes& changes) const {
    TrialScope scope{bad, planned_};
    ProveOptions options = options_;
    if (!changes.replaced.empty()) {
      // A tree in which a file is replaced is not one of those that commands have judged, and a
      // file that is replaced has to be whole whatever was asked of it before.
      scope.bad.insert(of_trees_.begin(), of_trees_.end());
      if (!options.expects(Check::atomic)) options.expect.push_back(Check::atomic);
    }
    return std::make_unique<Trial>(insert_syncs(changes.base.log, changes.syncs), options, limits_,
                                   scope);
  }

  [[nodiscard]] EditedLog unchanged() const {
    EditedLog edited;
    edited.log = history_.log();
    for (std::size_t i = 0; i < edited.log.operations.size(); ++i) edited.origin.push_back(i);
    return edited;
  }

  // One change for each bad state that is left, until none is.
  std::optional<Fix> search(const Keys& bad) {
    Changes changes;
    changes.base = unchanged();
    std::vector<const Failure*> known;
    for (const Failure& failure : failures_) {
      if (bad.contains(key_of(failure))) known.push_back(&failure);
    }
    if (is_late() || !add_change(history_, changes.base, known, changes)) return std::nullopt;
    for (std::size_t round = 1; round < rounds_max && !is_late(); ++round) {
      const auto trial = attempt(bad, changes);
      if (trial->is_clean()) return Fix{std::move(changes), {trial->states(), trial->exhaustive()}};
      std::vector<const Failure*> left;
      for (const Failure& failure : trial->failures()) left.push_back(&failure);
      if (left.empty()) return std::nullopt;  // no answer in time
      if (!add_change(trial->history(), trial->edited(), left, changes)) return std::nullopt;
    }
    return std::nullopt;
  }

  // Against the simplest of what is left; a kill shows more plainly than a power cut what is wrong.
  bool add_change(const crash::History& history, const EditedLog& edited,
                  const std::vector<const Failure*>& left, Changes& changes) const {
    const Failure& simplest =
        **std::min_element(left.begin(), left.end(), [](const Failure* a, const Failure* b) {
          return std::pair(a->engine == Engine::power, a->simplest.lost_count) <
                 std::pair(b->engine == Engine::power, b->simplest.lost_count);
        });
    return add_sync(edited, simplest, changes) || add_replacement(history, simplest, changes);
  }

  static bool add_sync(const EditedLog& edited, const Failure& failure, Changes& changes) {
    const auto& origin = edited.origin;
    for (VirtualSync sync : missing_syncs(edited.log, failure)) {
      sync.before = sync.before == 0 ? 0 : origin[sync.before - 1] + 1;
      const auto& known = changes.syncs;
      if (std::find(known.begin(), known.end(), sync) != known.end()) continue;
      changes.syncs.push_back(sync);
      return true;
    }
    return false;
  }

  // The path whose file the failure found changed in place, if its writer can replace it.
  bool add_replacement(const crash::History& history, const Failure& failure,
                       Changes& changes) const {
    if (changes.replaced.size() >= replaced_paths_max) return false;
    std::vector<crash::Path> paths;
    if (failure.story != nullptr) {
      if (failure.story->database) return false;
      paths.push_back(failure.story->path);
    } else {
      for (const std::size_t lost : failure.simplest.lost) {
        const InodeId inode = history.log().operations[lost].inode;
        if (inode != no_inode) paths.push_back(history.path_of(inode, lost));
      }
    }
    for (const crash::Path& path : paths) {
      if (replace(path, changes)) return true;
    }
    return false;
  }

  static bool replace(const crash::Path& path, Changes& changes) {
    for (const Replacement& known : changes.replaced) {
      if (known.path == path) return false;
    }
    const crash::History history(changes.base.log);
    const auto stories = tell_stories(history, {path});
    if (stories.empty()) return false;
    auto made = replace_in_place(history, stories.front());
    if (!made) return false;
    for (std::size_t& origin : made->edited.origin) origin = changes.base.origin[origin];
    changes.replaced.push_back({path, changes.base.origin[made->first]});
    changes.base = std::move(made->edited);
    changes.syncs.clear();  // their places are gone; what is still missing is found again
    return true;
  }

  // False if the time was over before all was tried.
  bool leave_out_needless(const Keys& bad, Fix& fix) {
    Changes& changes = fix.changes;
    for (std::size_t i = changes.syncs.size(); i-- > 0 && changes.syncs.size() > 1;) {
      if (is_late()) return false;
      Changes fewer{changes.replaced, changes.base, changes.syncs};
      fewer.syncs.erase(fewer.syncs.begin() + static_cast<std::ptrdiff_t>(i));
      const auto trial = attempt(bad, fewer);
      if (!trial->is_clean()) continue;
      changes.syncs = std::move(fewer.syncs);
      fix.proof = {trial->states(), trial->exhaustive()};
    }
    return true;
  }

  // F5. A file that is replaced makes whole trees good, and no other file.
  void share(const Keys& keys, const Changes& changes) {
    Keys all = keys;
    for (const auto& [path, others] : bad_) {
      if (fixes_.contains(path) || (changes.syncs.empty() && !asks_tree(others))) continue;
      all.insert(others.begin(), others.end());
    }
    if (all.size() == keys.size() || is_late()) return;
    const auto together = attempt(all, changes);
    std::set<crash::Path> still_bad;
    for (const Failure& failure : together->failures()) {
      still_bad.insert(key_of(failure).first);
    }
    for (const auto& [path, others] : bad_) {
      if (is_late()) return;
      if (fixes_.contains(path) || still_bad.contains(path)) continue;
      if (!std::includes(all.begin(), all.end(), others.begin(), others.end())) continue;
      Keys both = keys;
      both.insert(others.begin(), others.end());
      const auto trial = attempt(both, changes);
      if (!trial->is_clean()) continue;
      fixes_.emplace(path, tell(path, {changes, {trial->states(), trial->exhaustive()}}));
    }
  }

  [[nodiscard]] ProvedFix tell(const crash::Path& path, const Fix& fix) const {
    bool database = false;
    for (const Failure& failure : failures_) {
      database = database || (failure.story != nullptr && failure.story->path == path &&
                              failure.story->database);
    }
    const FixTeller teller(history_, explainer_, options_, database);
    const Changes& changes = fix.changes;
    return teller.tell(changes.replaced, changes.base, changes.syncs, fix.proof.states,
                       fix.proof.exhaustive);
  }

  const crash::History& history_;
  const std::vector<Failure>& failures_;
  const ProveOptions& options_;
  const Explainer& explainer_;
  const FixOptions& limits_;
  Keys planned_;
  Keys of_trees_;
  std::map<crash::Path, Keys> bad_;  // by path
  std::map<crash::Path, ProvedFix> fixes_;
  std::set<crash::Path> late_;  // paths whose search was not finished
};

}  // namespace

FoundFixes search_fixes(const crash::History& history, const Plan& plan,
                        const std::vector<Failure>& failures, const ProveOptions& options,
                        const Explainer& explainer, const FixOptions& limits) {
  return FixSearch(history, plan, failures, options, explainer, limits).run();
}

}  // namespace untorn::prove
