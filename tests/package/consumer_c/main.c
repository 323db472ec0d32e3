// SPDX-License-Identifier: Apache-2.0
//
// Uses every group of untorn.h in the folder that is named by the first argument.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <untorn/untorn.h>

static untorn_error* error = NULL;

static void must(int code, const char* what) {
  if (code == UNTORN_OK) return;
  fprintf(stderr, "%s: %s\n", what, untorn_error_message(error));
  exit(1);
}

static const char* in(const char* folder, const char* name) {
  static char paths[8][4096];
  static unsigned next = 0;
  char* const path = paths[next++ % 8];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

static void replace_one(const char* folder) {
  untorn_info info = {.size = sizeof info};
  untorn_options* const options = untorn_options_new(UNTORN_ABI);
  must(options == NULL, "options");
  must(untorn_options_set(options, UNTORN_OPTION_DURABILITY, UNTORN_ORDERED), "durability");
  must(untorn_replace(in(folder, "one"), "from C", 6, options, &info, &error), "replace");
  printf("%s %s %d %u\n", untorn_code_name(UNTORN_OK), info.etag[0] ? "etag" : "none",
         info.outcome == UNTORN_APPLIED, (unsigned)info.bytes);
  must(untorn_options_set_text(options, UNTORN_OPTION_IF_MATCH, info.etag), "if_match");
  must(untorn_replace(in(folder, "one"), "from C", 6, options, NULL, &error), "replace again");
  const int code = untorn_replace(in(folder, "one"), "late", 4, options, NULL, &error);
  printf("%s\n", untorn_code_name(code));
  untorn_error_free(error);
  untorn_options_free(options);
}

static void stream(const char* folder) {
  untorn_writer* writer = NULL;
  must(untorn_open(in(folder, "two"), NULL, &writer, &error), "open");
  must(untorn_write(writer, "in ", 3, &error), "write");
  must(untorn_write(writer, "pieces", 6, &error), "write");
  must(untorn_commit(writer, NULL, &error), "commit");
  untorn_discard(writer);
}

static void batch_and_log(const char* folder) {
  untorn_batch* batch = NULL;
  untorn_log* log = NULL;
  struct iovec lines[2] = {{(void*)"a", 1}, {(void*)"b", 1}};
  must(untorn_batch_new(NULL, &batch, &error), "batch");
  must(untorn_batch_put(batch, in(folder, "three"), "3", 1, NULL, &error), "put");
  must(untorn_batch_commit(batch, NULL, &error), "commit of the batch");
  must(untorn_batch_file(batch, 0, NULL, NULL, &error), "file of the batch");
  untorn_batch_discard(batch);
  must(untorn_log_open(in(folder, "log"), NULL, &log, &error), "log");
  must(untorn_log_append_lines(log, lines, 2, NULL, &error), "append");
  untorn_log_close(log);
}

static void transact(const char* folder) {
  untorn_transaction* change = NULL;
  must(untorn_transaction_begin(folder, NULL, &change, NULL, &error), "begin");
  must(untorn_transaction_put(change, "four", "4", 1, NULL, &error), "put");
  must(untorn_transaction_remove(change, "three", &error), "remove");
  must(untorn_transaction_commit(change, NULL, NULL, &error), "commit of the transaction");
  untorn_transaction_discard(change);
}

int main(int count, char** arguments) {
  if (count != 2) return 2;
  untorn_report* report = NULL;
  replace_one(arguments[1]);
  stream(arguments[1]);
  batch_and_log(arguments[1]);
  transact(arguments[1]);
  must(untorn_sweep(arguments[1], NULL, &report, &error), "sweep");
  printf("%zu left, abi %u\n", untorn_report_count(report), (unsigned)untorn_abi());
  untorn_report_free(report);
  return 0;
}
