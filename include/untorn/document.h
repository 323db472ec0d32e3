// SPDX-License-Identifier: Apache-2.0
//
// One JSON document that comes back: it is replaced whole, its last good versions are kept as
// generations, and damage is answered by the newest of them, never by an empty document.
//
//   auto document = untorn::Document::open("state.json");
//   auto loaded = document->load();
//   if (loaded && loaded->recovery.happened) warn_operator(loaded->recovery.message());
//   auto saved = document->update([](std::optional<untorn::JsonDocument>& state) {
//     if (!state) state.emplace(untorn::JsonValue::object());
//     state->root.set("runs", untorn::JsonValue::integer(7));
//     return untorn::Result<void>();
//   });
//
// What always holds:
//  D1  The name holds a whole version at every instant, at the level of replace.h.
//  D2  Before the name gets new content, that content is kept as a generation; and so is what the
//      name held, if it is not a generation yet (someone edited the file).
//  D3  A generation is used only if its checksum, over content and origin, is right.
//  D4  Damage (json.h, J1 to J5; or no file beside generations) is never loaded, never answered by
//      "new", and never overwritten: the file is first set aside as `NAME.damaged-<number>`, a
//      name that nothing had, then the newest good generation is put in its place.
//  D5  Content in a form that is not read (Code::unsupported) is an error and left alone.
//  D6  What is written was read back before, by the reader that will load it.
//  D7  Whoever changes the file through this class holds the document's lock, so that no update of
//      two processes is lost through update().
//
// Generations lie in `.untorn/documents/NAME/` beside the file, or below one folder for a whole
// tree (DocumentOptions::tree), readable by the owner alone, and name the directory that they
// belong to. In a copied tree they still come back, but one that was kept in the tree itself goes
// before them, and Generation::from_copy tells.
//
// After a successful call the content of a document that is always replaced at Durability::durable
// comes back even if the power goes and then the file is damaged, too
// (tests/crash/document_states_test.cpp). Cost of a replacement, with the generation: four syncs at
// `durable`, two at `ordered`, none at `process`, and room for two more copies.
//
// The path is followed anew by every call.
//
// Limits: 4 GiB; the document is in memory as a whole. A program that is just writing the file in
// place, which Untorn cannot know, may be taken for damage: what it writes is in the set-aside
// file.
//
// Threads: a Document belongs to one thread at a time. Any number of Documents, in any number of
// processes, may be open on one file.
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/counters.h"
#include "untorn/durability.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/json.h"
#include "untorn/replace.h"

namespace untorn {

struct DocumentOptions {
  Durability durability = Durability::durable;
  // How many generations are kept, the present content included; at least 1.
  unsigned generations = 5;
  // Permission bits of a file that does not exist yet. Absent: 0666 less the umask.
  std::optional<std::uint32_t> mode = std::nullopt;
  // Never write: load() reports damage and answers it from the generations, but neither sets aside
  // nor repairs; everything else fails with Code::permission_denied.
  bool read_only = false;
  // How long to wait for the lock before Code::busy.
  std::chrono::milliseconds lock_wait = std::chrono::seconds(10);
  // The folder whose `.untorn/` is used: that of the document (also if empty), or one above it on
  // the same mount; generations then lie in `TREE/.untorn/documents/<path below TREE>/`. All who
  // change one document must name the same. A document that is not below it (a link led elsewhere)
  // keeps its generations beside itself. Those that it kept beside itself before are used, and
  // taken over by whoever next holds the lock.
  std::filesystem::path tree = {};
  // Counts replacements, recoveries and files set aside.
  std::shared_ptr<Counters> counters = nullptr;
};

// How a generation came to be.
enum class Origin : std::uint8_t {
  replaced,   // written by Document
  edited,     // found under the name: someone else wrote it
  recovered,  // an older generation that was brought back
};
[[nodiscard]] std::string_view to_string(Origin) noexcept;

// One version that is kept.
struct Generation {
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
  std::int64_t kept_ns = 0;  // when, since the epoch
  Origin origin = Origin::replaced;
  std::uint32_t mode = 0;  // permission bits of the file that held it
  bool from_copy = false;  // it was kept in another directory: this tree is a copy
  bool intact = false;     // its checksum is right
};

// What was done about a damaged or missing file. Plain data.
struct Recovery {
  bool happened = false;
  bool written = false;  // false for an observer: nothing was set aside or put in place
  std::string reason;    // "it is empty", "it ends in the middle of a value at line 3, column 7"
  // Name of the damaged file now, beside the document; empty if there was none, or not written.
  std::string set_aside;
  // What came back. Its number is 0 if the file was damaged when new content was there already.
  Generation generation;
  // Later generations that cannot be used: their changes are lost.
  std::uint64_t generations_lost = 0;
  // The damaged bytes are the beginning of the generation, or there were none: nothing that is not
  // in the generation can have been in the file's damaged part.
  bool file_adds_nothing = false;

