// SPDX-License-Identifier: Apache-2.0
//
// What went wrong, at which step, and what the file holds now.
//
//   auto receipt = untorn::replace_file("settings.json", bytes);
//   if (!receipt && receipt.error().outcome() == untorn::Outcome::applied_unsynced)
//     warn_operator(receipt.error().message());  // readers see the new bytes already
//
// Every fallible function of the library returns Result<T>; no exception crosses the public
// interface (running out of memory excepted, which terminates). Branch on code(), decide what to do
// next by advice(), and print message(), which is one line.
//
// Threads: an Error is a value. Copies share their immutable text and may be read from any thread.
#pragma once
#include <cstdint>
#include <expected>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

namespace untorn {

// What kind of failure it was. Branch on this.
enum class Code : std::uint8_t {
  not_found,          // A directory of the path, or the file that must exist, is not there.
  already_exists,     // The file that must not exist is there.
  permission_denied,  // The directory or the file may not be written, or metadata not kept.
  invalid_argument,   // The call itself is wrong: an empty path, a name with '/' or NUL.
  not_regular_file,   // A directory, FIFO, socket or device is in the way.
  mount_point,        // The name is the root of a mount (a single-file bind mount).
  conflict,           // A stated precondition on the content did not hold.
  has_hard_links,     // The file has other names and the caller asked not to split them.
  no_space,           // The disk or the quota is full.
  unsupported,        // The file system cannot do what was asked, or content is in an unknown form.
  busy,               // Someone holds the lock, or the name is in use.
  timed_out,          // The time allowed has passed.
  io,                 // A system call failed for another reason; see os_errno().
  corrupt,            // Bytes that were read are not what was written.
  internal,           // A fault in Untorn itself; please report it.
};

// Which step of the protocol failed.
enum class Step : std::uint8_t {
  resolve,           // Following the path and its links to (directory, name).
  open_directory,    // Opening the directory that holds the name.
  inspect,           // Looking at what the name holds now.
  create_temporary,  // Making and locking the temporary.
  write,             // Writing the new content into the temporary.
  copy_metadata,     // Owner, extended attributes, mode.
  check,             // Reading back size and metadata before publishing.
  sync_file,         // Making the new content durable.
  rename,            // Publishing it under the name.
  sync_directory,    // Making the name durable.
  clean_up,          // Removing what is no longer needed.
};

// What the file holds now: the first thing that a caller of a durability library must know.
enum class Outcome : std::uint8_t {
  not_applied,       // The name holds what it held before the call.
  applied_unsynced,  // Readers see the new content; a power cut may bring the old one back.
  applied,           // The new content is in place at the level that was asked for.
  unknown,           // It cannot be told; read the file again.
};

// What the caller should do next.
enum class Advice : std::uint8_t {
  retry,              // The same call may succeed later.
  reread_then_retry,  // Read the current state, decide anew, then call again.
  fix_then_retry,     // A person or another program must change something first.
  stop,               // Calling again may report a false success, or do harm.
};

[[nodiscard]] std::string_view to_string(Code) noexcept;
[[nodiscard]] std::string_view to_string(Step) noexcept;
[[nodiscard]] std::string_view to_string(Outcome) noexcept;
[[nodiscard]] std::string_view to_string(Advice) noexcept;

class Error {
 public:
  // `os_errno` is 0 when no system call failed. `detail` completes the sentence that message()
  // builds from the code and step ("the temporary is larger than what was written").
  Error(Code code, Step step, Outcome outcome, int os_errno, std::string path,
        std::string detail = {});

  // The error of a failed system call: the code follows from `os_errno`.
  [[nodiscard]] static Error from_errno(int os_errno, Step step, Outcome outcome, std::string path,
                                        std::string detail = {});

  [[nodiscard]] Code code() const noexcept { return code_; }
  [[nodiscard]] Step step() const noexcept { return step_; }
  [[nodiscard]] Outcome outcome() const noexcept { return outcome_; }
  [[nodiscard]] int os_errno() const noexcept { return os_errno_; }
  [[nodiscard]] const std::string& path() const noexcept;
  [[nodiscard]] const std::string& detail() const noexcept;

  // Follows from code, step and errno; a failed sync is always `stop`, because a second fsync of
  // the same file may succeed although the bytes are gone (PostgreSQL wiki, "Fsync Errors").
  [[nodiscard]] Advice advice() const noexcept;

  // One line, without a line end: the thing, what happened, what it holds now, the evidence.
  //   settings.json: no space left while writing the new content; the old content is untouched
  //   (ENOSPC)
  // Control characters in the path are escaped, so that the message stays one line.
  [[nodiscard]] std::string message() const;

 private:
  struct Text;
  std::shared_ptr<const Text> text_;
  std::int32_t os_errno_;
  Code code_;
  Step step_;
  Outcome outcome_;
};
static_assert(sizeof(Error) <= 32, "Result<T> stays cheap to return");

std::ostream& operator<<(std::ostream&, const Error&);

// A value, or the reason why there is none. Every function that returns one is [[nodiscard]]:
// neither compiler warns about a discarded std::expected by itself.
template <class T>
using Result = std::expected<T, Error>;

}  // namespace untorn
