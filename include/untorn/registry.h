// SPDX-License-Identifier: Apache-2.0
//
// A folder of specifications: JSON objects that satisfy a schema, each with the files that belong
// to it, which appear, change and vanish together.
//
//   auto tools = untorn::Registry::open("tools", {.schema = schema_text});
//   auto added = tools->add("greet", R"({"description": "says hello"})",
//                           {{.name = "py", .content = script}});
//   // greet.json and greet.py are there, durable; after a crash both or neither
//   auto damaged = tools->verify();  // sets damaged files aside and brings the last version back
//
// What always holds:
//  R1  A specification and its attachments change in one transaction (transaction.h, X1 to X6),
//      together with what Untorn keeps of them.
//  R2  What add(), replace() and restore() put there satisfies the schema; the file holds the text
//      that was given, byte for byte.
//  R3  A file that the registry did not make, or that belongs to another entry, is never
//      overwritten: it is refused. One that holds just the content given is taken over.
//  R4  A damaged file (json.h, J1 to J5; for attachments: empty, cut short, or with NULs that it
//      did not have) is never returned and never overwritten: verify() first sets it aside as
//      `FILE.damaged-<number>`, then brings back the version that was stored last. One damaged
//      entry hides no other.
//  R5  What someone edited by hand is no damage: it is read, reported, and kept as a version
//      before it is replaced or removed.
//  R6  Content in a form that is not read, a newer format of our own, and a version of a foreign
//      schema language are refused by name and left alone.
//  R7  An entry of which nothing is recorded (written by hand, or `.untorn` did not come along, as
//      with a git clone) has the files that are named after it, as if someone had edited them (R5):
//      `NAME.py` of `NAME.json`, unless an entry with a longer name has it. `NAME.json.*` and what
//      verify() set aside are none.
//
// The files of the entry NAME are `NAME.json` and, for an attachment called "py", `NAME.py`. Below
// `TREE/.untorn/registry/` lie, readable by the owner alone, a record of each entry and its last
// versions, the present one included. TREE is RegistryOptions::tree; without it the nearest folder
// above that already keeps this registry, or else the registry's own folder.
//
// Names: 1 to 100 ASCII letters, digits, '_', '-' and '.', beginning with a letter, digit or '_',
// not ending with '.'; no name that Windows reserves (CON, NUL, COM1, …); no two names that differ
// only in case. Attachment names follow the same rules, 60 bytes at most.
//
// Schemas: JSON Schema draft-07, which `$schema` may name; another is refused. Nothing is fetched:
// a `$ref` must point into the schema itself. `format` is an annotation. Limits, each refused with
// Code::unsupported: schemas and specifications of 1 MiB and 64 levels; patterns of 512 bytes
// without back references and look-ahead; schemas that refer to themselves without going down.
// Whoever may write the schema can make checking slow: it is trusted as code is.
//
// Limits: 4 GiB an entry; 10,000 entries are no problem, each list() reads all specifications.
//
// Cost: a transaction with one put for each file, one for the record and one for the version.
//
// Threads: a Registry belongs to one thread at a time. Any number of Registries, in any number of
// processes, may be open on one folder: changes wait for each other, and readers see no mixture.
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/counters.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/json.h"
#include "untorn/transaction.h"

namespace untorn {

struct RegistryOptions {
  // JSON Schema as text. Absent: every JSON object is a specification.
  std::optional<std::string> schema = std::nullopt;
  // The folder whose `.untorn/` is used: the registry's own, or one above it on the same mount.
  std::filesystem::path tree = {};
  // How many versions of an entry are kept, the present one included; at least 1.
  unsigned keep_versions = 5;
  // The first change makes the folder if it is not there. Without it open() gives not_found.
  bool create = false;
  // Look only: takes no lock and recovers nothing, so that what a crash or another process left
  // half done may be seen; every change fails with Code::permission_denied.
  bool read_only = false;
  // How long to wait for a lock before Code::busy.
  std::chrono::milliseconds lock_wait = std::chrono::seconds(10);
  std::shared_ptr<Counters> counters = nullptr;
};

// A place in a specification that is not as the schema asks. Plain data.
struct SpecProblem {
  std::string pointer;  // JSON pointer, "" for the whole: "/parameters/type"
  std::string message;  // "'type' asks for \"string\", found a number: 42"

