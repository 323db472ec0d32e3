// SPDX-License-Identifier: Apache-2.0
//
// What trace_calls_test.cpp traces: one small scenario per name, each in the current directory.
// Exit code 77: this kernel does not have the call.
#include "prove/trace/trace_test_program.h"

#include <errno.h>
#include <linux/aio_abi.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

enum { page = 4096, absent = 77 };

static int map_fd;
static char* map_pages(const char* name, int pages) {
  map_fd = make(name, 0);
  check(ftruncate(map_fd, pages * page) == 0, "ftruncate");
  char* memory = mmap(NULL, (size_t)(pages * page), PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
  check(memory != MAP_FAILED, "mmap");
  return memory;
}

static int stores(void) {
  char* memory = map_pages("m", 3);
  close(map_fd);
  memory[2 * page] = 'c';
  memory[1] = 'a';
  check(msync(memory, 3 * page, MS_SYNC) == 0, "msync");
  memory[page] = 'b';
  check(msync(memory, 3 * page, MS_ASYNC) == 0, "msync");
  check(munmap(memory, 3 * page) == 0, "munmap");
  check(rename("m", "n") == 0, "rename");
  return 0;
}

static int ranges(void) {
  char* memory = map_pages("m", 3);
  memory[0] = 'a';
  memory[page] = 'b';
  check(msync(memory + page, page, MS_SYNC) == 0, "msync");
  memory[2 * page] = 'c';
  check(fsync(map_fd) == 0, "fsync");
  return 0;
}

static int mixed(void) {
  char* memory = map_pages("m", 1);
  memory[0] = 'a';
  check(pwrite(map_fd, "bb", 2, 0) == 2, "pwrite");
  memory[1] = 'c';
  check(ftruncate(map_fd, 1) == 0, "ftruncate");
  check(ftruncate(map_fd, page) == 0, "ftruncate");
  memory[3] = 'd';
  return 0;
}

static int in_child(void) {
  char* memory = map_pages("m", 1);
  close(map_fd);
  const pid_t child = fork();
  if (child == 0) {
    memory[0] = 'c';
    execl("/bin/true", "true", (char*)NULL);
    _exit(127);
  }
  int status = 0;
  check(waitpid(child, &status, 0) == child && status == 0, "child");
  check(munmap(memory, page) == 0, "munmap");
  check(rename("m", "n") == 0, "rename");
  return 0;
}

static int moved_mapping(void) {
  char* memory = map_pages("m", 1);
  check(ftruncate(map_fd, 2 * page) == 0, "ftruncate");
  memory = mremap(memory, page, 2 * page, MREMAP_MAYMOVE);
  check(memory != MAP_FAILED, "mremap");
  memory[page] = 'x';
  check(msync(memory, 2 * page, MS_SYNC) == 0, "msync");
  check(madvise(memory + page, page, MADV_REMOVE) == 0, "madvise");
  put(make("end", 0), "e");
  return 0;
}

static int from_afar(void) {
  char* memory = map_pages("m", 1);
  struct iovec from = {"far", 3};
  struct iovec to = {memory, 3};
  check(process_vm_writev(getpid(), &from, 1, &to, 1, 0) == 3, "process_vm_writev");
  check(fdatasync(map_fd) == 0, "fdatasync");
  const int own = open("/proc/self/mem", O_RDWR);
  check(own >= 0 && pwrite(own, "mem", 3, (off_t)memory + 8) == 3, "/proc/self/mem");
  return 0;
}

static int large_mapping(void) {
  enum { pages = 600 };
  char* memory = map_pages("m", pages);
  for (int i = 0; i < pages; ++i) memory[i * page] = 'x';
  check(msync(memory, pages * page, MS_SYNC) == 0, "msync");
  memory[0] = 'y';
  put(make("other", 0), "o");
  check(fsync(map_fd) == 0, "fsync");
  return 0;
}

// From a file without a name in any tree.
static int from_memory(void) {
  const int memory = memfd_create("memory", 0);
  check(memory >= 0, "memfd_create");
  put(memory, "0123456789");
  const int to = make("to", 0);
  off_t at = 2;
  check(sendfile(to, memory, &at, 3) == 3, "sendfile");
  int pipes[2];
  check(pipe(pipes) == 0, "pipe");
  loff_t from = 5;
  check(splice(memory, &from, pipes[1], NULL, 4, 0) == 4, "splice in");
  check(splice(pipes[0], NULL, to, NULL, 4, 0) == 4, "splice out");
  struct iovec part = {"vm", 2};
  check(vmsplice(pipes[1], &part, 1, 0) == 2, "vmsplice");
  check(splice(pipes[0], NULL, to, NULL, 2, 0) == 2, "splice out");
  return 0;
}

static int no_append(void) {
  const int fd = make("log", O_APPEND);
  put(fd, "one\n");
  struct iovec part = {"ONE", 3};
  if (syscall(SYS_pwritev2, fd, &part, 1L, 0L, 0L, 0x20) < 0) return absent;
  check(pwrite(fd, "two\n", 4, 0) == 4, "pwrite");
  return 0;
}

static int synced_ranges(void) {
  const int fd = make("s", 0);
  put(fd, "0123456789");
  check(sync_file_range(fd, 2, 4, 7) == 0, "sync_file_range");
  check(sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE) == 0, "sync_file_range");
  const int direct = open("s", O_WRONLY | O_DSYNC);
  check(pwrite(direct, "ab", 2, 4) == 2, "pwrite");
  return 0;
}

