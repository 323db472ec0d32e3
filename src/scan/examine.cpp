// SPDX-License-Identifier: Apache-2.0
#include "scan/examine.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <mutex>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "scan/codec.h"
#include "scan/facts_codec.h"
#include "scan/fingerprint.h"
#include "scan/languages.h"
#include "scan/parallel.h"
#include "scan/project_words.h"
#include "scan/read_file.h"
#include "scan/search.h"

namespace untorn::scan {

[[nodiscard]] auto codec_fields(MaybeConst<Examined> auto& value) {
  auto& [facts, operation_calls, flaw_calls] = value;
  return std::tie(facts, operation_calls, flaw_calls);
}

namespace {

constexpr std::uint64_t file_bytes_max = 4U << 20U;

std::string_view text_at(std::string_view text, languages::Span span) {
  const std::size_t begin = std::min<std::size_t>(span.begin, text.size());
  return text.substr(begin, span.size());
}

// Made once for each language.
const WordSearch& literal_search(const languages::Language& language) {
  static std::mutex mutex;
  static std::map<const languages::Language*, WordSearch> searches;
  const std::scoped_lock lock(mutex);
  return searches.try_emplace(&language, language.literals).first->second;
}

class Examiner {
 public:
  Examiner(FileSystem& fs, const ScanRequest& request, const Walk& walk, const Cache& cache,
           unsigned threads)
      : fs_(fs), request_(request), walk_(walk), cache_(cache), threads_(threads) {
    examination_.files.resize(walk.files.size());
  }

  Examination run() {
    for_each_file([&](std::size_t index) { look_at(index); }, true);
    silent_bytes_ = silent_bytes();
    if (silent_bytes_ <= request_.parse_all_bytes) {
      for_each_file([&](std::size_t index) { parse_silent(index); });
    } else {
      const ProjectWords words = project_words();
      for_each_file([&](std::size_t index) { ask_for_calls(index, words); });
    }
    for_each_file([&](std::size_t index) { decode(index); });
    examination_.files_parsed = parsed_.load();
    const auto& files = examination_.files;
    const auto facts = std::count_if(files.begin(), files.end(), [](const ExaminedFile& file) {
      return file.examined.has_value();
    });
    examination_.files_cached =
        static_cast<std::uint64_t>(facts) -
        std::min<std::uint64_t>(static_cast<std::uint64_t>(facts), taken_.load());
    return std::move(examination_);
  }

 private:
  // Only the first pass over the files says how far it is: the others are short.
  template <class Body>
  void for_each_file(const Body& body, bool is_first = false) {
    std::atomic<std::uint64_t> done = 0;
    for_each_index(
        threads_, walk_.files.size(), request_.stop, [&](std::size_t index, bool is_caller) {
          body(index);
          const std::uint64_t count = done.fetch_add(1) + 1;
          if (!is_caller || !request_.progress) return;
          request_.progress(is_first
                                ? Progress{.files_done = count, .files_total = walk_.files.size()}
                                : Progress{});
        });
  }

  [[nodiscard]] std::string absolute(std::size_t index) const {
    std::string path = walk_.root;
    if (!path.ends_with('/')) path += '/';
    return path += walk_.files[index].path;
  }

  // The first look: from the cache, or by reading. Parses what mentions an operation.
  void look_at(std::size_t index) {
    ExaminedFile& file = examination_.files[index];
    const std::string path = absolute(index);
    const CacheEntry* known = cache_.find(walk_.files[index].path);
    const bool named = walk_.files[index].named;
    const bool is_source = language_by_name(path) != nullptr;
    if (known != nullptr || !is_source) {
      const auto status = fs_.status_at(Handle::working_directory, path);
      if (status && known != nullptr && is_fresh(known->stamp, *status)) {
        file.entry = *known;
        file.is_read = true;
        file.counts = known->is_script || named;
        if (known->is_script) return restore_skip(index);
      }
      constexpr std::uint32_t executable_bits = 0111;
      const bool executable = status && (status->mode & executable_bits) != 0;
      if (!is_source && !named && !executable) file.counts = false;
      if (!file.counts) return;
    }
    std::string text;
    if (read(index, path, text) && file.entry.mentions && needs_parsing(file)) parse(index, text);
  }

