// SPDX-License-Identifier: Apache-2.0
//
// The write-ahead log of two programs of this folder: records of a length, a sum and a payload. One
// looks at the sum when it reads, the other only at the length.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "program.h"

enum { payload_bytes_max = 700 };

struct record {
  uint32_t number;
  uint32_t length;
  uint32_t sum;
  unsigned char payload[payload_bytes_max];
};

enum { header_bytes = 12 };

static inline uint32_t sum_of(const struct record* record) {
  uint32_t sum = 2166136261U ^ record->number ^ (record->length << 8);
  for (uint32_t i = 0; i < record->length; i++) sum = (sum ^ record->payload[i]) * 16777619U;
  return sum;
}

static inline struct record make_record(uint32_t number) {
  struct record record = {.number = number, .length = 500 + number};
  memset(record.payload, (int)('a' + number), record.length);
  record.sum = sum_of(&record);
  return record;
}

// How many records can be read from the start of the log. Without sums a record counts if its
// header is not empty and as many bytes follow as it says.
static inline uint32_t readable(int log, bool sums) {
  uint32_t count = 0;
  off_t offset = 0;
  for (;;) {
    struct record record = {0};
    if (pread(log, &record, header_bytes, offset) != header_bytes) return count;
    if (record.length == 0 || record.length > payload_bytes_max) return count;
    if (pread(log, record.payload, record.length, offset + header_bytes) != (ssize_t)record.length)
      return count;
    if (sums && record.sum != sum_of(&record)) return count;
    offset += header_bytes + (off_t)record.length;
    count++;
  }
}

// Does what was read hold what was written?
static inline bool genuine(int log, uint32_t count) {
  off_t offset = 0;
  for (uint32_t number = 1; number <= count; number++) {
    struct record wanted = make_record(number);
    struct record found = {0};
    size_t size = header_bytes + wanted.length;
    if (pread(log, &found, size, offset) != (ssize_t)size) return false;
    if (memcmp(&found, &wanted, size) != 0) return false;
    offset += (off_t)size;
  }
  return true;
}

// The number in the last "saved N" line of the output that was acknowledged; 0 if there is none.
static inline uint32_t acknowledged(void) {
  const char* path = getenv("UNTORN_ACKED");
  FILE* file = path == NULL ? NULL : fopen(path, "r");
  uint32_t last = 0;
  char line[64];
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, "saved ", 6) == 0) last = (uint32_t)strtoul(line + 6, NULL, 10);
  }
  if (file != NULL) fclose(file);
  return last;
}

// Recovers: what is readable must be what was written, and no less than what was acknowledged.
static inline int check(bool sums) {
  int log = must(open("wal", O_RDONLY | O_CLOEXEC));
  uint32_t count = readable(log, sums);
  uint32_t wanted = acknowledged();
  if (!genuine(log, count)) fprintf(stderr, "one of %u records is not what was written\n", count);
  if (count < wanted) fprintf(stderr, "%u records, %u acknowledged\n", count, wanted);
  return genuine(log, count) && count >= wanted ? 0 : 1;
}
