// SPDX-License-Identifier: Apache-2.0
#include "untorn/pipeline/state_manager.h"

#include <cerrno>
#include <span>
#include <utility>

#include "base/try.h"
#include "pipeline/clock.h"
#include "untorn/replace.h"

namespace untorn::pipeline {
namespace {

constexpr const char* directory_name = ".pipeline";
constexpr const char* backups_name = "backups";
constexpr const char* file_name = "state.json";

// Made with its parent synced: what is saved in it shall not vanish with it.
Result<void> make_directory(FileSystem& fs, const std::filesystem::path& path,
                            Durability durability) {
  const auto failed = [&path](Errno os_errno, Step step) {
    return std::unexpected(
        Error::from_errno(number(os_errno), step, Outcome::not_applied, path.native()));
  };
  constexpr std::uint32_t mode_new = 0777;  // less the umask
  auto made = fs.make_directory(Handle::working_directory, path.native(), mode_new);
  if (!made && number(made.error()) != EEXIST) {
    return failed(made.error(), Step::create_temporary);
  }
  auto opened = fs.open(Handle::working_directory, path.native(), {.access = Access::directory});
  if (!opened) return failed(opened.error(), Step::open_directory);
  const OwnedHandle directory(fs, *opened);
  if (!made || durability != Durability::durable) return {};
  const std::filesystem::path parent = path.parent_path();
  auto above = fs.open(Handle::working_directory, parent.empty() ? "." : parent.native(),
                       {.access = Access::directory});
  if (!above) return failed(above.error(), Step::open_directory);
  const OwnedHandle owned(fs, *above);
  auto synced = fs.sync(owned.get());
  const int error = synced ? 0 : number(synced.error());
  if (error != 0 && error != EINVAL && error != EOPNOTSUPP) {
    return failed(synced.error(), Step::sync_directory);
  }
  return {};
}

}  // namespace

Result<StateManager> StateManager::open(FileSystem& fs, const std::filesystem::path& project,
                                        const DocumentOptions& options) {
  const std::filesystem::path directory = project / directory_name;
  if (!options.read_only) UNTORN_CHECK(make_directory(fs, directory, options.durability));
  std::filesystem::path file = directory / file_name;
  UNTORN_TRY(Document document, Document::open(fs, file, options));
  return StateManager(fs, std::move(file), std::move(document));
}

Result<StateManager> StateManager::open(const std::filesystem::path& project,
                                        const DocumentOptions& options) {
  return open(posix_file_system(), project, options);
}

void StateManager::note(const Recovery& recovery) {
  recovery_.reset();
  if (recovery.happened) recovery_ = recovery;
}

Result<PipelineState> StateManager::load() {
  recovery_.reset();
  UNTORN_TRY(LoadedDocument loaded, document_.load());
  note(loaded.recovery);
  if (!loaded.document) {
    generation_ = 0;
    return PipelineState::make();
  }
  UNTORN_TRY(PipelineState state, PipelineState::from_json(loaded.document->root, file_.native()));
  style_ = std::move(loaded.document->style);
  generation_ = loaded.generation;
  return state;
}

// S2 holds for what is about to be replaced, too.
Result<void> StateManager::check_present() {
  auto loaded = document_.load();
  if (!loaded) {
    // Damage without a generation: replace() sets it aside.
    if (loaded.error().code() == Code::corrupt) return {};
    return std::unexpected(loaded.error());
  }
  note(loaded->recovery);
  if (!loaded->document) return {};
  UNTORN_CHECK(PipelineState::check_version(loaded->document->root, file_.native()));
  if (!generation_) style_ = std::move(loaded->document->style);
  return {};
}

Result<ReplacedDocument> StateManager::save(PipelineState& state) {
  recovery_.reset();
  UNTORN_CHECK(check_present());
  state.updated = now_text();
  UNTORN_TRY(ReplacedDocument replaced,
             document_.replace(JsonDocument(state.to_json(), style_), generation_));
  if (replaced.recovery.happened) note(replaced.recovery);
  generation_ = replaced.generation;
  return replaced;
}

Result<PipelineState> StateManager::update(
    const std::function<Result<void>(PipelineState&)>& change) {
  recovery_.reset();
  PipelineState state;
  const auto change_document = [&](std::optional<JsonDocument>& document) -> Result<void> {
    if (document) {
      UNTORN_TRY(state, PipelineState::from_json(document->root, file_.native()));
    } else {
      state = PipelineState::make();
      document.emplace(JsonValue::object(), style_);
    }
    UNTORN_CHECK(change(state));
    state.updated = now_text();
    document->root = state.to_json();
    style_ = document->style;
    return {};
  };
  UNTORN_TRY(const ReplacedDocument replaced, document_.update(change_document));
  note(replaced.recovery);
  generation_ = replaced.generation;
  return state;
}

Result<std::filesystem::path> StateManager::backup_state() {
  UNTORN_TRY(const LoadedDocument loaded, document_.load());
  note(loaded.recovery);
  if (!loaded.document) {
    return std::unexpected(Error(Code::not_found, Step::inspect, Outcome::not_applied, 0,
                                 file_.native(), "no state was saved yet"));
  }
  const std::filesystem::path directory = file_.parent_path() / backups_name;
  UNTORN_CHECK(make_directory(*fs_, directory, Durability::durable));
  const std::string text = loaded.document->text();
  const std::string beginning = "state_" + now_name();
  constexpr int attempts_max = 1000;
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    const std::string ending = attempt == 0 ? ".json" : "_" + std::to_string(attempt) + ".json";
    std::filesystem::path backup = directory / (beginning + ending);
    const auto written = replace_file(*fs_, backup, std::as_bytes(std::span(text)),
                                      {.existence = Existence::must_not_exist});
    if (written) return backup;
    if (written.error().code() != Code::already_exists) return std::unexpected(written.error());
  }
  return std::unexpected(Error(Code::already_exists, Step::rename, Outcome::not_applied, 0,
                               directory.native(), "no free name for a backup"));
}

Result<std::vector<Generation>> StateManager::history() {
  return document_.history();
}

Result<PipelineState> StateManager::rollback(std::size_t back) {
  UNTORN_TRY(const std::vector<Generation> generations, history());
  if (back >= generations.size()) {
    return std::unexpected(
        Error(Code::not_found, Step::inspect, Outcome::not_applied, 0, file_.native(),
              "only " + std::to_string(generations.size()) + " generations are kept"));
  }
  UNTORN_TRY(JsonDocument content, document_.read_generation(generations[back].number));
  UNTORN_TRY(PipelineState state, PipelineState::from_json(content.root, file_.native()));
  UNTORN_TRY(const ReplacedDocument replaced, document_.replace(content));
  note(replaced.recovery);
  style_ = std::move(content.style);
  generation_ = replaced.generation;
  return state;
}

}  // namespace untorn::pipeline
