// SPDX-License-Identifier: Apache-2.0
//
// What the opaque types of untorn.h are made of.
//
//   H1  A spent object keeps nothing but its shell: each call looks before it uses.
//   H2  `untorn_error` is plain: the one for a lack of memory must be had without any.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "untorn/batch.h"
#include "untorn/line_log.h"
#include "untorn/replace.h"
#include "untorn/sweep.h"
#include "untorn/transaction.h"
#include "untorn/untorn.h"

struct untorn_error {
  int code = UNTORN_OK;
  int step = 0;
  int outcome = 0;
  int advice = 0;
  int os_errno = 0;
  const char* message = "";
  const char* path = "";
};

struct untorn_options {
  untorn::ReplaceOptions replace;
  untorn::LineLogOptions log;
  untorn::SweepOptions sweep;
};

struct untorn_writer {
  std::optional<untorn::FileReplacer> replacer;  // H1
};

struct untorn_batch {
  std::optional<untorn::Batch> batch;           // H1
  std::optional<untorn::BatchReceipt> receipt;  // after the commit
};

struct untorn_transaction {
  std::optional<untorn::Transaction> transaction;  // H1
};

struct untorn_log {
  untorn::LineLog log;
  mutable std::string torn_message;  // the text of the last untorn_log_torn()
};

struct untorn_report {
  struct Entry {
    int finding = 0;
    std::string path;
    std::string why;
    std::uint64_t bytes = 0;
  };
  std::deque<Entry> entries;
};
