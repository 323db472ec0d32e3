// SPDX-License-Identifier: Apache-2.0
// Two slots with checksums in one file, written in turn and synced: no parser of Untorn's knows the
// format, so the program brings its own check. The check wants the newest slot that was
// acknowledged, or a newer one.
//
//: before {program} create
//: arguments --check '{program} check' --ack '^saved'
//: verdict proved
//: model posix proved
//: model kill proved
//: class slots.bin in-place
#include <stdint.h>

#include "program.h"

enum { slot_bytes = 4096, payload_bytes = 600, slots = 2 };

struct slot {
  uint32_t generation;
  uint32_t checksum;
  unsigned char payload[payload_bytes];
};

static uint32_t checksum_of(const struct slot* slot) {
  uint32_t sum = 2166136261U ^ slot->generation;
  for (size_t i = 0; i < payload_bytes; i++) sum = (sum ^ slot->payload[i]) * 16777619U;
  return sum;
}

static void save(int file, uint32_t generation) {
  struct slot slot = {.generation = generation};
  memset(slot.payload, (int)('a' + generation), payload_bytes);
  slot.checksum = checksum_of(&slot);
  off_t offset = (off_t)(generation % slots) * slot_bytes;
  if (pwrite(file, &slot, sizeof slot, offset) != (ssize_t)sizeof slot) fail("pwrite");
  must(fdatasync(file));
}

static uint32_t newest(int file) {
  uint32_t best = 0;
  for (int i = 0; i < slots; i++) {
    struct slot slot;
    if (pread(file, &slot, sizeof slot, (off_t)i * slot_bytes) != (ssize_t)sizeof slot) continue;
    if (slot.checksum == checksum_of(&slot) && slot.generation > best) best = slot.generation;
  }
  return best;
}

// The number in the last "saved N" line of the output that was acknowledged; 1 if there is none.
static uint32_t acknowledged(void) {
  const char* path = getenv("UNTORN_ACKED");
  FILE* file = path == NULL ? NULL : fopen(path, "r");
  uint32_t last = 1;
  char line[64];
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, "saved ", 6) == 0) last = (uint32_t)strtoul(line + 6, NULL, 10);
  }
  if (file != NULL) fclose(file);
  return last;
}

int main(int count, char** arguments) {
  const char* verb = count > 1 ? arguments[1] : "run";
  int file = must(open("slots.bin", O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (strcmp(verb, "check") == 0) {
    uint32_t found = newest(file);
    uint32_t wanted = acknowledged();
    if (found < wanted) fprintf(stderr, "slot %u found, slot %u acknowledged\n", found, wanted);
    return found < wanted ? 1 : 0;
  }
  if (strcmp(verb, "create") == 0) {
    must(ftruncate(file, (off_t)slots * slot_bytes));
    save(file, 1);
    sync_directory(".");
    return 0;
  }
  for (uint32_t generation = newest(file) + 1, end = generation + 3; generation < end;
       generation++) {
    save(file, generation);
    printf("saved %u\n", generation);
    fflush(stdout);
  }
  return 0;
}
