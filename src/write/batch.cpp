// SPDX-License-Identifier: Apache-2.0
#include "untorn/batch.h"

#include <utility>

#include "base/try.h"
#include "write/batch_files.h"
#include "write/commit_count.h"
#include "write/replacement.h"

namespace untorn {
namespace {

Error refused(Step step, std::string detail) {
  return {Code::invalid_argument, step, Outcome::not_applied, 0, {}, std::move(detail)};
}

Error spent_error(Step step) {
  return refused(step, "this batch was committed or discarded");
}

}  // namespace

struct Batch::State {
  State(FileSystem& fs, const ReplaceOptions& options) : files(fs, options) {}
  write::BatchFiles files;
};

Batch::Batch(FileSystem& fs, const ReplaceOptions& options)
    : state_(std::make_unique<State>(fs, options)) {}
Batch::Batch(const ReplaceOptions& options) : Batch(posix_file_system(), options) {}
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;
Batch::~Batch() = default;

Result<void> Batch::put(const std::filesystem::path& path, std::span<const std::byte> content,
                        const ReplaceOptions& options) {
  if (state_ == nullptr) return std::unexpected(spent_error(Step::write));
  if (!state_->files.is_ours()) {
    return std::unexpected(refused(Step::write, "another process began this batch"));
  }
  auto joined = state_->files.put(path.native(), content, options);
  if (!joined) write::CommitCount(state_->files.options()).fail(joined.error().outcome(), 0);
  return joined;
}

Result<void> Batch::put(const std::filesystem::path& path, std::span<const std::byte> content) {
  if (state_ == nullptr) return std::unexpected(spent_error(Step::write));
  return put(path, content, state_->files.options());
}

Result<void> Batch::put(const std::filesystem::path& path, std::string_view content) {
  return put(path, std::as_bytes(std::span(content)));
}

Result<void> Batch::add(FileReplacer&& writer) {
  const std::unique_ptr<FileReplacer::State> stream = std::move(writer.state_);
  if (state_ == nullptr) return std::unexpected(spent_error(Step::write));
  if (stream == nullptr) {
    return std::unexpected(refused(Step::write, "the writer was committed or discarded"));
  }
  if (!state_->files.is_ours()) {
    return std::unexpected(refused(Step::write, "another process began this batch"));
  }
  auto joined = state_->files.add(std::move(stream->replacement));
  if (!joined) write::CommitCount(state_->files.options()).fail(joined.error().outcome(), 0);
  return joined;
}

std::size_t Batch::size() const noexcept {
  return state_ == nullptr ? 0 : state_->files.size();
}

Result<BatchReceipt> Batch::commit() && {
  if (state_ == nullptr) return std::unexpected(spent_error(Step::check));
  const std::unique_ptr<State> state = std::move(state_);
  if (!state->files.is_ours()) {
    return std::unexpected(refused(Step::check, "another process began this batch"));
  }
  return state->files.publish();
}

void Batch::discard() noexcept {
  state_.reset();
}

}  // namespace untorn
