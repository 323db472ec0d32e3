// SPDX-License-Identifier: Apache-2.0
//
// What the small C programs of this folder share. Everything is inline here, so that a program
// stays one file and its source lines are its own.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static inline void fail(const char* what) {
  perror(what);
  exit(70);
}

static inline int must(int result) {
  if (result < 0) fail("system call");
  return result;
}

// A macro, so that the line of the call is the caller's.
#define must_write(file, text, size)                                     \
  do {                                                                   \
    if (write((file), (text), (size)) != (ssize_t)(size)) fail("write"); \
  } while (0)

static inline void sync_directory(const char* path) {
  int directory = must(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  must(fsync(directory));
  must(close(directory));
}

// {"generation": N, "padding": "bbb…"} of about `padding` bytes. The caller frees it.
static inline char* make_json(int generation, size_t padding, size_t* size) {
  char* text = (char*)malloc(padding + 64);
  if (text == NULL) fail("malloc");
  int head = sprintf(text, "{\"generation\": %d, \"padding\": \"", generation);
  memset(text + head, 'b', padding);
  memcpy(text + (size_t)head + padding, "\"}\n", 4);
  *size = (size_t)head + padding + 3;
  return text;
}
