// SPDX-License-Identifier: Apache-2.0
//
// From system calls to operations. begin() runs while the thread stands at the entry of a call,
// finish() at its exit; between the two no other recorded call runs (the tracer sees to it), so
// that the log has one order.
//
// Invariants:
//   R1  a call that failed leaves nothing in the log;
//   R2  names are resolved at the entry, before the call changes them; descriptors are fetched at
//       the entry, and positions read at the exit;
//   R3  `end_writing` is found lazily: closing a file is not traced, so the writers of a file are
//       looked for just before its content, its names or an acknowledgement come into the log;
//       between the last close and then nothing can have changed it;
//   R4  what cannot be expressed becomes OperationKind::unmodelled, never silence;
//   R5  a store into a shared mapping of a file comes into the log as a write before the next
//       recorded call (of files that hold much: before the next call on that file, the next sync
//       of everything and the next output). Several of them are in no order.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "prove/trace/acknowledge.h"
#include "prove/trace/mapped_file.h"
#include "prove/trace/process.h"
#include "prove/trace/trace.h"
#include "prove/trace/tree.h"

namespace untorn::prove {

// Where a name leads: (directory, name) after all links, and what stands there.
struct Place {
  Descriptor parent;
  std::string folder;  // by which path we reached it
  std::string name;
  InodeId directory = no_inode;  // no_inode: not in a tracked tree
  InodeId inode = no_inode;      // no_inode: nothing there, or not tracked
  bool exists = false;
  FileType type = FileType::other;

  [[nodiscard]] bool tracked() const noexcept { return directory != no_inode; }
};

enum class Handling : std::uint8_t {
  ignore,  // let it run; nothing to record
  record,  // let it run alone and come to finish()
  refuse,  // do not let it run: it returns `refusal`
  escape,  // it would write outside a copy: the run ends
};

class Recorder;
struct CallShape {
  const char* name = nullptr;
  Handling (Recorder::*begin)(struct PendingCall&) = nullptr;
  void (Recorder::*finish)(struct PendingCall&, std::uint64_t result) = nullptr;
};

// An instant of the log.
struct LogMoment {
  std::uint32_t operations = 0;
  std::uint32_t calls = 0;
};

struct PendingCall {
  const CallShape* shape = nullptr;
  LogMoment arrival;  // when its thread came to the entry
  Thread thread;
  std::uint64_t number = 0;
  std::array<std::uint64_t, 6> arguments = {};
  Place place;
  Place target;
  InodeId inode = no_inode;
  Descriptor file;
  int file_flags = 0;
  std::uint64_t flags = 0;  // of the call itself
  std::uint64_t mode = 0;
  std::string text;
  bool changes = true;             // may change the trees (synchronisation and output do not)
  bool output = false;             // writes to the program's standard output
  int refusal = 0;                 // errno of Handling::refuse
  bool folder = false;             // a path ended with a slash, which the kernel takes for a folder
  std::vector<std::byte> payload;  // of a write that was done in place of the program
  std::uint32_t stack = no_index;
};

class Recorder {
 public:
  struct Setting {
    const Sandbox& sandbox;
    const TraceOptions& options;
    Trace& trace;
    FileKey output;                           // the pipe that is the program's standard output
    std::function<std::string()> new_output;  // what has been printed since the last question
    std::function<std::vector<pid_t>()> processes;
    std::function<std::size_t()> threads;  // how many are alive
  };
  explicit Recorder(Setting setting);

  using Moment = LogMoment;
  [[nodiscard]] Moment now() noexcept {
    return {static_cast<std::uint32_t>(tree_.log().operations.size()), calls_};
  }

