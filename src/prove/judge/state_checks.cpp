// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/state_checks.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace untorn::prove {

namespace {

constexpr std::size_t sector_bytes = 512;

// Do all bytes that differ from `wanted` hold NUL? `text` is not longer than `wanted`.
bool differs_by_zeros(std::string_view text, std::string_view wanted) {
  return std::equal(text.begin(), text.end(), wanted.begin(),
                    [](char found, char expected) { return found == expected || found == '\0'; });
}

// Does every sector come from some version at the same place?
bool is_patchwork(std::string_view text, const std::vector<Version>& versions) {
  for (std::size_t at = 0; at < text.size(); at += sector_bytes) {
    const std::string_view sector = text.substr(at, sector_bytes);
    const auto holds = [&](const Version& version) {
      return version.file && version.size >= at + sector.size() &&
             version.file->content.text().substr(at, sector.size()) == sector;
    };
    const bool zeros = sector.find_first_not_of('\0') == std::string_view::npos;
    if (!zeros && std::none_of(versions.begin(), versions.end(), holds)) return false;
  }
  return true;
}

// Names what is wrong with a file that is none of its versions.
Observed describe(const PathStory& story, const StateFile& file) {
  if (!file) return Observed::missing;
  const std::string_view text = file->content.text();
  bool prefix = false;
  bool zeros = false;
  for (const Version& version : story.versions) {
    if (!version.file || version.file->type != file->type) continue;
    const std::string_view wanted = version.file->content.text();
    if (text.size() > wanted.size()) continue;
    prefix = prefix || wanted.starts_with(text);
    zeros = zeros || differs_by_zeros(text, wanted);
  }
  if (text.empty()) return Observed::empty;
  if (prefix) return Observed::cut_short;
  if (zeros) return Observed::zeros;
  return is_patchwork(text, story.versions) ? Observed::mixed : Observed::garbage;
}

// The record that waits for its sync, and nothing before or behind it, may be NUL.
bool is_waiting_for_sync(const PathStory& story, std::string_view text, std::size_t begun) {
  const auto in_flight = story.in_flight_at(begun);
  if (!in_flight || text.size() > in_flight->covered) return false;
  const std::string_view wanted = story.versions.back().file->content.text();
  const std::size_t settled = std::min<std::size_t>(in_flight->settled, text.size());
  return text.substr(0, settled) == wanted.substr(0, settled) && differs_by_zeros(text, wanted);
}

std::optional<Observed> check_log(const PathStory& story, const StateFile& file,
                                  std::size_t begun) {
  const bool may_be_absent = !story.existed_before();
  if (!file) return may_be_absent ? std::nullopt : std::optional(Observed::missing);
  if (file->type != FileType::regular) return Observed::garbage;
  const std::string_view text = file->content.text();
  if (story.versions.back().file->content.text().starts_with(text)) return {};
  if (is_waiting_for_sync(story, text, begun)) return {};
  const Observed observed = describe(story, file);
  return observed == Observed::mixed ? Observed::garbage : observed;
}

std::optional<Observed> check_durable_log(const PathStory& story, const StateFile& file,
                                          std::size_t count) {
  const std::uint64_t promised = story.size_at(count);
  if (!file) return promised == 0 ? std::nullopt : std::optional(Observed::missing);
  if (file->content.size() < promised) return Observed::old_after_ack;
  const std::string_view wanted = story.versions.back().file->content.text().substr(0, promised);
  const std::string_view text = file->content.text().substr(0, promised);
  if (text == wanted) return {};
  return differs_by_zeros(text, wanted) ? Observed::zeros : Observed::garbage;
}

}  // namespace

std::optional<Observed> check_atomic(const PathStory& story, const StateFile& file,
                                     std::size_t begun) {
  if (story.path_class == PathClass::log) return check_log(story, file, begun);
  const auto is_file = [&](const Version& version) { return same_bytes(file, version.file); };
  if (std::any_of(story.versions.begin(), story.versions.end(), is_file)) return {};
  return describe(story, file);
}

std::optional<Observed> check_durable(const PathStory& story, const StateFile& file,
                                      std::size_t count) {
  if (story.path_class == PathClass::log) return check_durable_log(story, file, count);
  const auto is_file = [&](const Version& version) { return same_bytes(file, version.file); };
  const auto promised =
      story.versions.begin() + static_cast<std::ptrdiff_t>(story.version_at(count));
  if (std::any_of(promised, story.versions.end(), is_file)) return {};
  if (!file) return Observed::missing;
  if (std::any_of(story.versions.begin(), promised, is_file)) return Observed::old_after_ack;
  return describe(story, file);
}

std::optional<Observed> check_lines(const PathStory& story, const StateFile& file) {
  if (!file || story.path_class != PathClass::log) return {};
  const std::string_view text = file->content.text();
  if (text.empty() || text.back() == '\n') return {};
  // A last line that the program itself never ended is whole when it is all there.
  const bool complete =
      std::any_of(story.versions.begin(), story.versions.end(),
                  [&](const Version& version) { return same_bytes(file, version.file); });
  return complete ? std::nullopt : std::optional(Observed::cut_short);
}

std::optional<Observed> check_no_litter(const StateFile& file) {
  return file ? std::optional(Observed::litter) : std::nullopt;
}

}  // namespace untorn::prove
