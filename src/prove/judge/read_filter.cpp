// SPDX-License-Identifier: Apache-2.0
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>

#include "prove/judge/follow.h"
#include "prove/judge/start_command.h"
#include "prove/trace/filter.h"

namespace untorn::prove {

namespace {

constexpr std::uint32_t verdict_allow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t verdict_stop = SECCOMP_RET_TRACE | filter_traced_call;
constexpr std::uint32_t verdict_foreign = SECCOMP_RET_TRACE | filter_foreign_call;
constexpr std::uint32_t x32_bit = 0x40000000U;

// Numbers that the headers of Debian 12 do not know yet.
constexpr std::uint32_t call_cachestat = 451;
constexpr std::uint32_t call_fchmodat2 = 452;
constexpr std::uint32_t call_first_unknown = 453;

// With a path.
constexpr std::uint32_t path_calls[] = {
    SYS_open,       SYS_openat,     SYS_openat2,     SYS_creat,        SYS_stat,
    SYS_lstat,      SYS_newfstatat, SYS_statx,       SYS_access,       SYS_faccessat,
    SYS_faccessat2, SYS_readlink,   SYS_readlinkat,  SYS_execveat,     SYS_chdir,
    SYS_statfs,     SYS_getxattr,   SYS_lgetxattr,   SYS_listxattr,    SYS_llistxattr,
    SYS_setxattr,   SYS_lsetxattr,  SYS_removexattr, SYS_lremovexattr, SYS_rename,
    SYS_renameat,   SYS_renameat2,  SYS_link,        SYS_linkat,       SYS_symlink,
    SYS_symlinkat,  SYS_unlink,     SYS_unlinkat,    SYS_rmdir,        SYS_mkdir,
    SYS_mkdirat,    SYS_mknod,      SYS_mknodat,     SYS_truncate,     SYS_chmod,
    SYS_fchmodat,   call_fchmodat2, SYS_chown,       SYS_lchown,       SYS_fchownat,
    SYS_utime,      SYS_utimes,     SYS_futimesat,   SYS_utimensat,    SYS_inotify_add_watch,
    SYS_uselib,     SYS_acct};
// By which files are reached, or paths get another meaning, in ways that are not followed.
constexpr std::uint32_t other_calls[] = {SYS_io_uring_setup,
                                         SYS_name_to_handle_at,
                                         SYS_open_by_handle_at,
                                         SYS_fanotify_mark,
                                         SYS_mount,
                                         SYS_umount2,
                                         SYS_pivot_root,
                                         SYS_chroot,
                                         SYS_setns,
                                         SYS_move_mount,
                                         SYS_open_tree,
                                         SYS_fsopen,
                                         SYS_fsmount,
                                         SYS_mount_setattr,
                                         SYS_ptrace,
                                         SYS_process_vm_readv,
                                         SYS_pidfd_getfd,
                                         SYS_connect,
                                         SYS_bind};

struct BitsRule {
  std::uint32_t call;
  std::uint32_t bits;  // of the first argument
};
constexpr BitsRule bits_rules[] = {{SYS_unshare, CLONE_NEWNS | CLONE_NEWUSER},
                                   {SYS_clone, CLONE_NEWNS | CLONE_NEWUSER}};

class Writer {
 public:
  void load(std::size_t offset) {
    add(BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(offset));
  }
  void answer(std::uint32_t verdict) { add(BPF_RET | BPF_K, 0, 0, verdict); }
  void jump(std::uint16_t test, std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
    add(static_cast<std::uint16_t>(BPF_JMP | BPF_K | test), yes, no, value);
  }
  std::vector<sock_filter> take() { return std::move(code_); }

 private:
  void add(std::uint16_t code, std::uint8_t yes, std::uint8_t no, std::uint32_t value) {
    code_.push_back({code, yes, no, value});
  }
  std::vector<sock_filter> code_;
};

constexpr std::size_t argument_offset(std::size_t argument) {
  return offsetof(seccomp_data, args) + argument * sizeof(std::uint64_t);
}

}  // namespace

std::vector<sock_filter> make_read_filter() {
  Writer writer;
  writer.load(offsetof(seccomp_data, arch));
  writer.jump(BPF_JEQ, AUDIT_ARCH_X86_64, 1, 0);
  writer.answer(verdict_foreign);
  writer.load(offsetof(seccomp_data, nr));
  writer.jump(BPF_JSET, x32_bit, 0, 1);
  writer.answer(verdict_foreign);
  for (const std::uint32_t call : path_calls) {
    writer.jump(BPF_JEQ, call, 0, 1);
    writer.answer(verdict_stop);
  }
  for (const std::uint32_t call : other_calls) {
    writer.jump(BPF_JEQ, call, 0, 1);
    writer.answer(verdict_stop);
  }
  writer.jump(BPF_JEQ, call_cachestat, 0, 1);  // of a descriptor
  writer.answer(verdict_allow);
  writer.jump(BPF_JGE, call_first_unknown, 0, 1);
  writer.answer(verdict_stop);
  for (const BitsRule& rule : bits_rules) {
    writer.jump(BPF_JEQ, rule.call, 0, 4);
    writer.load(argument_offset(0));
    writer.jump(BPF_JSET, rule.bits, 0, 1);
    writer.answer(verdict_stop);
    writer.answer(verdict_allow);
  }
  writer.jump(BPF_JEQ, SYS_execve, 0, 4);
  writer.load(argument_offset(3));
  writer.jump(BPF_JEQ, first_execve_mark, 1, 0);
  writer.answer(verdict_stop);
  writer.answer(verdict_allow);
  writer.answer(verdict_allow);
  return writer.take();
}

}  // namespace untorn::prove
