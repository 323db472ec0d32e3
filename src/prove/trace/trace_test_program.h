// SPDX-License-Identifier: Apache-2.0
//
// What the traced programs of the tests share. Each is one binary with a small scenario per name.
#pragma once
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void check(int good, const char* what) {
  if (good) return;
  perror(what);
  exit(10);
}

static inline int make(const char* name, int flags) {
  const int fd = open(name, O_CREAT | O_RDWR | flags, 0644);
  check(fd >= 0, name);
  return fd;
}

static inline void put(int fd, const char* text) {
  check(write(fd, text, strlen(text)) == (ssize_t)strlen(text), "write");
}
