// SPDX-License-Identifier: Apache-2.0
//
// Match::detect: M4 to M6 of match.h.
#include <cerrno>
#include <cstdint>
#include <utility>

#include "base/numbered_name.h"
#include "base/try.h"
#include "filesystem/same_file.h"
#include "filesystem/unsupported.h"
#include "write/match.h"
#include "write/temporary_name.h"

namespace untorn::write {
namespace {

constexpr std::uint64_t displaced_max = 10'000;

class Exchange {
 public:
  Exchange(FileSystem& fs, const std::string& path, const Target& target, Temporary& temporary)
      : fs_(fs), path_(path), target_(target), temporary_(temporary) {}

  Result<void> run(const Status& seen, const Version& wanted) {
    UNTORN_CHECK(take_lasting_name());
    auto exchanged = exchange();
    if (!exchanged) return std::unexpected(exchange_error(exchanged.error()));
    aside_ = temporary_.name();
    temporary_.mark_published();
    if (!is_still_what_was_seen(seen, wanted)) return exchange_back();
    return remove_aside(Outcome::applied_unsynced, "the content is in place, the old one also as ");
  }

 private:
  [[nodiscard]] Handle folder() const { return target_.place.folder(); }
  [[nodiscard]] Error failed(Errno os_errno, Outcome outcome, std::string detail) const {
    return Error::from_errno(number(os_errno), Step::rename, outcome, path_, std::move(detail));
  }
  [[nodiscard]] Error conflict(Outcome outcome, std::string detail) const {
    return {Code::conflict, Step::rename, outcome, 0, path_, std::move(detail)};
  }
  [[nodiscard]] Error unsupported(Errno os_errno) const {
    return {Code::unsupported, Step::rename, Outcome::not_applied,
            number(os_errno),  path_,        "two names cannot be exchanged here"};
  }

  // M4.
  Result<void> take_lasting_name() {
    for (std::uint64_t number_tried = 1; number_tried <= displaced_max; ++number_tried) {
      std::string name = numbered_name(target_.place.name, displaced_infix, number_tried);
      auto renamed =
          fs_.rename(folder(), temporary_.name(), folder(), name, RenameMode::no_replace);
      if (renamed) {
        temporary_.mark_renamed(std::move(name));
        return {};
      }
      if (number(renamed.error()) == EEXIST) continue;
      if (means_unsupported(renamed.error())) return std::unexpected(unsupported(renamed.error()));
      return std::unexpected(failed(renamed.error(), Outcome::not_applied, std::move(name)));
    }
    return std::unexpected(Error(Code::busy, Step::rename, Outcome::not_applied, 0, path_,
                                 "every name for a displaced version is taken"));
  }

  SystemResult<void> exchange() {
    const std::string& aside = aside_.empty() ? temporary_.name() : aside_;
    return fs_.rename(folder(), aside, folder(), target_.place.name, RenameMode::exchange);
  }

  [[nodiscard]] Error exchange_error(Errno os_errno) const {
    if (is_missing(os_errno)) {
      return conflict(Outcome::not_applied, "the file does not exist any more");
    }
    if (means_unsupported(os_errno)) return unsupported(os_errno);
    return failed(os_errno, Outcome::not_applied, {});
  }

  // M5. What cannot be looked at is not known to be the same.
  bool is_still_what_was_seen(const Status& seen, const Version& wanted) {
    auto named = fs_.status_at(folder(), aside_);
    if (!named || !same_file(*named, seen) || named->type != FileType::regular ||
        named->size != seen.size || named->modified_ns != seen.modified_ns) {
      return false;
    }
    auto opened = fs_.open(folder(), aside_, {.follow = false, .nonblocking = true});
    if (!opened) return false;
    const OwnedHandle file(fs_, *opened);
    auto content = hash_content(fs_, file.get());
    return content && *content == wanted.content;
  }

  // M6.
  Result<void> exchange_back() {
    auto exchanged = exchange();
    if (!exchanged && is_missing(exchanged.error())) {
      return std::unexpected(conflict(Outcome::unknown,
                                      "the file was removed; the version that "
                                      "was there before is kept as " +
                                          aside_));
    }
    if (!exchanged) {
      return std::unexpected(failed(exchanged.error(), Outcome::applied_unsynced,
                                    "the version that was there is kept as " + aside_));
    }
    auto named = fs_.status_at(folder(), aside_);
    if (!named || !same_file(*named, temporary_.created())) {
      return std::unexpected(
          conflict(Outcome::unknown, "a version that followed is kept as " + aside_));
    }
    // Else a power cut could keep the removal and forget the exchange before it, and with that the
    // only name of the version of somebody else.
    if (auto synced = fs_.sync(folder()); !synced && !means_unsupported(synced.error())) {
      return std::unexpected(conflict(Outcome::not_applied,
                                      "another version has its name; ours "
                                      "remains as " +
                                          aside_));
    }
    UNTORN_CHECK(remove_aside(Outcome::not_applied,
                              "another version has its name; ours remains "
                              "as "));
    return std::unexpected(conflict(Outcome::not_applied, "another version was put there"));
  }

  Result<void> remove_aside(Outcome outcome, const std::string& detail) {
    auto removed = fs_.unlink(folder(), aside_);
    if (!removed) removed = fs_.unlink(folder(), aside_);
    if (removed || is_missing(removed.error())) return {};
    return std::unexpected(Error::from_errno(number(removed.error()), Step::clean_up, outcome,
                                             path_, detail + aside_));
  }

  FileSystem& fs_;
  const std::string& path_;
  const Target& target_;
  Temporary& temporary_;
  std::string aside_;  // the name of what is not under the target's
};

}  // namespace

Result<void> publish_by_exchange(FileSystem& fs, const std::string& path, const Target& target,
                                 Temporary& temporary, const Status& seen, const Version& wanted) {
  return Exchange(fs, path, target, temporary).run(seen, wanted);
}

}  // namespace untorn::write
