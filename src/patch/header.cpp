// SPDX-License-Identifier: Apache-2.0
#include "patch/header.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "base/escape.h"
#include "patch/names.h"

namespace untorn::patch {
namespace {

constexpr std::uint32_t type_mask = 0170000;
constexpr std::uint32_t regular_type = 0100000;
constexpr std::uint32_t symlink_type = 0120000;
constexpr std::uint32_t submodule_type = 0160000;

std::string shown(std::string_view name) {
  return "\"" + escape_controls(name) + "\"";
}

class GitHeader {
 public:
  GitHeader(Cursor& cursor, const ParseOptions& options) : cursor_(cursor), options_(options) {}

  std::expected<std::optional<FilePatch>, Problem> read() {
    const std::size_t first = cursor_.number();
    default_name_ =
        common_name(without_end(cursor_.line()).substr(first_words.size()), options_.strip);
    cursor_.advance();
    while (!cursor_.at_end() && cursor_.line().ends_with('\n') && !cursor_.at("@@ -")) {
      const Entry* entry = entry_of(cursor_.line());
      if (entry == nullptr) break;
      const auto rest = without_end(cursor_.line()).substr(entry->prefix.size());
      if (auto problem = (this->*entry->read)(rest)) return fail(*std::move(problem));
      if (static_cast<int>(added_) + static_cast<int>(deleted_) + static_cast<int>(renamed_) +
              static_cast<int>(copied_) >
          1) {
        return fail("it contradicts the lines of the header before it");
      }
      cursor_.advance();
    }
    if (cursor_.number() == first + 1) {
      if (cursor_.at_end() || cursor_.at(first_words)) return std::nullopt;
      return fail("this is no line of a header, but the one of line " + std::to_string(first) +
                  " needs more");
    }
    return result(first);
  }

 private:
  using Reader = std::optional<std::string> (GitHeader::*)(std::string_view);
  struct Entry {
    std::string_view prefix;
    Reader read;
  };
  static constexpr std::string_view first_words = "diff --git ";

  static const Entry* entry_of(std::string_view line) {
    static constexpr std::array<Entry, 15> entries = {{
        {"--- ", &GitHeader::read_old_name},
        {"+++ ", &GitHeader::read_new_name},
        {"old mode ", &GitHeader::read_old_mode},
        {"new mode ", &GitHeader::read_new_mode},
        {"deleted file mode ", &GitHeader::read_deleted},
        {"new file mode ", &GitHeader::read_added},
        {"copy from ", &GitHeader::read_copy_from},
        {"copy to ", &GitHeader::read_copy_to},
        {"rename old ", &GitHeader::read_rename_from},
        {"rename new ", &GitHeader::read_rename_to},
        {"rename from ", &GitHeader::read_rename_from},
        {"rename to ", &GitHeader::read_rename_to},
        {"similarity index ", &GitHeader::pass},
        {"dissimilarity index ", &GitHeader::pass},
        {"index ", &GitHeader::read_index},
    }};
    const auto* const found = std::find_if(entries.begin(), entries.end(), [&](const Entry& each) {
      return line.starts_with(each.prefix);
    });
    return found == entries.end() ? nullptr : found;
  }

  [[nodiscard]] std::unexpected<Problem> fail(std::string message) const {
    return std::unexpected(Problem{.patch_line = cursor_.number(), .message = std::move(message)});
  }

  // A name that an earlier line gave must be the same.
  std::optional<std::string> read_side(std::string_view text, bool is_absent,
                                       std::optional<std::string>& name) const {
    if (is_absent) {
      if (is_null_name(text)) return std::nullopt;
      return "/dev/null was expected, because there is no file on this side";
    }
    auto found = read_name(text, options_.strip, NameEnd::at_tab);
    if (!found) return no_name(text);
    if (name && *name != *found) {
      return "the name " + shown(*found) + " differs from " + shown(*name) + " before it";
    }
    name = std::move(found);
    return std::nullopt;
  }
  std::optional<std::string> read_old_name(std::string_view text) {
    return read_side(text, added_, old_name_);
  }
  std::optional<std::string> read_new_name(std::string_view text) {
    return read_side(text, deleted_, new_name_);
  }

  std::optional<std::string> read_mode(std::string_view text,
                                       std::optional<std::uint32_t>& mode) const {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
    if (error != std::errc() || end != text.data() + text.size()) {
      return shown(text) + " is not the mode of a file";
    }
    const std::uint32_t type = value & type_mask;
    if (type == symlink_type) return "it is a symbolic link, which is not supported";
    if (type == submodule_type) return "it is a submodule, which is not supported";
    if (type != regular_type) return shown(text) + " is not the mode of a regular file";
    mode = value;
    return std::nullopt;
  }
  std::optional<std::string> read_old_mode(std::string_view text) {
    return read_mode(text, old_mode_);
  }
  std::optional<std::string> read_new_mode(std::string_view text) {
    return read_mode(text, new_mode_);
  }
  std::optional<std::string> read_deleted(std::string_view text) {
    deleted_ = true;
    old_name_ = default_name_;
    return read_old_mode(text);
  }
  std::optional<std::string> read_added(std::string_view text) {
    added_ = true;
    new_name_ = default_name_;
    return read_new_mode(text);
  }

