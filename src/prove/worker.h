// SPDX-License-Identifier: Apache-2.0
//
// A process for work that changes what its process sees (namespaces) or may bring it down: the
// worker does it and hands back one answer; the caller stays as it was.
//
// The worker dies with its parent. SIGINT, SIGTERM and SIGHUP of the parent are passed on as a
// flag; a worker that does not end within ten seconds of it is killed.
//
// Threads: forks; call it from a process of one thread.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "untorn/error.h"

namespace untorn::prove {

struct WorkerAnswer {
  int exit_code = 0;
  std::string document;
  std::optional<Error> error;   // then there is no document
  std::string page = {};        // a second document, if one was asked for
  std::string trace = {};       // the record of the run, if it is to be kept
  std::string trace_name = {};  // of its log
};

// `work` runs in the worker; the bool becomes true when it should end early.
[[nodiscard]] Result<WorkerAnswer> run_worker(
    const std::function<WorkerAnswer(const bool* stop)>& work);

}  // namespace untorn::prove
