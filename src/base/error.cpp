// SPDX-License-Identifier: Apache-2.0
#include "untorn/error.h"

#include <cerrno>
#include <cstring>
#include <ostream>
#include <utility>

#include "base/escape.h"

namespace untorn {

// Immutable, so that copies of an Error may share it between threads.
struct Error::Text {
  std::string path;
  std::string detail;
};

namespace {

bool is_sync(Step step) {
  return step == Step::sync_file || step == Step::sync_directory;
}

// EINVAL of these calls never comes from our arguments: it is how a file system says that it has
// no fsync for this kind of file, or does not know a flag of renameat2.
bool refuses_by_einval(Step step) {
  return is_sync(step) || step == Step::rename;
}

Code code_of(int os_errno, Step step) {
  switch (os_errno) {
    case ENOENT:
    case ENOTDIR:
      return Code::not_found;
    case EEXIST:
    case ENOTEMPTY:
      return Code::already_exists;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::permission_denied;
    case EINVAL:
      return refuses_by_einval(step) ? Code::unsupported : Code::invalid_argument;
    case ENAMETOOLONG:
      return Code::invalid_argument;
    case EISDIR:
    case ELOOP:
    case ENXIO:
      return Code::not_regular_file;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return Code::no_space;
    case ENOSYS:
    case EOPNOTSUPP:
    case EXDEV:
      return Code::unsupported;
    case EBUSY:
    case EAGAIN:
    case ETXTBSY:
      return Code::busy;
    case ETIMEDOUT:
      return Code::timed_out;
    case EBADF:
    case EFAULT:
      return Code::internal;
    default:
      return Code::io;
  }
}

// Failures that pass by themselves when other work ends.
bool is_transient(int os_errno) {
  return os_errno == EINTR || os_errno == EMFILE || os_errno == ENFILE || os_errno == ENOMEM;
}

std::string_view describe(Code code) {
  switch (code) {
    case Code::not_found:
      return "not found";
    case Code::already_exists:
      return "exists already";
    case Code::permission_denied:
      return "permission denied";
    case Code::invalid_argument:
      return "invalid argument";
    case Code::not_regular_file:
      return "not a regular file";
    case Code::mount_point:
      return "is a mount of its own and cannot be renamed over";
    case Code::conflict:
      return "the content is not the expected one";
    case Code::has_hard_links:
      return "has other names (hard links)";
    case Code::no_space:
      return "no space left";
    case Code::unsupported:
      return "not supported";
    case Code::busy:
      return "in use by someone else";
    case Code::timed_out:
      return "timed out";
    case Code::io:
      return "input or output failed";
    case Code::corrupt:
      return "damaged content";
    case Code::internal:
      return "a fault in Untorn (please report it)";
  }
  return "failed";
}

std::string_view describe(Step step) {
  switch (step) {
    case Step::resolve:
      return "while following the path";
    case Step::open_directory:
      return "while opening its directory";
    case Step::inspect:
      return "while looking at what is there";
    case Step::create_temporary:
      return "while creating the temporary";
    case Step::write:
      return "while writing the new content";
    case Step::copy_metadata:
      return "while keeping owner, mode and attributes";
    case Step::check:
      return "while checking the new content";
    case Step::sync_file:
      return "while making the new content durable";
    case Step::rename:
      return "while putting the new content in place";
    case Step::sync_directory:
      return "while making the name durable";
    case Step::clean_up:
      return "while cleaning up";
  }
  return "";
}

// Before a temporary exists there may be no old content to speak of: "nothing was changed" is true
// of a file that was never there, too.
std::string_view describe(Outcome outcome, Step step) {
  switch (outcome) {
    case Outcome::not_applied:
      return step <= Step::create_temporary ? "nothing was changed"
                                            : "the old content is untouched";
    case Outcome::applied_unsynced:
      return "the new content is visible, but a power cut may bring the old one back";
    case Outcome::applied:
      return "the new content is in place";
    case Outcome::unknown:
      return "what it holds now is not known, read it again";
  }
  return "";
}

// "Too many open files" → "too many open files"; an acronym at the beginning stays.
std::string describe_errno(int os_errno) {
#if defined(__GLIBC__)
  const char* text = strerrordesc_np(os_errno);
#else
  const char* text = nullptr;
#endif
  if (text == nullptr) return std::string(describe(Code::io));
  std::string result = text;
  const bool word = result.size() > 1 && result[1] >= 'a' && result[1] <= 'z';
  if (word && result[0] >= 'A' && result[0] <= 'Z') result[0] = static_cast<char>(result[0] | 0x20);
  return result;
}

std::string errno_name(int os_errno) {
#if defined(__GLIBC__)
  if (const char* name = strerrorname_np(os_errno); name != nullptr) return name;
#endif
  return "errno " + std::to_string(os_errno);
}

// The words for codes that many errnos share come from the system, which knows more.
std::string what_happened(Code code, int os_errno) {
  // Everything on the path may exist: "not found" would send people to look for the wrong thing.
  if (os_errno == ENOTDIR && code == Code::not_found) return "a part of the path is no directory";
  if (os_errno != 0 && code == Code::io) return describe_errno(os_errno);
  return std::string(describe(code));
}

}  // namespace

std::string_view to_string(Code code) noexcept {
  switch (code) {
    case Code::not_found:
      return "not_found";
    case Code::already_exists:
      return "already_exists";
    case Code::permission_denied:
      return "permission_denied";
    case Code::invalid_argument:
      return "invalid_argument";
    case Code::not_regular_file:
      return "not_regular_file";
    case Code::mount_point:
      return "mount_point";
    case Code::conflict:
      return "conflict";
    case Code::has_hard_links:
      return "has_hard_links";
    case Code::no_space:
      return "no_space";
    case Code::unsupported:
      return "unsupported";
    case Code::busy:
      return "busy";
    case Code::timed_out:
      return "timed_out";
    case Code::io:
      return "io";
    case Code::corrupt:
      return "corrupt";
    case Code::internal:
      return "internal";
  }
  return "unknown";
}

std::string_view to_string(Step step) noexcept {
  switch (step) {
    case Step::resolve:
      return "resolve";
    case Step::open_directory:
      return "open_directory";
    case Step::inspect:
      return "inspect";
    case Step::create_temporary:
      return "create_temporary";
    case Step::write:
      return "write";
    case Step::copy_metadata:
      return "copy_metadata";
    case Step::check:
      return "check";
    case Step::sync_file:
      return "sync_file";
    case Step::rename:
      return "rename";
    case Step::sync_directory:
      return "sync_directory";
    case Step::clean_up:
      return "clean_up";
  }
  return "unknown";
}

std::string_view to_string(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::not_applied:
      return "not_applied";
    case Outcome::applied_unsynced:
      return "applied_unsynced";
    case Outcome::applied:
      return "applied";
    case Outcome::unknown:
      return "unknown";
  }
  return "unknown";
}

