// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/escape.h"
#include "health/doctor.h"
#include "health/words.h"

namespace untorn::health {
namespace {

class TextReport {
 public:
  TextReport(const Report& report, bool colored) : report_(report), colored_(colored) {}

  std::string render() {
    for (const Problem& problem : report_.problems) line_of(problem);
    for (const Skipped& skipped : report_.skipped) {
      out_ += fmt::format("{} {}: {}\n", painted(dim, "skipped:"), shown(skipped.path),
                          escape_controls(skipped.reason));
    }
    if (report_.filesystem.measures) measures(*report_.filesystem.measures);
    summary();
    next_step();
    return std::move(out_);
  }

 private:
  static constexpr std::string_view red = "1;31";
  static constexpr std::string_view yellow = "1;33";
  static constexpr std::string_view green = "1;32";
  static constexpr std::string_view dim = "2";

  [[nodiscard]] std::string painted(std::string_view code, std::string_view text) const {
    return colored_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
  }

  // As the person may type it: below the folder that was named.
  [[nodiscard]] std::string shown(const std::string& path) const {
    const std::string& folder = report_.shown.empty() ? report_.root : report_.shown;
    if (path == ".") return escape_controls(folder);
    if (folder == ".") return escape_controls(path);
    return escape_controls(folder.ends_with('/') ? folder + path : folder + "/" + path);
  }

  static std::string_view color_of(const Problem& problem) {
    if (problem.repaired) return green;
    switch (problem.severity) {
      case Severity::error:
        return red;
      case Severity::warning:
        return yellow;
      case Severity::info:
        break;
    }
    return dim;
  }

  void line_of(const Problem& problem) {
    const std::string_view label = problem.repaired ? "repaired" : to_string(problem.severity);
    out_ +=
        fmt::format("{} {}: {}: {}; {}\n", painted(color_of(problem), fmt::format("{}:", label)),
                    shown(problem.path), to_string(problem.kind), escape_controls(problem.detail),
                    escape_controls(problem.repair));
  }

  void measures(const Measures& measures) {
    const FileSystemReport& system = report_.filesystem;
    out_ += fmt::format("file system: {}{}{}\n", system.kind.name,
                        system.kind.network ? ", over a network" : "",
                        system.device_cache ? ", device cache: " + *system.device_cache : "");
    out_ += fmt::format("protocol: {}{}\n", to_string(system.protocol),
                        system.kind.why_classic.empty() ? "" : "; " + system.kind.why_classic);
    out_ +=
        fmt::format("measured {} times, medians: sync of a file {}, of a folder {}; rename {}\n",
                    measures.tries, time_words(measures.file_sync_us),
                    time_words(measures.folder_sync_us), time_words(measures.rename_us));
    for (const LevelCost& level : measures.levels) {
      out_ += fmt::format(
          "  {:8} replacing 4 KiB: {}, syncs: {}, commits: {}{}\n", to_string(level.requested),
          time_words(level.replace_us), level.syncs, level.commits,
          level.achieved == level.requested
              ? ""
              : fmt::format("; gives {} only: {}", to_string(level.achieved), level.why_lower));
    }
  }

  static std::string time_words(double microseconds) {
    constexpr double millisecond_us = 1000;
    if (microseconds < millisecond_us) return fmt::format("{:.0f} µs", microseconds);
    return fmt::format("{:.1f} ms", microseconds / millisecond_us);
  }

  [[nodiscard]] std::uint64_t count(Severity severity) const {
    return static_cast<std::uint64_t>(
        std::ranges::count_if(report_.problems, [severity](const Problem& problem) {
          return problem.severity == severity && !problem.repaired;
        }));
  }

  void summary() {
    const auto repaired =
        static_cast<std::uint64_t>(std::ranges::count(report_.problems, true, &Problem::repaired));
    std::string counts;
    const auto add = [&counts](std::uint64_t number, const std::string& words) {
      if (number > 0) counts += (counts.empty() ? "" : ", ") + words;
    };
    add(count(Severity::error), count_words(count(Severity::error), "error"));
    add(count(Severity::warning), count_words(count(Severity::warning), "warning"));
    add(repaired, fmt::format("{} repaired", repaired));
    add(count(Severity::info), count_words(count(Severity::info), "note"));
    add(report_.counts.acknowledged, fmt::format("{} acknowledged", report_.counts.acknowledged));
    std::string_view verdict = "healthy";
    if (report_.has_problems()) {
      verdict = "not healthy";
    } else if (!report_.is_complete()) {
      verdict = "not everything could be looked at";
    }
    const std::string& folder = report_.shown.empty() ? report_.root : report_.shown;
    out_ += fmt::format(
        "{}: {}{} ({}, {}, {})\n", escape_controls(folder),
        painted(report_.has_problems() ? red : green, verdict), counts.empty() ? "" : ": " + counts,
        count_words(report_.counts.folders, "folder"), count_words(report_.counts.files, "file"),
        count_words(report_.counts.documents, "document"));
  }

  void next_step() {
    const bool repairable =
        !report_.repair && std::ranges::any_of(report_.problems, [](const Problem& problem) {
          return !problem.repaired && problem.severity >= Severity::warning &&
                 problem.repair.starts_with("--repair");
        });
    if (repairable) {
      out_ += "next: the same command with --repair\n";
    } else if (report_.has_problems()) {
      out_ += "next: each line above says why it needs a person\n";
    }
  }

  const Report& report_;
  bool colored_;
  std::string out_;
};

}  // namespace

std::string render_text(const Report& report, bool colored) {
  return TextReport(report, colored).render();
}

}  // namespace untorn::health