  [[nodiscard]] std::string text() const;  // "/parameters/type: …"
  [[nodiscard]] JsonValue to_json() const;
};

// A file that belongs to an entry.
struct Attachment {
  std::string name;  // "py"; the file is ENTRY.py
  std::string content = {};
  // Permission bits. Absent: an existing file keeps its own, a new one gets 0666 less the umask.
  std::optional<std::uint32_t> mode = std::nullopt;
};

// One file of an entry as it stands.
enum class FileState : std::uint8_t {
  intact,      // as the registry wrote it
  edited,      // someone changed it by hand (R5)
  unrecorded,  // the registry did not write it
  damaged,     // R4
  unreadable,  // in a form that is not read (R6), or the system refused; left alone
  invalid,     // a specification that does not satisfy the schema
  missing,     // recorded, but not there
};
[[nodiscard]] std::string_view to_string(FileState) noexcept;

struct EntryFile {
  std::string attachment;  // its name; empty for the specification
  std::string file;        // "greet.py"
  FileState state = FileState::intact;
  std::uint64_t bytes = 0;
  std::string detail;  // what is wrong, one phrase; empty for intact

  [[nodiscard]] JsonValue to_json() const;
};

struct RegistryEntry {
  std::string name;
  JsonDocument spec;
  std::uint64_t version = 0;     // 0: a file that the registry did not make
  std::int64_t updated_ns = 0;   // when that version was stored, since the epoch
  std::vector<EntryFile> files;  // the specification first
  // With content from get(); list() and search() leave this empty.
  std::vector<Attachment> attachments;

  [[nodiscard]] const Attachment* attachment(std::string_view attachment_name) const noexcept;
  // Name, version, specification and files; contents of attachments are left out.
  [[nodiscard]] JsonValue to_json() const;
};

// All that can be read, by name, and what cannot.
struct RegistryListing {
  std::vector<RegistryEntry> entries;
  struct Problem {
    std::string name;
    EntryFile file;
  };
  std::vector<Problem> problems;

  [[nodiscard]] JsonValue to_json() const;
};

struct RegistryQuery {
  // Words, each of which occurs in the name, or in the text of a string, number or true/false
  // anywhere in the specification; upper and lower case are the same. Empty: everything.
  std::string text = {};
  struct Field {
    std::string pointer;  // JSON pointer, or a member's name
    std::string value;    // equal to the text there, or to one of the items of a list there
  };
  std::vector<Field> fields = {};
};

// How a version came to be.
enum class VersionOrigin : std::uint8_t {
  added,
  replaced,
  edited,    // found in place, changed by hand
  restored,  // an earlier version, put back
  removed,   // what stood there when the entry was removed or renamed
};
[[nodiscard]] std::string_view to_string(VersionOrigin) noexcept;

struct RegistryVersion {
  std::uint64_t number = 0;
  std::int64_t stored_ns = 0;  // since the epoch
  VersionOrigin origin = VersionOrigin::added;
  std::uint64_t bytes = 0;  // of specification and attachments
  bool present = false;     // it is the one that stands there, as far as the registry knows
  bool intact = false;      // its checksums are right

  [[nodiscard]] JsonValue to_json() const;
};

// What a change did.
struct RegistryChange {
  std::uint64_t version = 0;  // that stands there now; for remove(): the last one that is kept
  bool kept_edit = false;     // what someone had edited became a version of its own first (R5)
  bool unchanged = false;     // exactly this stood there already: nothing was written
  TransactionReceipt receipt;
  TransactionRecovery recovery;  // what a crash of another program had left

  [[nodiscard]] JsonValue to_json() const;
};

// What verify() found about one entry, and did.
struct EntryCheck {
  std::string name;
  std::vector<EntryFile> files;  // as they were found
  std::vector<SpecProblem> spec_problems;
  std::vector<std::string> set_aside;     // names of damaged files now
  std::vector<std::string> brought_back;  // files that hold the last version again
  std::string detail;                     // why something could not be brought back

