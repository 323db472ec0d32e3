// SPDX-License-Identifier: Apache-2.0
//
// Shared answers are right answers: a command that is a function of what it reads is asked with and
// without the memo, on every crash state of many logs.
#include "prove/judge/answer_memo.h"

#include <gtest/gtest.h>

#include <random>

#include "crash/log_maker.h"
#include "crash/sample_logs.h"
#include "prove/judge/state_view.h"

namespace untorn::prove {
namespace {

// A stand-in for a command: it reads something, and what it reads next, and its verdict, follow
// from what it has read. `reads` receives what it looked at.
bool ask(const crash::CrashState& state, const StateView& view,
         const std::vector<crash::Path>& paths, std::uint64_t seed, std::vector<Read>* reads) {
  std::mt19937_64 random(seed);
  std::uint64_t seen = seed;
  for (int step = 0; step < 4; ++step) {
    const crash::Path& path = paths[(seen ^ random()) % paths.size()];
    const auto kind = (seen ^ random()) % 3 == 0 ? Read::Kind::status : Read::Kind::content;
    const Read read = {kind, path};
    // Read from the state itself, not by the view: a view that sees too little must be found out.
    std::uint64_t found = 1;
    if (const auto file = state.file(path)) {
      found = static_cast<std::uint64_t>(file->type) * 7 + file->content.size();
      if (kind == Read::Kind::content) found += hash128(file->content.view()).first;
    }
    if (kind == Read::Kind::content) {
      for (const auto& [other, file] : state.tree()) {
        const auto slash = other.rfind('/');
        const auto folder = slash == crash::Path::npos ? crash::Path() : other.substr(0, slash);
        if (folder == path) found = found * 31 + hash128(other).first;
      }
    }
    if (reads != nullptr && view.varies(read)) {
      if (std::find(reads->begin(), reads->end(), read) == reads->end()) reads->push_back(read);
    }
    seen = scramble(seen ^ found);
    if (seen % 5 == 0) break;
  }
  return seen % 2 == 0;
}

struct Sharing {
  std::uint64_t states = 0;
  std::uint64_t runs = 0;
  std::uint64_t wrong = 0;
};

Sharing share(const OperationLog& log, crash::Model model, std::uint64_t seed) {
  const crash::History history(log);
  const StateView view(history);
  std::vector<crash::Path> paths = history.touched_paths();
  for (const auto& [path, file] : history.tree_at(0)) paths.push_back(path);
  for (const auto& [path, file] : history.tree_at(log.operations.size())) paths.push_back(path);
  paths.insert(paths.end(), {"", "never/was"});
  AnswerMemo memo;
  Sharing result;
  crash::Budget budget;
  budget.states = 3000;
  (void)crash::enumerate(history, model, {}, budget, [&](const crash::CrashState& state) {
    const auto value = [&](const Read& read) { return view.value(read, state, 0); };
    ++result.states;
    std::vector<Read> reads;
    const bool good = ask(state, view, paths, seed, &reads);
    if (const auto* known = memo.find(value)) {
      if (known->answer.has_value() == good) ++result.wrong;
      return true;
    }
    ++result.runs;
    if (!memo.add(reads, value, good ? std::nullopt : std::optional(Answer{}))) ++result.wrong;
    return true;
  });
  return result;
}

TEST(AnswerMemo, shared_answers_are_those_that_a_run_would_give) {
  Sharing all;
  for (const crash::SampleLog& sample : crash::sample_logs()) {
    crash::LogMaker maker;
    sample.make(maker);
    for (const crash::Model model : {crash::Model::kill, crash::Model::portable}) {
      for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        const Sharing shared = share(maker.log(), model, seed);
        EXPECT_EQ(shared.wrong, 0U) << sample.name << " seed " << seed;
        all.states += shared.states;
        all.runs += shared.runs;
      }
    }
  }
  EXPECT_GT(all.states, 2000U);
  EXPECT_LT(all.runs * 4, all.states * 3) << "of " << all.states << " states";
}

// Names that stand where nothing ever stood during the run, because a folder moved.
TEST(AnswerMemo, files_below_folders_that_moved_are_told_apart) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    crash::LogMaker maker;
    maker.initial_directory("d");
    maker.initial_file("d/a", "old");
    maker.rename("d", "e");
    maker.create("e/b");
    maker.write("e/b", 0, "new");
    maker.make_directory("d");
    maker.rename("e/a", "d/a");
    EXPECT_EQ(share(maker.log(), crash::Model::portable, seed).wrong, 0U) << "seed " << seed;
  }
}

TEST(AnswerMemo, same_reads_with_another_answer_are_refused) {
  AnswerMemo memo;
  const std::vector<Read> reads = {{Read::Kind::content, "a"}, {Read::Kind::status, "b"}};
  const auto value = [](const Read&) { return Hash128{1, 1}; };
  EXPECT_TRUE(memo.add(reads, value, std::nullopt));
  EXPECT_TRUE(memo.add({reads[1], reads[0]}, value, std::nullopt));
  EXPECT_FALSE(memo.add(reads, value, Answer{}));
  EXPECT_EQ(memo.size(), 1U);
}

TEST(AnswerMemo, run_that_read_nothing_speaks_for_all_states) {
  AnswerMemo memo;
  const auto value = [](const Read&) -> Hash128 { return {}; };
  EXPECT_EQ(memo.find(value), nullptr);
  EXPECT_TRUE(memo.add({}, value, Answer{Observed::check_failed, "said"}));
  ASSERT_NE(memo.find(value), nullptr);
  EXPECT_EQ(memo.find(value)->answer->output, "said");
}

}  // namespace
}  // namespace untorn::prove
