// SPDX-License-Identifier: Apache-2.0
#include "document/session.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/try.h"
#include "document/set_aside.h"
#include "untorn/replace.h"

namespace untorn::document {
namespace {

// It is kept before the file has its name for certain, wherever a power cut may take that back.
bool is_interrupted_first(const Home& home, const std::vector<StoredGeneration>& generations) {
  if (generations.size() != 1 || generations.front().about.number != 1) return false;
  if (generations.front().newer_format) return false;
  const auto text = read_generation(home, generations.front());
  return text && !*text;
}

void find_generation(View& view) {
  const std::string& bytes = view.file->bytes;
  for (const StoredGeneration& stored : view.generations) {
    if (!stored.holds(bytes)) continue;
    const bool is_newest = &stored == &view.generations.front();
    view.generation = is_newest ? stored.about.number : 0;
    view.is_older = !is_newest;
    return;
  }
}

// Nothing but what a cut leaves of `text`, or NUL bytes in its place.
bool adds_nothing(const std::string& damaged, const std::string& text) {
  const std::size_t nuls_from = damaged.find_last_not_of('\0') + 1;  // npos + 1 is 0
  return text.starts_with(std::string_view(damaged).substr(0, nuls_from));
}

// Of the document, present or to come; what cannot be known is closed.
std::uint32_t mode_of(const Home& home, const View& view, const DocumentOptions& options) {
  constexpr std::uint32_t mode_closed = 0600;
  if (view.file) return view.file->status.mode;
  if (options.mode) return *options.mode;
  if (!view.generations.empty()) return view.generations.front().about.mode;
  const auto status = home.fs().status_at(home.directory(), home.name());
  return status ? status->mode : mode_closed;
}

void count(const DocumentOptions& options, const Recovery& recovery) {
  if (!options.counters) return;
  // Without a generation that came back the old content is lost to its readers.
  const bool is_back = recovery.generation.number != 0;
  options.counters->count_recovery(is_back ? RecoveryResult::recovered : RecoveryResult::discarded);
  if (!recovery.set_aside.empty()) options.counters->count_set_aside(1);
}

// The first generation finds a folder that is new, or that a crash left before its way was synced.
Result<void> keep(const Home& home, const View& view, std::string_view text,
                  const KeepRequest& request) {
  if (view.generations.empty() && request.durability == Durability::durable) {
    UNTORN_CHECK(home.sync_way(request.counters));
  }
  return keep_generation(home, text, request);
}

}  // namespace

std::string View::reason() const {
  if (!file) return "it is missing";
  return refusal ? refusal->detail() : std::string();
}

Result<View> look(const Home& home) {
  View view;
  UNTORN_TRY(view.file, home.read());
  UNTORN_TRY(view.generations, list_generations(home));
  if (!view.file) {
    view.first_was_interrupted = is_interrupted_first(home, view.generations);
    return view;
  }
  auto parsed = JsonDocument::parse(view.file->bytes, home.path());
  if (parsed) {
    view.content = std::move(*parsed);
    find_generation(view);
  } else {
    view.refusal = parsed.error();
  }
  return view;
}

Result<Choice> choose(const Home& home, const View& view, bool pass_over) {
  std::uint64_t later_lost = 0;
  for (const StoredGeneration& stored : view.generations) {
    auto read = read_generation(home, stored);
    if (!read && !pass_over) return std::unexpected(read.error());
    std::optional<std::string> text = read ? std::move(*read) : std::nullopt;
    if (text) {
      auto content = JsonDocument::parse(*text);
      if (content) {
        Choice choice{.stored = stored,
                      .text = std::move(*text),
                      .content = std::move(*content),
                      .later_lost = later_lost};
        return choice;
      }
    }
    ++later_lost;
  }
  const char* why =
      view.generations.empty() ? "no generation of it was kept" : "no generation of it can be used";
  return std::unexpected(home.error(Code::corrupt, Step::inspect, view.reason() + "; " + why));
}

Recovery describe(const View& view, const Choice& choice) {
  Recovery recovery;
  recovery.happened = true;
  recovery.reason = view.reason();
  recovery.generation = choice.stored.about;
  recovery.generations_lost = choice.later_lost;
  recovery.file_adds_nothing = !view.file || adds_nothing(view.file->bytes, choice.text);
  return recovery;
}

Result<Recovery> bring_back(const Home& home, const View& view, const Choice& choice,
                            const DocumentOptions& options) {
  Recovery recovery = describe(view, choice);
  ReplaceOptions replace;
  replace.counters = options.counters;
  if (!view.file) replace.mode = choice.stored.about.mode;
  // Everything that can be refused is refused here, before the file gets a second name.
  UNTORN_TRY(FileReplacer replacer, FileReplacer::open(home.fs(), home.path(), replace));
  UNTORN_CHECK(replacer.write(choice.text));
  if (view.file) {
    UNTORN_TRY(recovery.set_aside, set_aside(home, *view.file));
  }
  UNTORN_TRY(const Receipt receipt, std::move(replacer).commit());
  recovery.written = true;
  count(options, recovery);
  // The newest generation is the present content again; those that cannot be used are behind it.
  if (choice.later_lost > 0 || choice.stored.about.from_copy) {
    const std::uint64_t number = next_number(view.generations);
    UNTORN_CHECK(keep_generation(home, choice.text,
                                 {.number = number,
                                  .origin = Origin::recovered,
                                  .mode = choice.stored.about.mode,
                                  .durability = receipt.requested,
                                  .counters = options.counters.get()}));
    prune_generations(home, view.generations, 1, options.generations);
  }
  return recovery;
}

Result<std::uint64_t> keep_present(const Home& home, const View& view,
                                   const DocumentOptions& options) {
  const std::uint64_t number = next_number(view.generations);
  UNTORN_CHECK(keep(home, view, view.file->bytes,
                    {.number = number,
                     .origin = view.is_older ? Origin::recovered : Origin::edited,
                     .mode = view.file->status.mode,
                     .durability = options.durability,
                     .counters = options.counters.get()}));
  prune_generations(home, view.generations, 1, options.generations);
  return number;
}

namespace {

// One replacement, whose steps share what they know.
class Putting {
 public:
  Putting(const Home& home, const View& view, const std::string& text,
          const DocumentOptions& options)
      : home_(home), view_(view), text_(text), options_(options) {}

