// SPDX-License-Identifier: Apache-2.0
//
// A log of whole lines.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/try.h"
#include "c_api/boundary.h"
#include "c_api/objects.h"
#include "c_api/pieces.h"
#include "c_api/values.h"

namespace untorn::c_api {

extern "C" {

int untorn_log_open(const char* path, const untorn_options* options, untorn_log** log,
                    untorn_error** error) noexcept {
  if (log != nullptr) *log = nullptr;
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(given(path, "path"));
    UNTORN_CHECK(given(log, "log"));
    UNTORN_TRY(LineLog opened,
               LineLog::open(path, options == nullptr ? LineLogOptions{} : options->log));
    *log = std::make_unique<untorn_log>(untorn_log{std::move(opened), {}}).release();
    return {};
  });
}

int untorn_log_append(untorn_log* log, const char* line, size_t size, untorn_info* info,
                      untorn_error** error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(given(log, "log"));
    UNTORN_CHECK(fits(info));
    UNTORN_TRY(const std::string_view text, text_of(line, size));
    UNTORN_TRY(const AppendReceipt receipt, log->log.append(text));
    hand_over(info_of(receipt), info);
    return {};
  });
}

int untorn_log_append_lines(untorn_log* log, const struct iovec* lines, size_t count,
                            untorn_info* info, untorn_error** error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(given(log, "log"));
    UNTORN_CHECK(fits(info));
    UNTORN_TRY(const auto pieces, pieces_of(lines, count));
    std::vector<std::string> texts;
    texts.reserve(pieces.size());
    for (const iovec& piece : pieces) {
      UNTORN_TRY(const std::string_view text, text_of(piece.iov_base, piece.iov_len));
      texts.emplace_back(text);
    }
    UNTORN_TRY(const AppendReceipt receipt, log->log.append(texts));
    hand_over(info_of(receipt), info);
    return {};
  });
}

int untorn_log_sync(untorn_log* log, untorn_error** error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(given(log, "log"));
    return log->log.sync();
  });
}

int untorn_log_torn(const untorn_log* log, untorn_entry* entry) noexcept {
  return guarded(nullptr, [&]() -> Result<void> {
    UNTORN_CHECK(given(log, "log"));
    UNTORN_CHECK(fits(entry));
    const TornLines& torn = log->log.torn();
    log->torn_message = torn.message();
    untorn_entry shown = {};
    shown.finding = torn.happened ? UNTORN_TORN_LINES : 0;
    shown.bytes = torn.bytes;
    shown.path = torn.moved_to.c_str();
    shown.why = log->torn_message.c_str();
    hand_over(shown, entry);
    return {};
  });
}

void untorn_log_close(untorn_log* log) noexcept {
  delete log;
}

}  // extern "C"
}  // namespace untorn::c_api