  [[nodiscard]] Handling begin(PendingCall& call);
  // Does a recorded call in place of the program, if that makes no difference to it: the result,
  // or -errno. The program shares position and flags of its files with us.
  [[nodiscard]] std::optional<std::int64_t> perform(PendingCall& call);
  // A call that makes a file needs no stop at its exit: whether it did is seen at the next stop of
  // its thread, or of another one once the name is there. finish() comes of itself.
  [[nodiscard]] bool may_end_unseen(const PendingCall& call) const;
  void end_unseen(PendingCall call) { creations_.push_back(std::move(call)); }
  // `thread` has stopped, or ended; 0: nobody has. True if one has come to its end.
  bool look_at_creations(pid_t thread);
  // Whether a call that has begun is about a name that such a call may be making right now.
  [[nodiscard]] bool collides(const PendingCall& call) const;
  // It has to go on all the same.
  void add_collision(const PendingCall& call);
  // The program takes rights from itself, which we would not be bound by.
  [[nodiscard]] Handling begin_new_rights(PendingCall& call);
  void finish(PendingCall& call, std::uint64_t result);
  // It failed: only worth a word where the sandbox is the reason.
  void fail(const PendingCall& call, int reason);
  // Whether its result is a descriptor of a file.
  [[nodiscard]] static bool opens(const PendingCall& call) noexcept;
  // By what a call may be known to the program: "#" and its descriptor, and the parts of the path
  // of its object, the last one first. For StackCollector::capture_told.
  [[nodiscard]] std::vector<std::string> keys_of(const PendingCall& call) const;
  // The main process has ended: open files are settled, and exit code 0 is an acknowledgement.
  void finish_main(bool success);
  // Every process has gone.
  void finish_run();
  void forget_process(pid_t process);
  // Brings stores into shared mappings into the log. A process that ends or executes another
  // program loses its mappings.
  void look_at_mappings();

  [[nodiscard]] std::uint64_t payload_bytes() const noexcept { return payload_bytes_; }
  // The greatest length that a file had, holes included.
  [[nodiscard]] std::uint64_t longest_file_bytes() const noexcept { return longest_file_bytes_; }
  [[nodiscard]] TracedTree& tree() noexcept { return tree_; }
  // Inodes whose content the log does not claim to know.
  [[nodiscard]] const std::set<InodeId>& unknown_content() const noexcept { return unknown_; }
  void note(const std::string& text);
  // A process executes another program.
  void note_program(pid_t process);

 private:
  void add_unexplained(const std::string& text);

  using Shapes = std::unordered_map<std::uint64_t, CallShape>;
  static Shapes name_shapes();
  static Shapes content_shapes();
  static Shapes other_shapes();
  static const CallShape* shape_of(std::uint64_t number);

  // Names.
  Handling begin_open(PendingCall& call);
  Handling refuse_disk(PendingCall& call);
  void finish_open(PendingCall& call, std::uint64_t result);
  Handling begin_rename(PendingCall& call);
  void finish_rename(PendingCall& call, std::uint64_t result);
  Handling begin_link(PendingCall& call);
  void finish_link(PendingCall& call, std::uint64_t result);
  Handling begin_remove(PendingCall& call);
  void finish_remove(PendingCall& call, std::uint64_t result);
  Handling begin_make(PendingCall& call);
  void finish_make(PendingCall& call, std::uint64_t result);
  Handling begin_bind(PendingCall& call);
  // Content.
  Handling begin_write(PendingCall& call);
  void finish_write(PendingCall& call, std::uint64_t result);
  Handling begin_truncate(PendingCall& call);
  void finish_truncate(PendingCall& call, std::uint64_t result);
  Handling begin_allocate(PendingCall& call);
  void finish_allocate(PendingCall& call, std::uint64_t result);
  Handling begin_transfer(PendingCall& call);
  void finish_transfer(PendingCall& call, std::uint64_t result);
  Handling begin_request(PendingCall& call);
  void finish_request(PendingCall& call, std::uint64_t result);
  Handling begin_map(PendingCall& call);
  void finish_map(PendingCall& call, std::uint64_t result);
  Handling begin_protect(PendingCall& call);
  void finish_protect(PendingCall& call, std::uint64_t result);
  Handling begin_sync_map(PendingCall& call);
  void finish_sync_map(PendingCall& call, std::uint64_t result);
  // Persistence, attributes, and calls that leave the sandbox.
  Handling begin_sync(PendingCall& call);
  void finish_sync(PendingCall& call, std::uint64_t result);
  Handling begin_metadata(PendingCall& call);
  void finish_metadata(PendingCall& call, std::uint64_t result);
  Handling begin_refused(PendingCall& call);
  Handling begin_noted(PendingCall& call);
  Handling begin_close(PendingCall& call);
  Handling begin_new_directory(PendingCall& call);
  Handling begin_unknown(PendingCall& call);
  void finish_unknown(PendingCall& call, std::uint64_t result);

