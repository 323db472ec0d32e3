// SPDX-License-Identifier: Apache-2.0
#include "untorn/document.h"

#include <cstddef>
#include <ctime>
#include <utility>

#include "base/try.h"
#include "document/session.h"

namespace untorn {
namespace {

using document::Choice;
using document::Home;
using document::View;

std::string time_text(std::int64_t since_epoch_ns) {
  const auto seconds = static_cast<std::time_t>(since_epoch_ns / 1'000'000'000);
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) return "an unknown time";
  std::string text(32, '\0');
  text.resize(std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts));
  return text;
}

// Someone may read, but not write here.
bool forbids_writing(const Error& error) {
  return error.code() == Code::permission_denied;
}

LoadedDocument as_loaded(View& view) {
  LoadedDocument loaded;
  loaded.document = std::move(view.content);
  loaded.generation = view.generation;
  return loaded;
}

LoadedDocument as_loaded(Choice&& choice, Recovery recovery) {
  LoadedDocument loaded;
  loaded.document = std::move(choice.content);
  loaded.generation = choice.stored.about.number;
  loaded.recovery = std::move(recovery);
  return loaded;
}

// What can be said without writing.
Result<LoadedDocument> observe(const Home& home, View& view) {
  if (view.needs_recovery()) {
    UNTORN_TRY(Choice choice, document::choose(home, view));
    Recovery recovery = document::describe(view, choice);
    return as_loaded(std::move(choice), std::move(recovery));
  }
  LoadedDocument loaded = as_loaded(view);
  loaded.edited = view.unkept() && !view.is_older && home.keeps_something();
  return loaded;
}

// The same with the lock held: damage is mended, an edit is kept.
Result<LoadedDocument> settle(const Home& home, View& view, const DocumentOptions& options) {
  if (view.needs_recovery()) {
    auto chosen = document::choose(home, view);
    if (!chosen) {
      if (options.counters) options.counters->count_recovery(RecoveryResult::failed);
      return std::unexpected(chosen.error());
    }
    Choice choice = *std::move(chosen);
    auto recovery = document::bring_back(home, view, choice, options);
    if (recovery) {
      const bool again = choice.later_lost > 0 || choice.stored.about.from_copy;
      LoadedDocument loaded = as_loaded(std::move(choice), std::move(*recovery));
      if (again) loaded.generation = document::next_number(view.generations);
      return loaded;
    }
    if (!forbids_writing(recovery.error())) return std::unexpected(recovery.error());
    Recovery observed = document::describe(view, choice);
    return as_loaded(std::move(choice), std::move(observed));
  }
  const bool edited = view.unkept() && !view.is_older;
  if (view.unkept()) {
    // Reading must not fail because there is no room to keep a copy; `generation` stays 0 then.
    if (auto kept = document::keep_present(home, view, options)) view.generation = *kept;
  }
  LoadedDocument loaded = as_loaded(view);
  loaded.edited = edited;
  return loaded;
}

// Nothing but look() where nothing is kept.
bool must_write(const Home& home, const View& view) {
  if (!home.keeps_something()) return false;
  return view.needs_recovery() || view.unkept() || home.older() != Handle::none;
}

// The lock, and under it what an earlier version kept elsewhere.
Result<void> take(Home& home, const DocumentOptions& options) {
  UNTORN_CHECK(home.make_folder());
  UNTORN_CHECK(home.lock(options.lock_wait));
  if (home.older() == Handle::none) return {};
  UNTORN_CHECK(home.sync_way(options.counters.get()));
  document::take_over_older(home, options);
  return {};
}

Result<void> check_version(const Home& home, const View& view, std::uint64_t newest_known) {
  for (const document::StoredGeneration& stored : view.generations) {
    const Generation& about = stored.about;
    if (about.from_copy || about.number <= newest_known) continue;
    if (about.origin != Origin::replaced) continue;
    return std::unexpected(home.error(
        Code::conflict, Step::check,
        "generation " + std::to_string(about.number) + " was written since it was loaded"));
  }
  return {};
}

Result<void> may_change(const std::string& path, const DocumentOptions& options) {
  if (!options.read_only) return {};
  return std::unexpected(Error(Code::permission_denied, Step::resolve, Outcome::not_applied, 0,
                               path, "the document was opened read-only"));
}

// The place, made and locked, for those who will write.
Result<Home> enter(FileSystem& fs, const std::string& path, const DocumentOptions& options) {
  UNTORN_CHECK(may_change(path, options));
  UNTORN_TRY(Home home, Home::find(fs, path, options.tree));
  UNTORN_CHECK(home.read());  // a directory in the way is met before anything is made beside it
  UNTORN_CHECK(take(home, options));
  return home;
}

// D6.
Result<std::string> checked_text(const std::string& path, const JsonDocument& content) {
  std::string text = content.text();
  auto parsed = JsonDocument::parse(text);
  if (parsed) return text;
  return std::unexpected(
      Error(Code::invalid_argument, Step::check, Outcome::not_applied, 0, path,
            "the new content could not be read back: " + parsed.error().detail()));
}

}  // namespace

std::string_view to_string(Origin origin) noexcept {
  switch (origin) {
    case Origin::replaced:
      return "replaced";
    case Origin::edited:
      return "edited";
    case Origin::recovered:
      return "recovered";
  }
  return "unknown";
}

std::string Recovery::lost() const {
  if (!happened) return {};
  if (generations_lost > 0) {
    return "the changes of " + std::to_string(generations_lost) + " later generation" +
           (generations_lost == 1 ? "" : "s");
  }
  if (file_adds_nothing) return "nothing that was kept";
  return "nothing that Untorn wrote; what another program wrote later is in the damaged file";
}