  // Fills the entry from the file's bytes. False: there is nothing to parse.
  bool read(std::size_t index, const std::string& path, std::string& text) {
    ExaminedFile& file = examination_.files[index];
    const std::int64_t read_ns = now_ns();
    const auto status = read_file(fs_, path, file_bytes_max, text);
    if (!status) {
      file = {};
      skip_unread(index, number(status.error()));
      return false;
    }
    const Hash128 content = hash128(text);
    const CacheEntry* known = cache_.find(walk_.files[index].path);
    const bool same_as_cached = known != nullptr && known->content == content;
    const bool same_as_before = file.is_read && file.entry.content == content;
    if (!same_as_before) {
      file = {};
      if (same_as_cached) file.entry = *known;
    }
    file.entry.stamp = stamp_of(*status, read_ns);
    file.is_read = true;
    file.is_changed = true;
    const languages::Language* language = language_of(index, text);
    if (language == nullptr) {
      const FileStamp stamp = file.entry.stamp;
      file.entry = {};
      file.entry.stamp = stamp;
      file.entry.content = content;
      file.entry.is_script = false;
      file.counts = walk_.files[index].named;
      if (file.counts) skip(index, SkipKind::unsupported, "it is in no language that is read");
      return false;
    }
    if (!same_as_cached && !same_as_before) inspect(file, content, *language, text);
    restore_skip(index);
    return file.entry.is_text;
  }

  void inspect(ExaminedFile& file, Hash128 content, const languages::Language& language,
               std::string_view text) {
    file.entry.content = content;
    if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
      file.entry.is_text = false;
      file.entry.skip = SkipKind::binary;
      file.entry.skip_reason = "byte " + std::to_string(nul + 1) + " is NUL: this is no text";
      return;
    }
    file.entry.mentions = literal_search(language).occurs_whole_in(text);
  }

  [[nodiscard]] const languages::Language* language_of(std::size_t index,
                                                       std::string_view text) const {
    const languages::Language* language = language_by_name(walk_.files[index].path);
    return language != nullptr ? language : language_by_first_line(text);
  }

  void skip(std::size_t index, SkipKind kind, std::string reason) {
    examination_.files[index].skipped = {
        .path = walk_.files[index].path, .kind = kind, .reason = std::move(reason)};
  }

  void skip_unread(std::size_t index, int os_errno) {
    if (os_errno == EFBIG) {
      skip(index, SkipKind::too_large,
           "it has more than " + std::to_string(file_bytes_max) + " bytes");
    } else if (os_errno == EINVAL) {
      skip(index, SkipKind::unreadable, "it is no regular file");
    } else {
      skip(index, SkipKind::unreadable, std::strerror(os_errno));
    }
  }

  void restore_skip(std::size_t index) {
    const CacheEntry& entry = examination_.files[index].entry;
    if (entry.skip) skip(index, *entry.skip, entry.skip_reason);
  }

  static bool needs_parsing(const ExaminedFile& file) {
    return !file.entry.has_facts && !file.entry.skip;
  }

  void parse(std::size_t index, std::string_view text) {
    ExaminedFile& file = examination_.files[index];
    const std::string& path = walk_.files[index].path;
    parsed_.fetch_add(1);
    auto facts = language_of(index, text)->read(path, text);
    file.is_changed = true;
    if (!facts) {
      const bool binary = facts.error().kind == languages::Unreadable::Kind::binary;
      file.entry.skip = binary ? SkipKind::binary : SkipKind::syntax_error;
      file.entry.skip_reason = std::move(facts.error().reason);
      return restore_skip(index);
    }
    Examined examined = {.facts = *std::move(facts), .operation_calls = {}, .flaw_calls = {}};
    for (const languages::Operation& operation : examined.facts.operations) {
      examined.operation_calls.push_back(hash_of_call(text_at(text, operation.range.span)));
    }
    for (const languages::RecoveryFlaw& flaw : examined.facts.recovery_flaws) {
      examined.flaw_calls.push_back(hash_of_call(text_at(text, flaw.range.span)));
    }
    Encoder encoder;
    encoder.put(examined);
    file.encoded = std::move(encoder).take();
    file.entry.facts = file.encoded;
    file.entry.has_facts = true;
    file.examined = std::move(examined);
    taken_.fetch_add(1);
  }