  // What is lost, as far as it is known: "nothing that Untorn wrote", "the changes of 2 later
  // generations".
  [[nodiscard]] std::string lost() const;
  // One line for a person; empty if nothing happened.
  [[nodiscard]] std::string message() const;
};

struct LoadedDocument {
  // Nothing: there is no file and there never was a generation. It is new.
  std::optional<JsonDocument> document;
  Recovery recovery;
  // The file was edited by someone else, and is generation `generation` now (0: not kept, because
  // this process only observes, the lock was not free, or there was no room).
  bool edited = false;
  // The generation that holds this content; 0 if none does.
  std::uint64_t generation = 0;
};

struct ReplacedDocument {
  Receipt receipt;               // of the file
  std::uint64_t generation = 0;  // that holds the new content
  bool kept_edit = false;        // the old content was someone's edit, and became a generation, too
  Recovery recovery;             // the old content was damaged
};

class Document {
 public:
  // Checks the options and that `path` leads to a directory. The file need not exist.
  [[nodiscard]] static Result<Document> open(FileSystem& fs, const std::filesystem::path& path,
                                             const DocumentOptions& options = {});
  [[nodiscard]] static Result<Document> open(const std::filesystem::path& path,
                                             const DocumentOptions& options = {});

  // The content. A damaged or missing file is recovered first, durably; see Recovery. Without the
  // permission to do that, the generation is returned all the same and the file stays as it is.
  // Takes the lock, and writes, only if there is something to recover or an edit to keep. A file
  // that Document never replaced has no generations, and load() makes none.
  //
  //   corrupt            the file is damaged and no generation can be used; it is left as it is
  //   unsupported        its form is not read; it is left alone
  //   not_regular_file   a directory, FIFO, socket or device
  //   busy               it must be recovered, and the lock was not free in time
  //   io, …              a generation that may be whole cannot be read; recover() passes over it
  //   and those of replace_file
  [[nodiscard]] Result<LoadedDocument> load();

  // Replaces the content. Equal bytes are not written again. A damaged file is set aside first.
  // `unless_newer_than`: fail with Code::conflict if Document has made a later generation than this
  // one meanwhile (LoadedDocument::generation). After a failure with Outcome::not_applied the file
  // holds what it held.
  [[nodiscard]] Result<ReplacedDocument> replace(
      const JsonDocument& content, std::optional<std::uint64_t> unless_newer_than = std::nullopt);

  // load(), `change`, replace() under one hold of the lock. `change` gets nothing for a new
  // document, and changes or fills it; if it fails or leaves nothing, nothing is written.
  // Do not use the same document inside of `change`.
  [[nodiscard]] Result<ReplacedDocument> update(
      const std::function<Result<void>(std::optional<JsonDocument>&)>& change);

  // Sets a file aside that is damaged, or in a form that is not read, and brings the newest good
  // generation back: for a person who decided that the file is wrong. A good file is left alone
  // (Recovery::happened is false; see restore()). Code::corrupt if no generation can be used.
  [[nodiscard]] Result<Recovery> recover();

  // Generations, newest first. Reads them all, to check them.
  [[nodiscard]] Result<std::vector<Generation>> history();
  [[nodiscard]] Result<JsonDocument> read_generation(std::uint64_t number);
  // Makes the content of that generation the newest one, by replace().
  [[nodiscard]] Result<ReplacedDocument> restore(std::uint64_t number);

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  Document(FileSystem& fs, std::string path, DocumentOptions options)
      : fs_(&fs), path_(std::move(path)), options_(std::move(options)) {}

  FileSystem* fs_;
  std::string path_;
  DocumentOptions options_;
};

}  // namespace untorn