  // Resolving.
  [[nodiscard]] Place resolve(const PendingCall& call, int directory, std::string path,
                              bool follow);
  [[nodiscard]] Descriptor open_folder(const Thread& thread, const std::string& folder);
  void find_inode(const PendingCall& call, Place& place, const struct stat& status);
  [[nodiscard]] Place resolve_argument(PendingCall& call, int directory, std::size_t path,
                                       bool follow);
  // The object that a path argument leads to, as call.inode and call.file (O_PATH).
  [[nodiscard]] bool resolve_object(PendingCall& call, int directory, std::size_t path,
                                    bool follow);
  // The object of a descriptor argument, as call.inode, call.file and call.file_flags.
  [[nodiscard]] bool fetch_object(PendingCall& call, std::size_t argument, struct stat* status);
  [[nodiscard]] std::optional<std::int64_t> perform_write(PendingCall& call);
  [[nodiscard]] std::optional<std::int64_t> perform_name(const PendingCall& call);
  [[nodiscard]] Handling outside(const PendingCall& call, const Place& place);

  // Recording.
  Operation& add(const PendingCall& call, OperationKind kind, InodeId inode);
  void add_write(const PendingCall& call, std::uint64_t offset, std::vector<std::byte> payload);
  void add_unmodelled(const PendingCall& call, InodeId inode, std::string what);
  void add_truncate(const PendingCall& call, InodeId inode, std::uint64_t size);
  // For the bytes that a call on a file opened with O_SYNC or O_DSYNC has just written.
  void add_sync_of_flags(const PendingCall& call, std::uint64_t offset, std::uint64_t size);
  void add_failed_sync(const PendingCall& call, int reason);
  [[nodiscard]] bool read_back(const PendingCall& call, std::uint64_t offset, std::uint64_t size);
  void begin_writing(const PendingCall& call, InodeId inode, int fd);
  // Shared mappings.
  struct SharedFile {
    InodeId inode = no_inode;
    Descriptor reader;
    std::optional<MappedFile> content;  // from the first writable mapping on
    Moment looked_at;
    std::uint32_t stack = no_index;  // of the call that made it writable
  };
  using SharedFiles = std::map<std::string, SharedFile>;  // by SharedMapping::file
  [[nodiscard]] SharedFiles::iterator find_shared(InodeId inode);
  void watch_mapping(const PendingCall& call, SharedFile& shared);
  static void stop_watching(SharedFile& shared);
  void look_at_mapping(SharedFile& shared);
  void look_at_small_mappings();
  void look_before(const PendingCall& call);
  [[nodiscard]] bool is_mapped(const std::string& file) const;
  void settle(InodeId inode, const Place* place = nullptr);
  void settle_all();
  void acknowledge_output(const PendingCall& call);

  Setting setting_;
  TracedTree tree_;
  DescriptorReader descriptors_;
  std::map<InodeId, Holder> open_for_writing_;
  SharedFiles shared_files_;
  std::vector<PendingCall> creations_;
  // Working directories, until somebody changes one. Only while no process has several threads: one
  // could change it while another's path is looked up.
  std::unordered_map<pid_t, Descriptor> working_directories_;
  std::set<InodeId> unknown_;
  std::set<std::string> noted_;
  AcknowledgedLines acknowledged_;
  std::uint64_t payload_bytes_ = 0;
  std::uint64_t longest_file_bytes_ = 0;
  std::uint32_t calls_ = 0;
  bool same_rights_ = true;  // as far as calls tell, every process has the rights that we have
};

}  // namespace untorn::prove
