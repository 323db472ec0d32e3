// SPDX-License-Identifier: Apache-2.0
//
// What trace_test.cpp traces: one small scenario per name, each in the current directory.
#include "prove/trace/trace_test_program.h"

#include <errno.h>
#include <linux/falloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

static int append(void) {
  const int fd = make("log", O_APPEND);
  put(fd, "one\n");
  check(lseek(fd, 0, SEEK_SET) == 0, "lseek");
  put(fd, "two\n");
  check(pwrite(fd, "three\n", 6, 0) == 6, "pwrite");
  return 0;
}

static int vectors(void) {
  const int fd = make("v", 0);
  struct iovec parts[3] = {{"ab", 2}, {"", 0}, {"cde", 3}};
  check(writev(fd, parts, 3) == 5, "writev");
  check(pwritev(fd, parts, 3, 10) == 5, "pwritev");
  check(pwritev2(fd, parts, 3, -1, RWF_DSYNC) == 5, "pwritev2");
  check(pwritev2(fd, parts, 3, 0, RWF_APPEND | RWF_SYNC) == 5, "pwritev2");
  return 0;
}

static int synchronous(void) {
  const int whole = make("s", O_SYNC);
  put(whole, "x");
  const int data = make("d", O_DSYNC);
  put(data, "y");
  check(fdatasync(data) == 0, "fdatasync");
  const int folder = open(".", O_RDONLY | O_DIRECTORY);
  check(fsync(folder) == 0, "fsync");
  check(syncfs(folder) == 0, "syncfs");
  check(sync_file_range(data, 0, 1, SYNC_FILE_RANGE_WRITE) == 0, "sync_file_range");
  return 0;
}

static int unnamed(void) {
  const int fd = open(".", O_TMPFILE | O_WRONLY, 0600);
  check(fd >= 0, "O_TMPFILE");
  put(fd, "whole");
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  check(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW) == 0, "linkat");
  return 0;
}

static int exchange(void) {
  put(make("a", 0), "A");
  put(make("b", 0), "B");
  check(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 2) == 0, "exchange");
  check(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 1) != 0 && errno == EEXIST, "excl");
  return 0;
}

static int kernel_copies(void) {
  const int from = make("from", 0);
  put(from, "0123456789");
  const int to = make("to", 0);
  loff_t in = 2;
  loff_t out = 4;
  check(copy_file_range(from, &in, to, &out, 3, 0) == 3, "copy_file_range");
  off_t at = 5;
  check(sendfile(to, from, &at, 4) == 4, "sendfile");
  int pipes[2];
  check(pipe(pipes) == 0, "pipe");
  put(pipes[1], "piped");
  check(splice(pipes[0], NULL, to, NULL, 5, 0) == 5, "splice");
  return 0;
}

static int allocation(void) {
  const int fd = make("f", 0);
  put(fd, "0123456789");
  check(fallocate(fd, 0, 0, 20) == 0, "fallocate");
  check(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 2, 4) == 0, "punch");
  check(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 100) == 0, "keep size");
  check(ftruncate(fd, 3) == 0, "ftruncate");
  check(truncate("f", 8) == 0, "truncate");
  return 0;
}

static int failures(void) {
  check(open("missing/x", O_CREAT | O_WRONLY, 0644) < 0, "open");
  check(open("missing", O_WRONLY) < 0, "open");
  check(rename("missing", "there") < 0, "rename");
  check(unlink("missing") < 0, "unlink");
  check(mkdir(".", 0755) < 0, "mkdir");
  const int fd = open("present", O_RDONLY);
  check(fd >= 0 && write(fd, "x", 1) < 0, "write to a reader");
  check(ftruncate(fd, 0) < 0, "truncate of a reader");
  check(open("present", O_CREAT | O_EXCL | O_WRONLY, 0644) < 0, "exclusive");
  return 0;
}

static int short_write(void) {
  const struct rlimit limit = {5, 5};
  signal(SIGXFSZ, SIG_IGN);
  const int fd = make("short", 0);
  check(setrlimit(RLIMIT_FSIZE, &limit) == 0, "setrlimit");
  check(write(fd, "0123456789", 10) == 5, "short write");
  check(write(fd, "x", 1) < 0, "no write");
  return 0;
}