std::string Recovery::message() const {
  if (!happened) return {};
  std::string text = "the file was damaged (" + reason + ")";
  if (!set_aside.empty()) text += "; it is set aside as " + set_aside;
  if (generation.number == 0) return text + "; the new content is in its place";
  text += written ? "; in its place is generation "
                  : "; it was left as it is, and read was generation ";
  text += std::to_string(generation.number) + " of " + time_text(generation.kept_ns) + " (" +
          std::to_string(generation.bytes) + " bytes" +
          (generation.from_copy ? ", from another directory" : "") + ")";
  return text + "; lost: " + lost();
}

Result<Document> Document::open(FileSystem& fs, const std::filesystem::path& path,
                                const DocumentOptions& options) {
  if (options.generations == 0) {
    return std::unexpected(Error(Code::invalid_argument, Step::resolve, Outcome::not_applied, 0,
                                 path.native(), "at least one generation must be kept"));
  }
  UNTORN_CHECK(Home::find(fs, path.native(), options.tree));
  return Document(fs, path.native(), options);
}

Result<Document> Document::open(const std::filesystem::path& path, const DocumentOptions& options) {
  return open(posix_file_system(), path, options);
}

Result<LoadedDocument> Document::load() {
  UNTORN_TRY(Home home, Home::find(*fs_, path_, options_.tree));
  UNTORN_TRY(View view, document::look(home));
  if (view.unsupported()) return std::unexpected(*view.refusal);
  if (options_.read_only || !must_write(home, view)) return observe(home, view);
  auto locked = take(home, options_);
  if (!locked) {
    // Only damage needs the lock; an edit is kept, and an older folder taken over, by whoever comes
    // next.
    if (!view.needs_recovery() || forbids_writing(locked.error())) return observe(home, view);
    return std::unexpected(locked.error());
  }
  UNTORN_TRY(view, document::look(home));
  if (view.unsupported()) return std::unexpected(*view.refusal);
  return settle(home, view, options_);
}

Result<ReplacedDocument> Document::replace(const JsonDocument& content,
                                           std::optional<std::uint64_t> unless_newer_than) {
  UNTORN_TRY(const std::string text, checked_text(path_, content));
  UNTORN_TRY(Home home, enter(*fs_, path_, options_));
  UNTORN_TRY(const View view, document::look(home));
  if (view.unsupported()) return std::unexpected(*view.refusal);
  if (unless_newer_than) UNTORN_CHECK(check_version(home, view, *unless_newer_than));
  return document::put(home, view, text, options_);
}

Result<ReplacedDocument> Document::update(
    const std::function<Result<void>(std::optional<JsonDocument>&)>& change) {
  UNTORN_TRY(Home home, enter(*fs_, path_, options_));
  UNTORN_TRY(View view, document::look(home));
  if (view.unsupported()) return std::unexpected(*view.refusal);
  UNTORN_TRY(LoadedDocument loaded, settle(home, view, options_));
  Recovery recovery = std::move(loaded.recovery);
  if (recovery.happened && !recovery.written) {
    return std::unexpected(home.error(Code::permission_denied, Step::inspect,
                                      recovery.reason + ", and it cannot be set aside"));
  }
  UNTORN_CHECK(change(loaded.document));
  ReplacedDocument result;
  if (loaded.document) {
    UNTORN_TRY(const std::string text, checked_text(path_, *loaded.document));
    UNTORN_TRY(view, document::look(home));
    if (view.unsupported()) return std::unexpected(*view.refusal);
    UNTORN_TRY(result, document::put(home, view, text, options_));
  } else {
    result.receipt.outcome = Outcome::not_applied;
    result.receipt.unchanged = true;
    result.receipt.protocol = Protocol::none;
  }
  if (recovery.happened) result.recovery = std::move(recovery);
  return result;
}

Result<Recovery> Document::recover() {
  UNTORN_TRY(const Home home, enter(*fs_, path_, options_));
  UNTORN_TRY(const View view, document::look(home));
  if (view.content || view.is_new()) return Recovery();
  constexpr bool pass_over = true;
  UNTORN_TRY(const Choice choice, document::choose(home, view, pass_over));
  return document::bring_back(home, view, choice, options_);
}

Result<std::vector<Generation>> Document::history() {
  UNTORN_TRY(const Home home, Home::find(*fs_, path_, options_.tree));
  UNTORN_TRY(const auto stored, document::list_generations(home));
  std::vector<Generation> result;
  for (const document::StoredGeneration& one : stored) {
    const auto text = document::read_generation(home, one);
    result.push_back(one.about);
    result.back().intact = text && text->has_value();
  }
  return result;
}

Result<JsonDocument> Document::read_generation(std::uint64_t number) {
  UNTORN_TRY(const Home home, Home::find(*fs_, path_, options_.tree));
  UNTORN_TRY(const auto stored, document::list_generations(home));
  for (const document::StoredGeneration& one : stored) {
    if (one.about.number != number) continue;
    UNTORN_TRY(auto text, document::read_generation(home, one));
    if (text) return JsonDocument::parse(std::move(*text), path_);
    return std::unexpected(home.error(Code::corrupt, Step::inspect, one.name + " is damaged"));
  }
  return std::unexpected(home.error(Code::not_found, Step::inspect,
                                    "there is no generation " + std::to_string(number)));
}

Result<ReplacedDocument> Document::restore(std::uint64_t number) {
  UNTORN_TRY(const JsonDocument content, read_generation(number));
  return replace(content);
}

}  // namespace untorn
