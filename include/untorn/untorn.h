// SPDX-License-Identifier: Apache-2.0
//
// Untorn for C99, and for C++ older than C++23: files that survive crashes.
//
//   untorn_error* error = NULL;
//   if (untorn_replace("settings.json", text, length, NULL, NULL, &error) != UNTORN_OK)
//     fprintf(stderr, "%s\n", untorn_error_message(error));  // says what the file holds now
//   untorn_error_free(error);
//
// The promises are those of the C++ headers named at each group, which say more: what a crash
// leaves, what each call costs in syncs, which errors there are. This is the same library.
//
// Codes. Every function that can fail returns UNTORN_OK or an untorn_code. Where the last parameter
// is an `untorn_error**` and not NULL, it receives NULL, or on failure an object to be freed with
// untorn_error_free(). Set it to NULL before the first use, and free it before the next.
//
// Objects are opaque. Each has one function that ends it, which takes NULL, too: after commit()
// nothing else may be called than that. What is passed in (paths, contents, options) is borrowed
// until the call returns; paths end in NUL and are bytes. A NULL that is not allowed, an object
// that is spent and a value that is not known give UNTORN_INVALID_ARGUMENT and change nothing.
//
// No exception leaves these functions. Running out of memory gives UNTORN_NO_MEMORY, with the
// outcome UNTORN_OUTCOME_UNKNOWN (read the file again), or ends the process.
//
// Growing. Structures are filled up to the `size` that the caller sets first, and grow at their
// ends; options are keys; numbers never change their meaning. So a program goes on with every later
// library of the same ABI number, untorn_abi(), without being compiled anew: the library's file
// name ends in it.
//
// Threads: every function from any thread. An object belongs to one thread at a time, except that
// options which nobody changes any more may be used by any number of calls at once.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define UNTORN_NOTHROW noexcept
extern "C" {
#else
#define UNTORN_NOTHROW
#endif

#define UNTORN_API __attribute__((visibility("default")))
// For what returns a code or a new object: looking away is a mistake.
#define UNTORN_LOOK __attribute__((visibility("default"), warn_unused_result))

struct iovec;  // <sys/uio.h>

#define UNTORN_ABI 1  // of this header, and the end of the library's SONAME
// Of the library that is running, and its version, "0.1.0".
UNTORN_API uint32_t untorn_abi(void) UNTORN_NOTHROW;
UNTORN_API const char* untorn_version(void) UNTORN_NOTHROW;

// ---- Words. Those of error.h, durability.h and replace.h, which explain them. ----

enum untorn_code {
  UNTORN_OK = 0,
  UNTORN_NOT_FOUND = 1,
  UNTORN_ALREADY_EXISTS = 2,
  UNTORN_PERMISSION_DENIED = 3,
  UNTORN_INVALID_ARGUMENT = 4,
  UNTORN_NOT_REGULAR_FILE = 5,
  UNTORN_MOUNT_POINT = 6,
  UNTORN_CONFLICT = 7,
  UNTORN_HAS_HARD_LINKS = 8,
  UNTORN_NO_SPACE = 9,
  UNTORN_UNSUPPORTED = 10,
  UNTORN_BUSY = 11,
  UNTORN_TIMED_OUT = 12,
  UNTORN_IO = 13,
  UNTORN_CORRUPT = 14,
  UNTORN_INTERNAL = 15,
  UNTORN_NO_MEMORY = 100
};
enum untorn_step {
  UNTORN_STEP_RESOLVE = 0,
  UNTORN_STEP_OPEN_DIRECTORY = 1,
  UNTORN_STEP_INSPECT = 2,
  UNTORN_STEP_CREATE_TEMPORARY = 3,
  UNTORN_STEP_WRITE = 4,
  UNTORN_STEP_COPY_METADATA = 5,
  UNTORN_STEP_CHECK = 6,
  UNTORN_STEP_SYNC_FILE = 7,
  UNTORN_STEP_RENAME = 8,
  UNTORN_STEP_SYNC_DIRECTORY = 9,
  UNTORN_STEP_CLEAN_UP = 10
};
enum untorn_outcome {
  UNTORN_NOT_APPLIED = 0,
  UNTORN_APPLIED_UNSYNCED = 1,
  UNTORN_APPLIED = 2,
  UNTORN_OUTCOME_UNKNOWN = 3
};
enum untorn_advice {
  UNTORN_RETRY = 0,
  UNTORN_REREAD_THEN_RETRY = 1,
  UNTORN_FIX_THEN_RETRY = 2,
  UNTORN_STOP = 3
};
enum untorn_durability { UNTORN_PROCESS = 1, UNTORN_ORDERED = 2, UNTORN_DURABLE = 3 };
enum untorn_protocol {
  UNTORN_PROTOCOL_NONE = 0,
  UNTORN_PROTOCOL_CLASSIC = 1,
  UNTORN_PROTOCOL_ONE_COMMIT = 2,
  UNTORN_PROTOCOL_IN_PLACE = 3
};
enum untorn_protocol_choice { UNTORN_AUTOMATIC = 0, UNTORN_CLASSIC = 1 };
enum untorn_symlink { UNTORN_FOLLOW = 0, UNTORN_REPLACE_LINK = 1, UNTORN_REFUSE_LINK = 2 };
enum untorn_existence { UNTORN_EITHER = 0, UNTORN_MUST_EXIST = 1, UNTORN_MUST_NOT_EXIST = 2 };
enum untorn_hard_links { UNTORN_SPLIT = 0, UNTORN_REFUSE_LINKS = 1, UNTORN_IN_PLACE = 2 };
enum untorn_match { UNTORN_COOPERATIVE = 0, UNTORN_DETECT = 1 };
enum untorn_line_sync { UNTORN_SYNC_EACH = 0, UNTORN_SYNC_BATCHED = 1, UNTORN_SYNC_NEVER = 2 };

// ---- Errors (error.h). Each takes NULL, which is UNTORN_OK, "" and 0. ----

typedef struct untorn_error untorn_error;

UNTORN_API int untorn_error_code(const untorn_error* error) UNTORN_NOTHROW;
UNTORN_API int untorn_error_step(const untorn_error* error) UNTORN_NOTHROW;
UNTORN_API int untorn_error_outcome(const untorn_error* error) UNTORN_NOTHROW;
UNTORN_API int untorn_error_advice(const untorn_error* error) UNTORN_NOTHROW;
UNTORN_API int untorn_error_errno(const untorn_error* error) UNTORN_NOTHROW;  // 0: no failed call
// One line. Both texts live as long as the error.
UNTORN_API const char* untorn_error_message(const untorn_error* error) UNTORN_NOTHROW;
UNTORN_API const char* untorn_error_path(const untorn_error* error) UNTORN_NOTHROW;
UNTORN_API void untorn_error_free(untorn_error* error) UNTORN_NOTHROW;
// "not_found", "ok", …; "unknown" for a number that has no meaning. For logs; lives for ever.
UNTORN_API const char* untorn_code_name(int code) UNTORN_NOTHROW;

// ---- Options. Every call takes those that are its own; NULL: all as they are by default. ----

typedef struct untorn_options untorn_options;

enum untorn_option {
  // Of whatever replaces a file (ReplaceOptions in replace.h). Switches are 0 or 1.
  UNTORN_OPTION_DURABILITY = 1,          // untorn_durability; UNTORN_DURABLE
  UNTORN_OPTION_STRICT = 2,              // 0
  UNTORN_OPTION_SYMLINK = 3,             // untorn_symlink; UNTORN_FOLLOW
  UNTORN_OPTION_EXISTENCE = 4,           // untorn_existence; UNTORN_EITHER
  UNTORN_OPTION_MODE = 5,                // 0 to 07777, or -1: the old file's, or the umask's
  UNTORN_OPTION_KEEP_METADATA = 6,       // 1
  UNTORN_OPTION_REQUIRE_METADATA = 7,    // 0
  UNTORN_OPTION_OVERRIDE_READ_ONLY = 8,  // 0
  UNTORN_OPTION_HARD_LINKS = 9,          // untorn_hard_links; UNTORN_SPLIT
  UNTORN_OPTION_SKIP_IF_SAME = 10,       // 0
  UNTORN_OPTION_PROTOCOL = 11,           // untorn_protocol_choice; UNTORN_AUTOMATIC
  UNTORN_OPTION_IF_MATCH = 12,           // text: an etag; none
  UNTORN_OPTION_MATCH = 13,              // untorn_match; UNTORN_COOPERATIVE
  UNTORN_OPTION_LOCK_WAIT_MS = 14,       // 0 to 1,000,000,000; 10,000. Also of logs and trees
  UNTORN_OPTION_BACKUPS = 15,            // 0 to 1,000; 0
  UNTORN_OPTION_CREATE_PARENTS = 16,     // 0
  UNTORN_OPTION_SIDECAR = 17,            // text: a directory; none
  // Of untorn_log_open (LineLogOptions in line_log.h), which takes MODE, too.
  UNTORN_OPTION_LINE_SYNC = 32,      // untorn_line_sync; UNTORN_SYNC_EACH
  UNTORN_OPTION_BATCH_LINES = 33,    // from 1; 100
  UNTORN_OPTION_BATCH_TIME_MS = 34,  // 0 to 1,000,000,000; 1,000
  UNTORN_OPTION_ROTATE_BYTES = 35,   // 0: never
  UNTORN_OPTION_ROTATE_AGE_S = 36,   // 0 to 1,000,000,000; 0: never
  UNTORN_OPTION_KEEP_ROTATED = 37,   // 1 to 1,000; 5
  UNTORN_OPTION_TREE = 38,           // text: a directory; that of the log
  // Of untorn_sweep (SweepOptions in sweep.h).
  UNTORN_OPTION_REMOVE = 48,        // 0
  UNTORN_OPTION_OLDER_THAN_S = 49,  // 0 to 1,000,000,000; 60
  UNTORN_OPTION_BELOW = 50          // 0
};

// `abi` is UNTORN_ABI. NULL: no memory, or the library is older than the header.
UNTORN_LOOK untorn_options* untorn_options_new(uint32_t abi) UNTORN_NOTHROW;
UNTORN_API void untorn_options_free(untorn_options* options) UNTORN_NOTHROW;
// UNTORN_INVALID_ARGUMENT: no such key, another kind of value, or one out of its range; the option
// is as it was then.
UNTORN_LOOK int untorn_options_set(untorn_options* options, int option,
                                   int64_t value) UNTORN_NOTHROW;
// The text is copied; NULL takes the option back.
UNTORN_LOOK int untorn_options_set_text(untorn_options* options, int option,
                                        const char* text) UNTORN_NOTHROW;

// ---- What a successful call did (Receipt in replace.h). ----

enum untorn_flag {
  UNTORN_EXISTED = 1,            // the name held a file before
  UNTORN_UNCHANGED = 2,          // UNTORN_OPTION_SKIP_IF_SAME found the same content
  UNTORN_HARD_LINKS_SPLIT = 4,   // the file has other names, which keep the old content
  UNTORN_SYNCED = 8,             // of an append: these lines and all before them were synced
  UNTORN_ROTATED = 16,           // of an append: they are the first of a new file
  UNTORN_WHY_LOWER_CUT = 32,     // the text was too long for its field
  UNTORN_METADATA_LOST_CUT = 64  // not all names had place
};

// Set `size` to sizeof(untorn_info) before each call. Texts end in NUL. What does not apply to a
// call is 0 or "". NULL where a parameter is an untorn_info*: not wanted.
typedef struct untorn_info {
  size_t size;
  int32_t outcome;    // untorn_outcome
  int32_t requested;  // untorn_durability
  int32_t achieved;   // untorn_durability
  int32_t protocol;   // untorn_protocol
  uint32_t syncs;
  uint32_t commits;
  uint32_t retries;
  uint32_t flags;  // untorn_flag
  uint64_t bytes;
  uint64_t count;           // files of a batch, operations of a transaction, lines of an append
  uint64_t failed;          // of the files of a batch
  char etag[192];           // names this version of the file; "" if it could not be told
  char why_lower[256];      // why `achieved` is lower than `requested`
  char metadata_lost[512];  // "owner", "xattr user.x", …, each followed by a line feed
} untorn_info;

// ---- One file (replace.h). ----

// Replaces `path` by `size` bytes. `data` may be NULL if `size` is 0.
UNTORN_LOOK int untorn_replace(const char* path, const void* data, size_t size,
                               const untorn_options* options, untorn_info* info,
                               untorn_error** error) UNTORN_NOTHROW;
// In an open directory (not O_PATH), which stays the caller's; `name` is one component. The pieces
// follow each other; more than one are joined in memory first.
UNTORN_LOOK int untorn_replace_at(int directory_fd, const char* name, const struct iovec* pieces,
                                  size_t count, const untorn_options* options, untorn_info* info,
                                  untorn_error** error) UNTORN_NOTHROW;

// In pieces, for content that does not fit in memory (FileReplacer in replace.h). What can be
// refused is refused by untorn_open(); `*writer` is NULL after a failure.
typedef struct untorn_writer untorn_writer;
UNTORN_LOOK int untorn_open(const char* path, const untorn_options* options, untorn_writer** writer,
                            untorn_error** error) UNTORN_NOTHROW;
UNTORN_LOOK int untorn_write(untorn_writer* writer, const void* data, size_t size,
                             untorn_error** error) UNTORN_NOTHROW;
// Publishes. The writer is spent, whatever the answer (but for an `info` whose size is not known):
// untorn_discard() is all that remains.
UNTORN_LOOK int untorn_commit(untorn_writer* writer, untorn_info* info,
                              untorn_error** error) UNTORN_NOTHROW;
// Ends the writer. What was not committed is given up, and its temporary removed.
UNTORN_API void untorn_discard(untorn_writer* writer) UNTORN_NOTHROW;

// ---- Versions of a file (etag.h). ----

#define UNTORN_ETAG_SIZE 192  // a buffer of this size holds every etag

UNTORN_LOOK int untorn_etag(const char* path, char* etag, size_t etag_size,
                            untorn_error** error) UNTORN_NOTHROW;
// The whole file and the etag of exactly these bytes. `*data` is to be freed by untorn_free(), and
// ends in a NUL that `*size` does not count.
UNTORN_LOOK int untorn_read_version(const char* path, void** data, size_t* size, char* etag,
                                    size_t etag_size, untorn_error** error) UNTORN_NOTHROW;
UNTORN_API void untorn_free(void* data) UNTORN_NOTHROW;

// ---- Many files, each whole, for the price of one (batch.h). ----

typedef struct untorn_batch untorn_batch;
UNTORN_LOOK int untorn_batch_new(const untorn_options* options, untorn_batch** batch,
                                 untorn_error** error) UNTORN_NOTHROW;
// `options` NULL: those of the batch. After a failure the batch goes on without that file.
UNTORN_LOOK int untorn_batch_put(untorn_batch* batch, const char* path, const void* data,
                                 size_t size, const untorn_options* options,
                                 untorn_error** error) UNTORN_NOTHROW;
// A writer joins, and is spent: untorn_discard() remains to be called.
UNTORN_LOOK int untorn_batch_add(untorn_batch* batch, untorn_writer* writer,
                                 untorn_error** error) UNTORN_NOTHROW;
// Publishes all. UNTORN_OK also when single files failed: `info->failed` counts them, and
// untorn_batch_file() tells of each. The batch is spent, as a writer is.
UNTORN_LOOK int untorn_batch_commit(untorn_batch* batch, untorn_info* info,
                                    untorn_error** error) UNTORN_NOTHROW;
// After the commit: the code of one file, in the order in which they were added. `*path` (NULL: not
// wanted) lives as long as the batch.
UNTORN_LOOK int untorn_batch_file(const untorn_batch* batch, size_t index, const char** path,
                                  untorn_info* info, untorn_error** error) UNTORN_NOTHROW;
// Ends the batch. What was not committed is given up.
UNTORN_API void untorn_batch_discard(untorn_batch* batch) UNTORN_NOTHROW;

// ---- What was found: a list that transactions, sweeps and recoveries fill. ----

enum untorn_finding {
  // transaction.h
  UNTORN_ROLLED_FORWARD = 1,  // an interrupted transaction was finished; `path` is its tree
  UNTORN_DISCARDED = 2,       // it had not reached its commit point
  UNTORN_REFUSED = 3,         // nothing was applied; `why` tells
  UNTORN_CHANGED = 4,         // a target that another program changed, and that was left alone
  UNTORN_KEPT = 5,            // where the content is that could not be put there
  // sweep.h
  UNTORN_TEMPORARY_ALIVE = 16,
  UNTORN_TEMPORARY_YOUNG = 17,
  UNTORN_TEMPORARY_DEAD = 18,
  UNTORN_TEMPORARY_REMOVED = 19,
  UNTORN_TEMPORARY_SET_ASIDE = 20,  // `why` is the new name
  UNTORN_TEMPORARY_UNSURE = 21,     // `why` tells
  // in_place.h
  UNTORN_TARGET_FINISHED = 32,    // overwritten from its sidecar
  UNTORN_SIDECAR_DISCARDED = 33,  // never became whole; `path` is its target, which is old
  UNTORN_SIDECAR_KEPT = 34,       // `path` is the sidecar; `why` names its target and the reason
  UNTORN_SIDECAR_DAMAGED = 35,    // by the storage; `path` is the name that it has now
  // line_log.h
  UNTORN_TORN_LINES = 48  // a torn end was moved to `path`; `why` tells
};

typedef struct untorn_report untorn_report;
// Set `size` to sizeof(untorn_entry) before each call. The texts live as long as the report.
typedef struct untorn_entry {
  size_t size;
  int32_t finding;  // untorn_finding
  uint64_t bytes;   // of a temporary
  const char* path;
  const char* why;  // or ""
} untorn_entry;
UNTORN_API size_t untorn_report_count(const untorn_report* report) UNTORN_NOTHROW;
UNTORN_LOOK int untorn_report_entry(const untorn_report* report, size_t index,
                                    untorn_entry* entry) UNTORN_NOTHROW;
UNTORN_API void untorn_report_free(untorn_report* report) UNTORN_NOTHROW;

// Temporaries that killed writers left: reported, and with UNTORN_OPTION_REMOVE removed.
UNTORN_LOOK int untorn_sweep(const char* directory, const untorn_options* options,
                             untorn_report** report, untorn_error** error) UNTORN_NOTHROW;
// Finishes every overwriting in place that a crash interrupted. `report` may be NULL.
UNTORN_LOOK int untorn_recover_in_place(const char* sidecar_directory, untorn_report** report,
                                        untorn_error** error) UNTORN_NOTHROW;

// ---- Several files of one tree, all or none (transaction.h). Paths are relative to it. ----

typedef struct untorn_transaction untorn_transaction;
// Takes the tree's lock, and recovers what a crash interrupted: `report` (NULL: not wanted) tells,
// empty if nothing was. Of the options UNTORN_OPTION_LOCK_WAIT_MS.
UNTORN_LOOK int untorn_transaction_begin(const char* root, const untorn_options* options,
                                         untorn_transaction** transaction, untorn_report** report,
                                         untorn_error** error) UNTORN_NOTHROW;
// Of the options UNTORN_OPTION_MODE and UNTORN_OPTION_EXISTENCE.
UNTORN_LOOK int untorn_transaction_put(untorn_transaction* transaction, const char* path,
                                       const void* data, size_t size, const untorn_options* options,
                                       untorn_error** error) UNTORN_NOTHROW;
UNTORN_LOOK int untorn_transaction_remove(untorn_transaction* transaction, const char* path,
                                          untorn_error** error) UNTORN_NOTHROW;
UNTORN_LOOK int untorn_transaction_rename(untorn_transaction* transaction, const char* from,
                                          const char* to, untorn_error** error) UNTORN_NOTHROW;
UNTORN_LOOK int untorn_transaction_make_directory(untorn_transaction* transaction, const char* path,
                                                  uint32_t mode,
                                                  untorn_error** error) UNTORN_NOTHROW;
// All in place and durable, or none. `report` (NULL: not wanted) is nearly always empty. Spent.
UNTORN_LOOK int untorn_transaction_commit(untorn_transaction* transaction, untorn_info* info,
                                          untorn_report** report,
                                          untorn_error** error) UNTORN_NOTHROW;
// Ends it. What was not committed is given up.
UNTORN_API void untorn_transaction_discard(untorn_transaction* transaction) UNTORN_NOTHROW;
// Finishes what a crash interrupted. Idempotent. `report` may be NULL.
UNTORN_LOOK int untorn_transaction_recover(const char* root, const untorn_options* options,
                                           untorn_report** report,
                                           untorn_error** error) UNTORN_NOTHROW;

// ---- A log of whole lines (line_log.h). ----

typedef struct untorn_log untorn_log;
UNTORN_LOOK int untorn_log_open(const char* path, const untorn_options* options, untorn_log** log,
                                untorn_error** error) UNTORN_NOTHROW;
// One line without its end.
UNTORN_LOOK int untorn_log_append(untorn_log* log, const char* line, size_t size, untorn_info* info,
                                  untorn_error** error) UNTORN_NOTHROW;
// Several, which stay together.
UNTORN_LOOK int untorn_log_append_lines(untorn_log* log, const struct iovec* lines, size_t count,
                                        untorn_info* info, untorn_error** error) UNTORN_NOTHROW;
UNTORN_LOOK int untorn_log_sync(untorn_log* log, untorn_error** error) UNTORN_NOTHROW;
// What the opening, or an append since, moved away last; `finding` is 0 if nothing. The texts live
// until the next call with this log.
UNTORN_LOOK int untorn_log_torn(const untorn_log* log, untorn_entry* entry) UNTORN_NOTHROW;
// Syncs what a batch of lines still holds, without telling how that ended.
UNTORN_API void untorn_log_close(untorn_log* log) UNTORN_NOTHROW;

#ifdef __cplusplus
}
#endif