  // Mentions no operation, and is a text.
  static bool is_silent(const ExaminedFile& file) {
    return file.counts && file.is_read && file.entry.is_script && file.entry.is_text &&
           !file.entry.mentions;
  }

  [[nodiscard]] std::uint64_t silent_bytes() const {
    std::uint64_t bytes = 0;
    for (const ExaminedFile& file : examination_.files) {
      if (is_silent(file)) bytes += file.entry.stamp.size;
    }
    return bytes;
  }

  void parse_silent(std::size_t index) {
    ExaminedFile& file = examination_.files[index];
    if (!is_silent(file) || !needs_parsing(file)) return;
    std::string text;
    if (read(index, absolute(index), text) && needs_parsing(file)) parse(index, text);
  }

  ProjectWords project_words() {
    for_each_file([&](std::size_t index) {
      if (examination_.files[index].entry.mentions) decode(index);
    });
    std::vector<ProjectWords::Word> words;
    for (std::size_t index = 0; index < examination_.files.size(); ++index) {
      const ExaminedFile& file = examination_.files[index];
      if (!file.entry.mentions || !file.examined) continue;
      ProjectWords::collect(walk_.files[index].path, file.examined->facts, words);
    }
    return ProjectWords(std::move(words));
  }

  // S1: in a large project a silent file has facts, or a syntax error, only if it may call a
  // function of the project, whatever the cache knows of it.
  void ask_for_calls(std::size_t index, const ProjectWords& words) {
    ExaminedFile& file = examination_.files[index];
    if (!is_silent(file)) return;
    std::string text;
    if (file.entry.asked_names != words.hash()) {
      if (!read(index, absolute(index), text)) return;
      file.entry.asked_names = words.hash();
      file.entry.calls_project = words.may_be_called_in(text);
    }
    if (!file.entry.calls_project) {
      file.skipped.reset();
      return;
    }
    if (!needs_parsing(file)) return;
    if (text.empty() && !read(index, absolute(index), text)) return;
    parse(index, text);
  }

  // Facts that the cache holds. They were checked with the whole cache; should they not be readable
  // all the same, the file is parsed.
  void decode(std::size_t index) {
    ExaminedFile& file = examination_.files[index];
    if (file.examined || !file.counts || !file.entry.has_facts) return;
    const bool is_wanted = file.entry.mentions || file.entry.calls_project ||
                           silent_bytes_ <= request_.parse_all_bytes;
    if (!is_wanted) return;
    Examined examined;
    Decoder decoder(file.entry.facts);
    if (decoder.get(examined) && decoder.finished()) {
      file.examined = std::move(examined);
      return;
    }
    file.entry.has_facts = false;
    std::string text;
    if (read(index, absolute(index), text)) parse(index, text);
  }

  FileSystem& fs_;
  const ScanRequest& request_;
  const Walk& walk_;
  const Cache& cache_;
  const unsigned threads_;
  Examination examination_;
  std::uint64_t silent_bytes_ = 0;
  std::atomic<std::uint64_t> parsed_ = 0;
  std::atomic<std::uint64_t> taken_ = 0;  // parsed, with facts
};

}  // namespace

Examination examine(FileSystem& fs, const ScanRequest& request, const Walk& walk,
                    const Cache& cache, unsigned threads) {
  return Examiner(fs, request, walk, cache, threads).run();
}

}  // namespace untorn::scan