  // These names stand without "a/" and "b/".
  std::optional<std::string> read_bare(std::string_view text,
                                       std::optional<std::string>& name) const {
    name = read_name(text, options_.strip > 0 ? options_.strip - 1 : 0, NameEnd::at_line);
    return name ? std::nullopt : std::optional(no_name(text));
  }
  std::optional<std::string> read_rename_from(std::string_view text) {
    renamed_ = true;
    return read_bare(text, old_name_);
  }
  std::optional<std::string> read_rename_to(std::string_view text) {
    renamed_ = true;
    return read_bare(text, new_name_);
  }
  std::optional<std::string> read_copy_from(std::string_view text) {
    copied_ = true;
    return read_bare(text, old_name_);
  }
  std::optional<std::string> read_copy_to(std::string_view text) {
    copied_ = true;
    return read_bare(text, new_name_);
  }
  // "0123abc..4567def 100644": the mode, if it does not change.
  std::optional<std::string> read_index(std::string_view text) {
    const std::size_t blank = text.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    return read_old_mode(text.substr(blank + 1));
  }
  std::optional<std::string> pass(std::string_view /*text*/) { return std::nullopt; }

  [[nodiscard]] std::string no_name(std::string_view text) const {
    constexpr std::size_t shown_bytes_max = 200;
    return shown(text.substr(0, shown_bytes_max)) + " has no name of a file behind " +
           std::to_string(options_.strip) + " leading components";
  }

  std::expected<std::optional<FilePatch>, Problem> result(std::size_t first) {
    const auto fail_at_first = [&](std::string message) {
      return std::unexpected(Problem{.patch_line = first, .message = std::move(message)});
    };
    if (!old_name_ && !new_name_) old_name_ = new_name_ = default_name_;
    if ((!new_name_ && !deleted_) || (!old_name_ && !added_)) {
      return fail_at_first("the header does not tell the name of the file behind " +
                           std::to_string(options_.strip) + " leading components");
    }
    if ((added_ && old_name_) || (deleted_ && new_name_)) {
      return fail_at_first("the header names a file on a side where it says that there is none");
    }
    FilePatch file;
    file.patch_line = first;
    file.old_mode = old_mode_;
    file.new_mode = new_mode_;
    if (!added_) file.old_path = *old_name_;
    if (!deleted_) file.new_path = *new_name_;
    if (added_) {
      file.change = Change::added;
    } else if (deleted_) {
      file.change = Change::deleted;
    } else if (renamed_ || copied_) {
      file.change = renamed_ ? Change::renamed : Change::copied;
    } else if (file.old_path != file.new_path) {
      return fail_at_first("the header names " + shown(file.old_path) + " and " +
                           shown(file.new_path) + " without saying that the file is renamed");
    }
    return file;
  }

  Cursor& cursor_;
  const ParseOptions& options_;
  std::optional<std::string> default_name_;
  std::optional<std::string> old_name_;
  std::optional<std::string> new_name_;
  std::optional<std::uint32_t> old_mode_;
  std::optional<std::uint32_t> new_mode_;
  bool added_ = false;
  bool deleted_ = false;
  bool renamed_ = false;
  bool copied_ = false;
};

// How many components a plain diff's names lose.
std::size_t plain_strip(std::string_view before, std::string_view after,
                        const ParseOptions& options) {
  if (options.strip_is_exact) return options.strip;
  const auto has_no_folder = [](std::string_view text) {
    if (is_null_name(text)) return true;
    const auto name = read_plain_name(text, 0);
    return name && name->find('/') == std::string::npos;
  };
  return has_no_folder(before) && has_no_folder(after) ? 0 : options.strip;
}

}  // namespace

std::expected<std::optional<FilePatch>, Problem> parse_git_header(Cursor& cursor,
                                                                  const ParseOptions& options) {
  return GitHeader(cursor, options).read();
}

std::expected<std::optional<FilePatch>, Problem> parse_plain_header(Cursor& cursor,
                                                                    const ParseOptions& options) {
  Cursor ahead = cursor;
  const std::string_view before = without_end(ahead.line()).substr(4);
  ahead.advance();
  if (!ahead.at("+++ ")) return std::nullopt;
  const std::string_view after = without_end(ahead.line()).substr(4);
  ahead.advance();
  if (!ahead.at("@@ -")) return std::nullopt;

  const std::size_t strip = plain_strip(before, after, options);
  const auto old_name = is_null_name(before) ? std::nullopt : read_plain_name(before, strip);
  auto new_name = is_null_name(after) ? std::nullopt : read_plain_name(after, strip);
  // The shorter one, if the other is it with something behind it (x.c and x.c.orig).
  if (!new_name || (old_name && new_name->starts_with(*old_name))) new_name = old_name;
  if (!new_name) {
    return std::unexpected(Problem{.patch_line = cursor.number(),
                                   .message = "no name of a file stands behind " +
                                              std::to_string(strip) + " leading components"});
  }
  FilePatch file;
  file.patch_line = cursor.number();
  if (is_null_name(before) || (!is_null_name(after) && has_epoch_time(before))) {
    file.change = Change::added;
    file.new_path = *std::move(new_name);
  } else if (is_null_name(after) || has_epoch_time(after)) {
    file.change = Change::deleted;
    file.old_path = *std::move(new_name);
  } else {
    file.old_path = *new_name;
    file.new_path = *std::move(new_name);
  }
  cursor = ahead;
  return file;
}

}  // namespace untorn::patch
