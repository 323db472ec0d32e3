// SPDX-License-Identifier: Apache-2.0
//
// Counts how often it was run, in a file that no crash damages and no other run overwrites unseen.
#include <stdio.h>
#include <stdlib.h>
#include <untorn/untorn.h>

static int complain(untorn_error* error) {
  fprintf(stderr, "%s\n", untorn_error_message(error));
  untorn_error_free(error);
  return EXIT_FAILURE;
}

// The count that the file holds, 0 if there is none yet, and the options that replace exactly this
// version of it.
static int read_count(const char* path, long* count, untorn_options* options,
                      untorn_error** error) {
  char etag[UNTORN_ETAG_SIZE];
  void* text = NULL;
  size_t size = 0;
  int code = untorn_read_version(path, &text, &size, etag, sizeof etag, error);
  if (code == UNTORN_NOT_FOUND) {
    untorn_error_free(*error);
    *error = NULL;
    *count = 0;
    return untorn_options_set(options, UNTORN_OPTION_EXISTENCE, UNTORN_MUST_NOT_EXIST);
  }
  if (code != UNTORN_OK) return code;
  *count = strtol(text, NULL, 10);
  untorn_free(text);
  code = untorn_options_set(options, UNTORN_OPTION_EXISTENCE, UNTORN_EITHER);
  if (code != UNTORN_OK) return code;
  return untorn_options_set_text(options, UNTORN_OPTION_IF_MATCH, etag);
}

int main(void) {
  const char* const path = "runs.txt";
  untorn_error* error = NULL;
  untorn_options* const options = untorn_options_new(UNTORN_ABI);
  if (options == NULL) return EXIT_FAILURE;
  int code = UNTORN_CONFLICT;
  while (code == UNTORN_CONFLICT || code == UNTORN_ALREADY_EXISTS) {  // another run was faster
    untorn_error_free(error);
    error = NULL;
    long count = 0;
    code = read_count(path, &count, options, &error);
    if (code != UNTORN_OK) break;
    char text[32];
    const int length = snprintf(text, sizeof text, "%ld\n", count + 1);
    code = untorn_replace(path, text, (size_t)length, options, NULL, &error);
  }
  untorn_options_free(options);
  return code == UNTORN_OK ? EXIT_SUCCESS : complain(error);
}
