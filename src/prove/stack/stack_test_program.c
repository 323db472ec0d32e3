// SPDX-License-Identifier: Apache-2.0
//
// Writes marked texts from known places. The test finds the lines by the comments "line of …".
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char mark[] = "MARK";

// Keeps a call from becoming a jump, so that its frame exists.
#define after_call() __asm__ volatile("" ::: "memory")

__attribute__((noinline)) static void save(int file) {
  if (write(file, mark, sizeof mark - 1) < 0) abort();  // line of save
  after_call();
}

__attribute__((noinline)) static void update(int file) {
  save(file);  // line of update
  after_call();
}

static void* work(void* file) {
  update(*(const int*)file);  // line of work
  return NULL;
}

// The data on the stack differs in each round, the code does not.
__attribute__((noinline)) static void loop(int rounds) {
  for (int i = 0; i < rounds; ++i) {
    volatile char data[64];
    for (unsigned at = 0; at < sizeof data; ++at) data[at] = (char)i;
    update(STDOUT_FILENO);  // line of loop
  }
}

// Deeper than the part of the stack that is kept.
__attribute__((noinline)) static int recurse(int depth) {
  volatile char room[512];
  room[0] = (char)depth;
  if (depth > 0) return recurse(depth - 1) + room[0];
  update(STDOUT_FILENO);
  return room[0];
}

static int in_thread(void) {
  int file = STDOUT_FILENO;
  pthread_t thread;
  if (pthread_create(&thread, NULL, work, &file) != 0) return 1;
  return pthread_join(thread, NULL);
}

// The plugin is loaded after the first capture of the process.
static int in_plugin(const char* path) {
  update(STDOUT_FILENO);
  void* plugin = dlopen(path, RTLD_NOW);
  if (plugin == NULL) return 1;
  void* symbol = dlsym(plugin, "save_from_plugin");
  if (symbol == NULL) return 1;
  void (*function)(int) = NULL;
  memcpy(&function, &symbol, sizeof function);
  function(STDOUT_FILENO);
  return dlclose(plugin);
}

int main(int count, char** arguments) {
  const char* mode = count > 1 ? arguments[1] : "";
  if (strcmp(mode, "update") == 0) {
    update(STDOUT_FILENO);  // line of main
    return 0;
  }
  if (strcmp(mode, "thread") == 0) return in_thread();
  if (strcmp(mode, "recurse") == 0) return recurse(100) < 0;
  if (count < 3) return 2;
  if (strcmp(mode, "plugin") == 0) return in_plugin(arguments[2]);
  if (strcmp(mode, "loop") == 0) {
    loop(atoi(arguments[2]));
    return 0;
  }
  if (strcmp(mode, "execute") == 0) {
    update(STDOUT_FILENO);
    execv(arguments[2], arguments + 2);
  }
  return 2;
}