  Result<ReplacedDocument> run() {
    if (view_.generation != 0 && view_.file->bytes == text_) return leave();
    std::uint64_t number = next_number(view_.generations);
    if (view_.unkept()) {
      UNTORN_CHECK(keep_as(number++, view_.is_older ? Origin::recovered : Origin::edited,
                           view_.file->bytes));
      result_.kept_edit = !view_.is_older;
    }
    // A file that never was is written before its first generation: a generation without a file
    // would say that one is missing.
    const bool is_first = view_.is_new();
    if (!is_first) UNTORN_CHECK(keep_as(number, Origin::replaced, text_));
    auto replaced = replace();
    if (!replaced) {
      const bool untouched = replaced.error().outcome() == Outcome::not_applied;
      if (untouched && !is_first) drop_generation(home_, number);
      return std::unexpected(replaced.error());
    }
    if (is_first) UNTORN_CHECK(keep_first(number));
    result_.generation = number;
    prune_generations(home_, view_.generations, kept_, options_.generations);
    return std::move(result_);
  }

 private:
  [[nodiscard]] ReplaceOptions replace_options() const {
    ReplaceOptions replace;
    replace.durability = options_.durability;
    replace.counters = options_.counters;
    if (!view_.file) {
      replace.mode = options_.mode;
      if (!replace.mode && !view_.generations.empty()) {
        replace.mode = view_.generations.front().about.mode;
      }
    }
    return replace;
  }

  // It is there already; the level must be true of it all the same.
  Result<ReplacedDocument> leave() {
    ReplaceOptions replace = replace_options();
    replace.skip_if_same = true;
    UNTORN_TRY(result_.receipt,
               replace_file(home_.fs(), home_.path(), std::as_bytes(std::span(text_)), replace));
    result_.generation = view_.generation;
    return std::move(result_);
  }

  Result<void> keep_as(std::uint64_t number, Origin origin, const std::string& text) {
    UNTORN_CHECK(keep(home_, view_, text,
                      {.number = number,
                       .origin = origin,
                       .mode = mode_of(home_, view_, options_),
                       .durability = options_.durability,
                       .counters = options_.counters.get()}));
    ++kept_;
    return {};
  }

  Result<void> keep_first(std::uint64_t number) {
    auto kept = keep_as(number, Origin::replaced, text_);
    if (kept) return {};
    const Error& error = kept.error();
    return std::unexpected(Error(error.code(), error.step(), Outcome::applied, error.os_errno(),
                                 error.path(),
                                 "its generation could not be kept: " + error.detail()));
  }

  Result<void> replace() {
    UNTORN_TRY(FileReplacer replacer,
               FileReplacer::open(home_.fs(), home_.path(), replace_options()));
    UNTORN_CHECK(replacer.write(text_));
    if (view_.needs_recovery()) {
      result_.recovery.happened = true;
      result_.recovery.written = true;
      result_.recovery.reason = view_.reason();
      if (view_.file) {
        UNTORN_TRY(result_.recovery.set_aside, set_aside(home_, *view_.file));
      }
    }
    UNTORN_TRY(result_.receipt, std::move(replacer).commit());
    if (result_.recovery.happened) count(options_, result_.recovery);
    return {};
  }

  const Home& home_;
  const View& view_;
  const std::string& text_;
  const DocumentOptions& options_;
  ReplacedDocument result_;
  unsigned kept_ = 0;
};

}  // namespace

Result<ReplacedDocument> put(const Home& home, const View& view, const std::string& text,
                             const DocumentOptions& options) {
  return Putting(home, view, text, options).run();
}

}  // namespace untorn::document