  // Every file is intact or edited, or was brought back.
  [[nodiscard]] bool is_healthy() const noexcept;
  // It was healthy before.
  [[nodiscard]] bool was_healthy() const noexcept;
  [[nodiscard]] JsonValue to_json() const;
};

struct RegistryCheck {
  std::vector<EntryCheck> entries;  // by name
  std::vector<std::string> strays;  // files that belong to no entry; never touched
  TransactionRecovery recovery;

  [[nodiscard]] bool was_healthy() const noexcept;
  [[nodiscard]] JsonValue to_json() const;
};

class Registry {
 public:
  // Reads the schema: Code::invalid_argument lists what is wrong in it, Code::unsupported names
  // what is not supported. Code::not_found if there is no folder (see RegistryOptions::create).
  // Writes nothing.
  [[nodiscard]] static Result<Registry> open(FileSystem& fs, const std::filesystem::path& folder,
                                             const RegistryOptions& options = {});
  [[nodiscard]] static Result<Registry> open(const std::filesystem::path& folder,
                                             const RegistryOptions& options = {});
  Registry(Registry&&) noexcept;
  Registry& operator=(Registry&&) noexcept;
  ~Registry();

  // Every change takes the tree's lock, and first finishes what a crash interrupted. After a
  // failure with Outcome::not_applied everything is as it was.
  //   invalid_argument  a name that is refused, or attachments of one name
  //   conflict          the specification is no JSON object or does not satisfy the schema: every
  //                     problem is named; or another program changed a file meanwhile
  //   already_exists    an entry of that name (also in other case), or a file in its way (R3)
  //   not_found         no such entry, version or attachment
  //   corrupt           damaged, and no version can be brought back; see verify()
  //   unsupported       R6
  //   busy, no_space, permission_denied, io, … as Transaction::commit()
  [[nodiscard]] Result<RegistryChange> add(std::string_view name, std::string_view spec,
                                           const std::vector<Attachment>& attachments = {});
  // Without `attachments` those that are there stay; otherwise the entry has these and no others.
  [[nodiscard]] Result<RegistryChange> replace(
      std::string_view name, std::string_view spec,
      const std::optional<std::vector<Attachment>>& attachments = std::nullopt);
  // add() or replace(), whichever it needs.
  [[nodiscard]] Result<RegistryChange> put(
      std::string_view name, std::string_view spec,
      const std::optional<std::vector<Attachment>>& attachments = std::nullopt);
  // The versions stay, so that restore() can bring it back.
  [[nodiscard]] Result<RegistryChange> remove(std::string_view name);

  // The entry with its attachments, of one version. Damaged: Code::corrupt.
  [[nodiscard]] Result<RegistryEntry> get(std::string_view name) const;
  [[nodiscard]] Result<RegistryListing> list() const;
  // As list(), the entries that match only.
  [[nodiscard]] Result<RegistryListing> search(const RegistryQuery& query) const;

  // What the schema says about a text. Empty: it would be accepted.
  [[nodiscard]] Result<std::vector<SpecProblem>> validate(std::string_view spec) const;

  // Looks at every file. With `repair`, what is damaged or missing is set aside and brought back
  // (R4); edited and unreadable files are left alone and reported.
  [[nodiscard]] Result<RegistryCheck> verify(bool repair = true);

  // Newest first; also of an entry that was removed.
  [[nodiscard]] Result<std::vector<RegistryVersion>> versions(std::string_view name) const;
  // Specification and attachments of one version.
  [[nodiscard]] Result<RegistryEntry> read_version(std::string_view name,
                                                   std::uint64_t number) const;
  // Puts a version back as a new one; brings a removed entry back.
  [[nodiscard]] Result<RegistryChange> restore(std::string_view name, std::uint64_t number);

  [[nodiscard]] const std::string& folder() const noexcept;
  [[nodiscard]] const std::string& tree() const noexcept;

 private:
  struct State;
  explicit Registry(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace untorn
