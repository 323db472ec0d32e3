// SPDX-License-Identifier: Apache-2.0
//
// What the small C programs of this folder share. Inline, so that a program stays one file; the
// calls that are made to fail stand in the programs themselves.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// The new content: 6000 bytes of JSON.
static inline const char* new_text(size_t* size) {
  enum { text_bytes = 6000 };
  static char text[text_bytes + 1];
  memset(text, ' ', text_bytes);
  memcpy(text, "{\"generation\": 2}", 17);
  text[text_bytes - 1] = '\n';
  *size = text_bytes;
  return text;
}

static inline int die(const char* what) {
  perror(what);
  exit(70);
}