static int unlinked(void) {
  const int fd = make("gone", 0);
  put(fd, "1");
  check(unlink("gone") == 0, "unlink");
  put(fd, "2");
  check(fsync(fd) == 0, "fsync");
  return 0;
}

static int mapped(void) {
  const int fd = make("map", 0);
  check(ftruncate(fd, 4096) == 0, "ftruncate");
  char* memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  check(memory != MAP_FAILED, "mmap");
  memory[0] = 'x';
  return 0;
}

// A shared mapping for reading, of a file that the descriptor could write.
static char* map_for_reading(const char* name) {
  const int fd = make(name, 0);
  check(ftruncate(fd, 4096) == 0, "ftruncate");
  char* memory = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
  check(memory != MAP_FAILED, "mmap");
  close(fd);
  return memory;
}

static int mapped_later(void) {
  char* memory = map_for_reading("map");
  check(mprotect(memory, 4096, PROT_READ | PROT_WRITE) == 0, "mprotect");
  memory[0] = 'x';
  check(unlink("map") == 0, "unlink");
  return 0;
}

static int mapped_for_reading(void) {
  char* memory = map_for_reading("map");
  // Other memory, then other memory at the same place.
  char* other = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  check(mprotect(other, 4096, PROT_READ | PROT_WRITE) == 0, "mprotect");
  other[0] = memory[0];
  check(mmap(memory, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == memory,
        "mmap again");
  check(mprotect(memory, 4096, PROT_READ | PROT_WRITE) == 0, "mprotect again");
  memory[0] = 'x';
  return 0;
}

static int folders(void) {
  check(mkdir("d", 0755) == 0 && mkdir("d/e", 0755) == 0, "mkdir");
  check(symlink("d/e", "link") == 0, "symlink");
  check(chdir("link") == 0, "chdir");
  put(make("in-e", 0), "1");
  put(make("../in-d", 0), "2");
  const int at = open("..", O_PATH | O_DIRECTORY);
  const int fd = openat(at, "by-handle", O_CREAT | O_WRONLY, 0600);
  check(fd >= 0, "openat");
  check(renameat(at, "by-handle", AT_FDCWD, "moved") == 0, "renameat");
  check(chdir("../..") == 0, "chdir");
  check(symlink("link/through", "dangling") == 0, "symlink");
  put(make("dangling", 0), "3");
  check(rename("d", "renamed") == 0, "rename of a folder");
  put(make("renamed/e/in-e", 0), "4");
  return 0;
}

static int strange_names(void) {
  put(make("with space", 0), "1");
  put(make("line\nend", 0), "2");
  put(make("\xc3\xa9\xff", 0), "3");
  return 0;
}

static int specials(void) {
  check(mkfifo("fifo", 0600) == 0, "mkfifo");
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
  check(bind(fd, (struct sockaddr*)&address, sizeof address) == 0, "bind");
  check(chmod("fifo", 0640) == 0, "chmod");
  const int both = open("fifo", O_RDWR);
  put(both, "through");
  return 0;
}

static int handed_over(void) {
  // The last writer of the file is a child that inherited it.
  const int fd = make("shared", 0);
  const pid_t child = fork();
  if (child == 0) {
    usleep(20000);
    put(fd, "child");
    _exit(0);
  }
  close(fd);
  put(make("other", 0), "parent");
  check(rename("other", "another") == 0, "rename");
  waitpid(child, NULL, 0);
  check(rename("shared", "done") == 0, "rename");
  return 0;
}

static void* thread_main(void* argument) {
  const long number = (long)argument;
  char name[32];
  for (int i = 0; i < 25; ++i) {
    snprintf(name, sizeof name, "t%ld", number);
    const int fd = open(name, O_CREAT | O_WRONLY | O_APPEND, 0644);
    char line[32];
    const int size = snprintf(line, sizeof line, "%ld:%d\n", number, i);
    check(write(fd, line, (size_t)size) == size, "write");
    close(fd);
  }
  return NULL;
}

static int threads(void) {
  pthread_t all[8];
  for (long i = 0; i < 8; ++i)
    check(pthread_create(&all[i], NULL, thread_main, (void*)i) == 0, "t");
  for (int i = 0; i < 8; ++i) pthread_join(all[i], NULL);
  return 0;
}

static int forks(void) {
  for (int i = 0; i < 200; ++i) {
    const pid_t child = fork();
    check(child >= 0, "fork");
    if (child == 0) {
      char name[32];
      snprintf(name, sizeof name, "p%d", i);
      put(make(name, 0), name);
      _exit(0);
    }
  }
  while (wait(NULL) > 0) {
  }
  return 0;
}

static int vforks(void) {
  const pid_t child = vfork();
  if (child == 0) {
    execl("/bin/sh", "sh", "-c", "echo hi > by-shell", (char*)NULL);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status == 0 ? 0 : 11;
}

static void* exec_main(void* argument) {
  (void)argument;
  execl("/bin/sh", "sh", "-c", "echo hi > by-thread", (char*)NULL);
  return NULL;
}

static int thread_exec(void) {
  pthread_t thread;
  put(make("before", 0), "1");
  check(pthread_create(&thread, NULL, exec_main, NULL) == 0, "thread");
  pause();
  return 12;
}

static int outside(void) {
  const int fd = open("/usr/untorn-test-outside", O_CREAT | O_WRONLY, 0644);
  check(fd < 0 && errno == EROFS, "outside");
  const int temporary = open("/tmp/untorn-test-private", O_CREAT | O_WRONLY, 0644);
  check(temporary >= 0, "private /tmp");
  put(temporary, "x");
  return 0;
}

static int escape(const char* path) {
  const int fd = open(path, O_CREAT | O_WRONLY, 0644);
  return fd < 0 ? 0 : 13;
}

static int forbidden(void) {
  check(syscall(SYS_io_uring_setup, 1, NULL) < 0 && errno == ENOSYS, "io_uring");
  check(umount2("/tmp", MNT_DETACH) < 0 && errno == EPERM, "umount");
  check(unshare(CLONE_NEWNS) < 0 && errno == EPERM, "unshare");
  return 0;
}

static int acknowledging(void) {
  put(make("a", 0), "1");
  put(STDOUT_FILENO, "saved ");
  put(STDOUT_FILENO, "a\nother\n");
  put(make("b", 0), "2");
  put(STDOUT_FILENO, "saved b");
  return 0;
}

static int stopped(void) {
  put(make("a", 0), "1");
  const pid_t child = fork();
  if (child == 0) {
    raise(SIGSTOP);
    put(make("b", 0), "2");
    _exit(0);
  }
  int status = 0;
  check(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status), "stopped");
  check(kill(child, SIGCONT) == 0 && waitpid(child, &status, 0) == child, "continued");
  return WEXITSTATUS(status);
}

static int daemon_like(void) {
  if (fork() == 0) {
    setsid();
    usleep(100000);
    put(make("late", 0), "1");
    _exit(0);
  }
  return 0;
}

static int forever(void) {
  put(make("a", 0), "1");
  if (fork() == 0) {
    for (;;) pause();
  }
  for (;;) pause();
}

static int large(void) {
  static char block[1 << 20];
  const int fd = make("large", 0);
  for (int i = 0; i < 64; ++i) check(write(fd, block, sizeof block) == sizeof block, "write");
  return 0;
}

int main(int count, char** arguments) {
  const struct {
    const char* name;
    int (*run)(void);
  } all[] = {{"append", append},
             {"vectors", vectors},
             {"synchronous", synchronous},
             {"unnamed", unnamed},
             {"exchange", exchange},
             {"kernel-copies", kernel_copies},
             {"allocation", allocation},
             {"failures", failures},
             {"short-write", short_write},
             {"unlinked", unlinked},
             {"mapped", mapped},
             {"mapped-later", mapped_later},
             {"mapped-for-reading", mapped_for_reading},
             {"folders", folders},
             {"strange-names", strange_names},
             {"specials", specials},
             {"handed-over", handed_over},
             {"threads", threads},
             {"forks", forks},
             {"vforks", vforks},
             {"thread-exec", thread_exec},
             {"outside", outside},
             {"forbidden", forbidden},
             {"acknowledging", acknowledging},
             {"stopped", stopped},
             {"daemon-like", daemon_like},
             {"forever", forever},
             {"large", large}};
  if (count == 3 && strcmp(arguments[1], "escape") == 0) return escape(arguments[2]);
  for (size_t i = 0; count == 2 && i < sizeof all / sizeof all[0]; ++i) {
    if (strcmp(arguments[1], all[i].name) == 0) return all[i].run();
  }
  return 2;
}
