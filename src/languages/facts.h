// SPDX-License-Identifier: Apache-2.0
//
// What one source file does to files, in words that every language shares.
//
// A language's reader turns a syntax tree into FileFacts; the rules judge facts and never see a
// tree. Facts are plain values: a cache keeps them, so that a second scan parses nothing. What
// crosses a function or a file (who calls a writing function with which path) is left open here as
// a parameter, and closed by rules/link.h, which sees the facts of all files.
//
// An operation is one call that opens, truncates, writes, reads or moves a file: what happens later
// to the handle that it opened (written, synced, locked, returned) is told with it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "languages/syntax.h"

namespace untorn::languages {

struct Range {
  Span span;
  Position first;
  Position last;  // exclusive
  friend bool operator==(const Range&, const Range&) = default;
};

// What is known of an expression that names a file.
struct PathFacts {
  std::string text;  // the expression as written, on one line, at most 60 code points; for messages
  // Two paths of one file with equal keys name the same file: the expression after locals, class
  // attributes and module constants were followed. "state.StateManager.state_file". Empty: unknown.
  std::string key;
  // Lower-case words of all names and literals that it is made of, without repetition: "state",
  // "file", "json". camelCase and snake_case are split.
  std::vector<std::string> words;
  std::string file_name;  // the last component, when it is constant: "state.json"
  std::string extension;  // of the last component, when that is constant, lower case: ".json"
  // The parameter of the enclosing function that it is, or is made from; -1: none. A method's self
  // does not count.
  std::int32_t parameter = -1;
  bool is_whole_parameter = false;  // it is that parameter itself, not something made from it
  // For a temporary's name that was made from another path (path + ".tmp", with_suffix(".tmp")):
  // that path's key. Empty otherwise.
  std::string made_from;
  bool looks_temporary = false;  // ".tmp", "temp" or the like is part of the name
  bool is_unique = false;        // its name holds a random part (mkstemp, uuid4, token_hex, …)
  bool never_leaves = false;     // below a temporary directory, or deleted on close
  bool in_system_temp =
      false;                // made in the system's folder for temporaries (tempfile without dir=)
  bool is_special = false;  // a literal that is no file: /dev/…, /proc/…, "-", os.devnull
  bool is_descriptor = false;          // a number, not a name
  bool certainly_path_object = false;  // a pathlib.Path, whatever the run does
  bool certainly_regular = false;  // cannot be a device or FIFO of the user's choice: a constant
                                   // file name with an extension, a glob's result, guarded by
                                   // is_file()
};

enum class OperationKind : std::uint8_t {
  create,  // makes or truncates the file, then writes: open "w", write_text, os.open O_TRUNC
  append,  // open "a"
  update,  // writes into the file that is there: open "r+", os.open without O_TRUNC, truncate
  create_exclusively,  // open "x", O_EXCL, mkstemp: never touches what is there
  read,                // opens for reading, or reads the whole file
  rename,              // source → target, replacing
  move,                // the same, by copying where a rename cannot (shutil.move)
  copy,                // source's content written into target
  unlink,              // target removed
  sync_directory,      // fsync of a descriptor of the directory of target
  touch,               // an empty marker
  link,                // target becomes another name of source, or leads to it; source is unchanged
};

// What is written, as far as the source shows.
enum class Content : std::uint8_t {
  unknown,
  nothing,
  text,
  bytes,
  json,
  yaml,
  toml,
  ini,
  pickle,
  csv,
  archive,
  image,
};

// Whether a later edit may put an atomic write in the place of this call, and how.
enum class RewriteGrade : std::uint8_t { none, display, unsafe, safe };
enum class RewriteShape : std::uint8_t {
  none,
  write_text,   // RECEIVER.write_text(ARGUMENTS)
  write_bytes,  // RECEIVER.write_bytes(ARGUMENTS)
  open_call,    // with open(ARGUMENTS) as NAME: one write, or one dump
  path_open,    // with RECEIVER.open(ARGUMENTS) as NAME: the same
};
struct Rewrite {
  RewriteShape shape = RewriteShape::none;
  RewriteGrade grade = RewriteGrade::none;
  // Why it is not safe, a phrase: "the handle is used after the with block". Empty when safe.
  std::string reason;
  Span call;       // the whole call
  Span callee;     // `open`, `self.path.write_text`
  Span receiver;   // `self.path`; empty for a plain function
  Span arguments;  // with the parentheses
};

struct Operation {
  OperationKind kind = OperationKind::read;
  Range range;                 // the call
  std::string api;             // "pathlib.Path.write_text", "open", "os.replace"
  std::uint32_t function = 0;  // index in FileFacts::functions
  std::uint32_t block = 0;  // number of the innermost statement block; for "before it, always run"
  PathFacts target;         // what is written, read, moved to, removed
  PathFacts source;         // of rename, move and copy: from
  // The mode is not in the text but comes from this parameter of the function; -1: it is known.
  std::int32_t mode_parameter = -1;
  Content content = Content::unknown;
  std::optional<std::uint32_t> permissions;  // the literal mode argument, 0600
  bool writes_nothing = false;               // opened for writing and nothing was written: a marker
  bool only_locks = false;                   // the handle is only used to lock
  bool synced = false;   // fsync of the handle after its last write, before it is closed
  bool escapes = false;  // the handle is returned, stored, or passed to unknown code
  bool in_loop = false;
  bool unlinked_target_before = false;  // rename: the target was removed just before
  bool written_in_pieces = false;       // several writes, or writes in a loop
  bool removed_later = false;  // the same function removes the target afterwards, come what may
  Rewrite rewrite;
};

// A loader that answers "new" for a damaged file.
struct RecoveryFlaw {
  Range range;  // the except clause's head
  std::uint32_t function = 0;
  PathFacts target;        // what is loaded
  std::string exceptions;  // "json.JSONDecodeError", "Exception", "" for a bare except
  std::string answer;      // "PipelineState()", "{}", "pass"; shortened
};

struct Argument {
  std::string name;  // of a keyword argument; empty for a positional one
  PathFacts path;
  std::string constant;  // the value, when it is a constant string (a mode)
};

// A call of a function that may be the project's own.
struct Call {
  Range range;
  std::uint32_t function = 0;  // the caller
  // What is called, as far as the file shows: "save_json" (this file), "StateManager._write" (a
  // method of a class of this file), "pipeline.files.save_json" (imported), ".files:save_json"
  // (imported relatively).
  std::string callee;
  std::vector<Argument> arguments;
};

struct Parameter {
  std::string name;
  std::string default_constant;  // a constant string, as written without its quotes
};

struct Function {
  std::string name;                   // "StateManager.save"; empty for the module's own level
  std::vector<Parameter> parameters;  // without self and cls of methods
  Range range;
  bool is_test = false;  // test_*, a method of a TestCase, a fixture
  bool syncs = false;    // calls fsync or fdatasync on a file: on any, of any handle
};

struct Comment {
  std::uint32_t line = 0;
  std::string text;    // without the comment's mark
  bool alone = false;  // nothing else on its line
};

// Where and how an edit adds an import. All of it of the file as it was read.
struct ImportPlace {
  std::uint32_t offset = 0;  // the byte before which a line is inserted
  std::string line_end = "\n";
  bool needs_blank_before = false;
  bool needs_blank_after = false;
};

struct FileFacts {
  std::string module;    // dotted, from the path below the scanned root: "pipeline.state.manager"
  bool is_test = false;  // by its path or its content (imports pytest or unittest and has cases)
  bool is_generated = false;        // says so in its first lines
  std::vector<Function> functions;  // the first is the module's own level
  std::vector<Operation> operations;
  std::vector<RecoveryFlaw> recovery_flaws;
  std::vector<Call> calls;
  std::vector<Comment> comments;  // those that speak to us, see scan/suppressions.h
  std::vector<std::string>
      names;  // every identifier bound at module level: an import must not clash
  ImportPlace import_place;
};

}  // namespace untorn::languages