static int not_for_it(void) {
  aio_context_t context = 0;
  check(syscall(SYS_io_setup, 1, &context) < 0 && errno == ENOSYS, "io_setup");
  check(syscall(SYS_clone3, NULL, 0L) < 0 && errno == ENOSYS, "clone3");
  check(ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0, "ptrace");
  char space[128] = {0};
  struct file_handle* handle = (struct file_handle*)space;
  handle->handle_bytes = sizeof space - sizeof *handle;
  int mount = 0;
  if (name_to_handle_at(AT_FDCWD, ".", handle, &mount, 0) == 0) {
    check(open_by_handle_at(AT_FDCWD, handle, O_RDONLY) < 0 && errno == EPERM, "by handle");
  }
  return 0;
}

// Rights that it has given up bind it although the tracer has them.
static int fewer_rights(void) {
  check(mkdir("d", 0755) == 0, "mkdir");
  put(make("d/a", 0), "a");
  check(chmod("d", 0555) == 0, "chmod");
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
  check(syscall(SYS_capset, &header, none) == 0, "capset");
  check(rename("d/a", "d/b") < 0 && errno == EACCES, "rename without rights");
  check(unlink("d/a") < 0 && errno == EACCES, "unlink without rights");
  return 0;
}

static int strange_paths(void) {
  check(mkdir("d", 0755) == 0, "mkdir");
  put(make("f", 0), "1");
  check(rename("d/", "e/") == 0, "a folder with slashes");
  check(rename("f", "g/") < 0 && errno == ENOTDIR, "a file with a slash");
  check(unlink("f/") < 0 && errno == ENOTDIR, "unlink of a file with a slash");
  check(rmdir("f") < 0 && errno == ENOTDIR, "rmdir of a file");
  check(unlink("e") < 0 && errno == EISDIR, "unlink of a folder");
  check(rename("f", "e") < 0 && errno == EISDIR, "rename onto a folder");
  check(rmdir("e") == 0, "rmdir");
  return 0;
}

static int pipes[2];
static void* splice_main(void* argument) {
  (void)argument;
  const int to = make("spliced", 0);
  check(splice(pipes[0], NULL, to, NULL, 1, 0) == 1, "splice");
  check(fsync(to) == 0, "fsync");
  return NULL;
}

// One call waits inside of the kernel while another thread's call comes and goes.
static int overlap(void) {
  check(pipe(pipes) == 0, "pipe");
  pthread_t thread;
  check(pthread_create(&thread, NULL, splice_main, NULL) == 0, "thread");
  usleep(100000);
  const int fd = make("other", 0);
  put(fd, "1");
  put(pipes[1], "x");
  check(pthread_join(thread, NULL) == 0, "join");
  return 0;
}

// What goes through a pipe of its own is printed once, by whoever prints it in the end.
static int own_pipe(void) {
  put(make("a", 0), "1");
  check(pipe(pipes) == 0, "pipe");
  const pid_t child = fork();
  if (child == 0) {
    dup2(pipes[0], STDIN_FILENO);
    close(pipes[1]);
    execl("/bin/cat", "cat", (char*)NULL);
    _exit(127);
  }
  const int copy = dup(STDOUT_FILENO);
  put(pipes[1], "saved by pipe\n");
  close(pipes[1]);
  waitpid(child, NULL, 0);
  put(copy, "saved by dup\n");
  return 0;
}

static void* contend_main(void* argument) {
  const long number = (long)argument;
  int won = 0;
  while (won < 20) {
    const int fd = open("lock", O_CREAT | O_EXCL | O_WRONLY, 0644);
    if (fd < 0) continue;
    char text[16];
    snprintf(text, sizeof text, "%ld", number);
    put(fd, text);
    close(fd);
    check(unlink("lock") == 0, "unlink");
    ++won;
  }
  return NULL;
}

// Threads that all want to make one file.
static int contend(void) {
  pthread_t all[4];
  for (long i = 0; i < 4; ++i)
    check(pthread_create(&all[i], NULL, contend_main, (void*)i) == 0, "thread");
  for (int i = 0; i < 4; ++i) pthread_join(all[i], NULL);
  return 0;
}

// Copies on write, and two pages that name the present version in turn.
static int page_store(void) {
  char* memory = map_pages("base", 6);
  for (int version = 0; version < 3; ++version) {
    memory[(2 + version) * page] = (char)('a' + version);
    check(msync(memory + (2 + version) * page, page, MS_SYNC) == 0, "msync");
    memory[version % 2 * page] = (char)('1' + version);
    check(msync(memory + version % 2 * page, page, MS_SYNC) == 0, "msync");
  }
  return 0;
}

static int closes(void) {
  const int fd = make("c", 0);
  put(fd, "0123456789");
  const int result = close(fd);
  printf("%s\n", result == 0 ? "closed" : strerror(errno));
  put(make("after", 0), "x");
  return 0;
}

int main(int count, char** arguments) {
  const struct {
    const char* name;
    int (*run)(void);
  } all[] = {{"stores", stores},
             {"ranges", ranges},
             {"mixed", mixed},
             {"in-child", in_child},
             {"moved-mapping", moved_mapping},
             {"from-afar", from_afar},
             {"large-mapping", large_mapping},
             {"from-memory", from_memory},
             {"no-append", no_append},
             {"synced-ranges", synced_ranges},
             {"not-for-it", not_for_it},
             {"fewer-rights", fewer_rights},
             {"strange-paths", strange_paths},
             {"overlap", overlap},
             {"own-pipe", own_pipe},
             {"contend", contend},
             {"page-store", page_store},
             {"closes", closes}};
  for (size_t i = 0; count == 2 && i < sizeof all / sizeof all[0]; ++i) {
    if (strcmp(arguments[1], all[i].name) == 0) return all[i].run();
  }
  return 2;
}
