// SPDX-License-Identifier: Apache-2.0
//
// untorn etag PATH: names the version that a file holds, for untorn write --if-match.
#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/refusal.h"
#include "base/try.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/same_target.h"
#include "report/json.h"
#include "untorn/etag.h"

namespace untorn::cli {
namespace {

struct EtagFlags {
  std::string path;
};

struct NamedVersion {
  std::string etag;
  std::uint64_t bytes = 0;
};

bool is_unchanged(const struct stat& before, const struct stat& after) {
  return before.st_dev == after.st_dev && before.st_ino == after.st_ino &&
         before.st_size == after.st_size && before.st_ctim.tv_sec == after.st_ctim.tv_sec &&
         before.st_ctim.tv_nsec == after.st_ctim.tv_nsec;
}

// The size of exactly that version: looked at before and after.
Result<NamedVersion> version_of(const std::string& path) {
  constexpr int attempts_max = 5;
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    struct stat before = {};
    struct stat after = {};
    const bool seen = stat(path.c_str(), &before) == 0;
    UNTORN_TRY(std::string etag, read_etag(path));
    if (seen && stat(path.c_str(), &after) == 0 && is_unchanged(before, after)) {
      return NamedVersion{.etag = std::move(etag),
                          .bytes = static_cast<std::uint64_t>(after.st_size)};
    }
  }
  return refused(Code::busy, path, "it changes all the time");
}

class EtagRun {
 public:
  EtagRun(const std::string& path, Output& output) : path_(path), output_(output) {}

  ExitCode run(const std::optional<std::string>& output_file) {
    if (output_file && leads_to_same(*output_file, path_, SymlinkPolicy::follow)) {
      output_.abandon_file();
      return fail(refusal(Code::invalid_argument, path_, "--output names the file that is read"));
    }
    const Result<NamedVersion> version = version_of(path_);
    if (!version) return fail(version.error());
    output_.result(output_.json() ? document(*version) : version->etag + "\n");
    return output_.finish() ? ExitCode::done : ExitCode::failure;
  }

 private:
  void begin_document(report::JsonWriter& json) const {
    const NamedPath named = named_path(path_);
    json.begin_object();
    json.field("schema", "untorn.etag/1").field("root", named.root).field("path", named.path);
  }

  [[nodiscard]] std::string document(const NamedVersion& version) const {
    report::JsonWriter json;
    begin_document(json);
    json.field("etag", version.etag).field("bytes", version.bytes).end_object();
    return std::move(json).take() + "\n";
  }

  ExitCode fail(const Error& error) {
    output_.error(error.message());
    if (!output_.json()) return ExitCode::failure;
    report::JsonWriter json;
    begin_document(json);
    json.key("error");
    write_error(json, error, named_path(path_).path);
    json.end_object();
    output_.result(std::move(json).take() + "\n");
    (void)output_.finish();
    return ExitCode::failure;
  }

  const std::string& path_;
  Output& output_;
};

}  // namespace

Command make_etag_command() {
  auto flags = std::make_shared<EtagFlags>();
  Command command;
  command.name = "etag";
  command.summary = "Name the version that a file holds, for write --if-match.";
  command.usage = "PATH";
  command.description =
      "Prints a word that names exactly this version of PATH, by a hash of its content and what "
      "the file system says of the file. It changes whenever the file is replaced or written, so "
      "that untorn write --if-match replaces what was read and nothing else. A symbolic link is "
      "followed. The file is read once, in constant memory.\n"
      "\n"
      "Exit code: 0 done; 2 there is no such file, or it cannot be read.";
  command.example =
      "seen=$(untorn etag list.json)\n"
      "sort list.json | untorn write --if-match \"$seen\" list.json";
  command.arguments = {{"PATH", "The file.", &flags->path}};
  command.run = [flags](const Invocation& invocation) {
    return EtagRun(flags->path, invocation.output).run(invocation.common.output);
  };
  return command;
}

}  // namespace untorn::cli
