// SPDX-License-Identifier: Apache-2.0
//
// The doctor. Its report is the document of `untorn doctor --format json`, as text.
#include <filesystem>
#include <system_error>

#include "base/try.h"
#include "binders.h"
#include "fields.h"
#include "health/doctor.h"

namespace untorn::python {
namespace {

// As the command resolves what it is given.
health::NamedFolder named_folder(const std::string& shown) {
  std::error_code error;
  std::filesystem::path real = std::filesystem::canonical(shown, error);
  if (error) real = std::filesystem::absolute(shown, error);  // opening it will say why
  return {.shown = shown, .real = real.string()};
}

Result<Reply> report_of(const health::Options& options) {
  const health::Report report = health::examine(posix_file_system(), options);
  if (!report.failures.empty() && report.counts.folders == 0) {
    return std::unexpected(report.failures.front().error);
  }
  return Reply{.value = {}, .contents = {health::render_json(report)}};
}

}  // namespace

Result<Reply> run_doctor(Call& call) {
  health::Options options;
  for (const std::string& folder : call.texts("folders")) {
    options.folders.push_back(named_folder(bytes_of(folder)));
  }
  for (const std::string& glob : call.texts("documents")) {
    options.documents.push_back(bytes_of(glob));
  }
  options.repair = call.flag("repair");
  options.probe = call.flag("probe");
  options.acknowledge = call.flag("acknowledge");
  options.keep_going = [&call](const health::Counts&) { return call.talk().keep_going(); };
  return report_of(options);
}

Result<Reply> run_sweep(Call& call) {
  health::Options options;
  options.folders.push_back(named_folder(call.path()));
  options.repair = true;
  options.temporaries_only = true;
  options.keep_going = [&call](const health::Counts&) { return call.talk().keep_going(); };
  return report_of(options);
}

}  // namespace untorn::python