std::string_view to_string(Advice advice) noexcept {
  switch (advice) {
    case Advice::retry:
      return "retry";
    case Advice::reread_then_retry:
      return "reread_then_retry";
    case Advice::fix_then_retry:
      return "fix_then_retry";
    case Advice::stop:
      return "stop";
  }
  return "unknown";
}

Error::Error(Code code, Step step, Outcome outcome, int os_errno, std::string path,
             std::string detail)
    : text_(std::make_shared<const Text>(Text{std::move(path), std::move(detail)})),
      os_errno_(os_errno),
      code_(code),
      step_(step),
      outcome_(outcome) {}

Error Error::from_errno(int os_errno, Step step, Outcome outcome, std::string path,
                        std::string detail) {
  return {code_of(os_errno, step), step, outcome, os_errno, std::move(path), std::move(detail)};
}

const std::string& Error::path() const noexcept {
  return text_->path;
}
const std::string& Error::detail() const noexcept {
  return text_->detail;
}

Advice Error::advice() const noexcept {
  if (is_sync(step_) || code_ == Code::corrupt || code_ == Code::internal) return Advice::stop;
  if (outcome_ == Outcome::unknown) return Advice::reread_then_retry;
  switch (code_) {
    case Code::conflict:
    case Code::already_exists:
      return Advice::reread_then_retry;
    case Code::busy:
    case Code::timed_out:
      return Advice::retry;
    case Code::io:
      if (is_transient(os_errno_)) return Advice::retry;
      return os_errno_ == EIO ? Advice::stop : Advice::fix_then_retry;
    default:
      return Advice::fix_then_retry;
  }
}

std::string Error::message() const {
  std::string result;
  if (!text_->path.empty()) result = escape_controls(text_->path) + ": ";
  result += what_happened(code_, os_errno_);
  result += ' ';
  result += describe(step_);
  if (!text_->detail.empty()) result += ": " + escape_controls(text_->detail);
  result += "; ";
  result += describe(outcome_, step_);
  if (os_errno_ != 0) result += " (" + errno_name(os_errno_) + ")";
  return result;
}

std::ostream& operator<<(std::ostream& out, const Error& error) {
  return out << error.message();
}

}  // namespace untorn
