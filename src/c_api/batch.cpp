// SPDX-License-Identifier: Apache-2.0
//
// Many files, each whole.
#include <memory>
#include <utility>

#include "base/try.h"
#include "c_api/boundary.h"
#include "c_api/objects.h"
#include "c_api/values.h"

namespace untorn::c_api {

namespace {

Result<void> is_open(const untorn_batch* batch) {
  UNTORN_CHECK(given(batch, "batch"));
  return expected(batch->batch.has_value(), "the batch is spent");
}

}  // namespace

extern "C" {

int untorn_batch_new(const untorn_options* options, untorn_batch** batch,
                     untorn_error** error) noexcept {
  if (batch != nullptr) *batch = nullptr;
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(given(batch, "batch"));
    auto made = std::make_unique<untorn_batch>();
    made->batch.emplace(options == nullptr ? ReplaceOptions{} : options->replace);
    *batch = made.release();
    return {};
  });
}

int untorn_batch_put(untorn_batch* batch, const char* path, const void* data, size_t size,
                     const untorn_options* options, untorn_error** error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(is_open(batch));
    UNTORN_CHECK(given(path, "path"));
    UNTORN_TRY(const auto content, bytes_of(data, size));
    if (options == nullptr) return batch->batch->put(path, content);
    return batch->batch->put(path, content, options->replace);
  });
}

int untorn_batch_add(untorn_batch* batch, untorn_writer* writer, untorn_error** error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(is_open(batch));
    UNTORN_CHECK(given(writer, "writer"));
    UNTORN_CHECK(expected(writer->replacer.has_value(), "the writer is spent"));
    FileReplacer replacer = std::move(*writer->replacer);
    writer->replacer.reset();
    return batch->batch->add(std::move(replacer));
  });
}

int untorn_batch_commit(untorn_batch* batch, untorn_info* info, untorn_error** error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(is_open(batch));
    UNTORN_CHECK(fits(info));
    Batch spent = std::move(*batch->batch);
    batch->batch.reset();
    UNTORN_TRY(batch->receipt, std::move(spent).commit());
    hand_over(info_of(*batch->receipt), info);
    return {};
  });
}

int untorn_batch_file(const untorn_batch* batch, size_t index, const char** path, untorn_info* info,
                      untorn_error** error) noexcept {
  if (path != nullptr) *path = nullptr;
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(given(batch, "batch"));
    UNTORN_CHECK(expected(batch->receipt.has_value(), "the batch is not committed"));
    UNTORN_CHECK(expected(index < batch->receipt->files.size(), "there is no such file"));
    UNTORN_CHECK(fits(info));
    const BatchFile& file = batch->receipt->files[index];
    if (path != nullptr) *path = file.path.c_str();
    if (!file.result) return std::unexpected(file.result.error());
    hand_over(info_of(*file.result), info);
    return {};
  });
}

void untorn_batch_discard(untorn_batch* batch) noexcept {
  delete batch;
}

}  // extern "C"
}  // namespace untorn::c_api
