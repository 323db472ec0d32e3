// SPDX-License-Identifier: Apache-2.0
#include "prove/trace/filter.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/close_range.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace untorn::prove {
namespace {

constexpr std::uint32_t verdict_allow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t verdict_trace = SECCOMP_RET_TRACE | filter_traced_call;
// glibc and others then take clone, whose flags the filter can see.
constexpr std::uint32_t verdict_absent = SECCOMP_RET_ERRNO | ENOSYS;
constexpr std::uint32_t verdict_foreign = SECCOMP_RET_TRACE | filter_foreign_call;

// Numbers that the headers of Debian 12 do not know yet.
constexpr std::uint32_t call_quotactl_fd = 443;
constexpr std::uint32_t call_landlock_restrict_self = 446;
constexpr std::uint32_t call_fchmodat2 = 452;
constexpr std::uint32_t call_setxattrat = 463;
constexpr std::uint32_t call_removexattrat = 466;
constexpr std::uint32_t call_open_tree_attr = 467;
constexpr std::uint32_t call_file_setattr = 469;

constexpr std::uint32_t always_traced[] = {SYS_write,
                                           SYS_pwrite64,
                                           SYS_writev,
                                           SYS_pwritev,
                                           SYS_pwritev2,
                                           SYS_creat,
                                           SYS_openat2,
                                           SYS_rename,
                                           SYS_renameat,
                                           SYS_renameat2,
                                           SYS_link,
                                           SYS_linkat,
                                           SYS_symlink,
                                           SYS_symlinkat,
                                           SYS_unlink,
                                           SYS_unlinkat,
                                           SYS_rmdir,
                                           SYS_mkdir,
                                           SYS_mkdirat,
                                           SYS_mknod,
                                           SYS_mknodat,
                                           SYS_bind,
                                           SYS_truncate,
                                           SYS_ftruncate,
                                           SYS_fallocate,
                                           SYS_fsync,
                                           SYS_fdatasync,
                                           SYS_sync,
                                           SYS_syncfs,
                                           SYS_sync_file_range,
                                           SYS_copy_file_range,
                                           SYS_sendfile,
                                           SYS_splice,
                                           SYS_vmsplice,
                                           SYS_tee,
                                           SYS_setxattr,
                                           SYS_lsetxattr,
                                           SYS_fsetxattr,
                                           SYS_removexattr,
                                           SYS_lremovexattr,
                                           SYS_fremovexattr,
                                           SYS_chmod,
                                           SYS_fchmod,
                                           SYS_fchmodat,
                                           SYS_chown,
                                           SYS_lchown,
                                           SYS_fchown,
                                           SYS_fchownat,
                                           SYS_utime,
                                           SYS_utimes,
                                           SYS_futimesat,
                                           SYS_utimensat,
                                           SYS_io_uring_setup,
                                           SYS_mount,
                                           SYS_umount2,
                                           SYS_pivot_root,
                                           SYS_chroot,
                                           SYS_setns,
                                           SYS_move_mount,
                                           SYS_open_tree,
                                           SYS_fsopen,
                                           SYS_fsmount,
                                           SYS_fspick,
                                           SYS_msync,
                                           SYS_mount_setattr,
                                           SYS_open_by_handle_at,
                                           SYS_ptrace,
                                           SYS_swapon,
                                           SYS_swapoff,
                                           SYS_acct,
                                           SYS_quotactl,
                                           call_quotactl_fd,
                                           SYS_io_setup,
                                           SYS_chdir,
                                           SYS_fchdir,
                                           SYS_setuid,
                                           SYS_setgid,
                                           SYS_setreuid,
                                           SYS_setregid,
                                           SYS_setresuid,
                                           SYS_setresgid,
                                           SYS_setfsuid,
                                           SYS_setfsgid,
                                           SYS_setgroups,
                                           SYS_capset,
                                           call_landlock_restrict_self,
                                           call_fchmodat2,
                                           call_setxattrat,
                                           call_removexattrat,
                                           call_open_tree_attr,
                                           call_file_setattr};

// Traced if the low half of one argument has one of the bits.
struct BitsRule {
  std::uint32_t call;
  std::uint32_t argument;
  std::uint32_t bits;
};
// O_TMPFILE without the O_DIRECTORY that it includes: a folder opened for reading is no change.
constexpr std::uint32_t open_bits =
    O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);
constexpr BitsRule bits_rules[] = {{SYS_open, 1, open_bits},
                                   {SYS_openat, 2, open_bits},
                                   {SYS_mprotect, 2, PROT_WRITE},
                                   {SYS_pkey_mprotect, 2, PROT_WRITE},
                                   {SYS_unshare, 0, CLONE_NEWNS | CLONE_NEWUSER | CLONE_FILES},
                                   {SYS_clone, 0, CLONE_NEWNS | CLONE_NEWUSER},
                                   {SYS_close_range, 2, CLOSE_RANGE_UNSHARE}};

// The kinds of ioctl requests that file systems have: of all of them, of ext4, xfs and btrfs.
constexpr std::uint32_t request_kind_bits = 0xff00;
constexpr std::uint32_t traced_request_kinds[] = {'f' << 8U, 'X' << 8U, 0x94U << 8U};

constexpr std::uint32_t argument_offset(std::uint32_t argument) {
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args)) + argument * 8;
}

class FilterWriter {
 public:
  void load(std::uint32_t offset) { add(BPF_LD | BPF_W | BPF_ABS, 0, 0, offset); }
  void answer(std::uint32_t verdict) { add(BPF_RET | BPF_K, 0, 0, verdict); }
  void if_equal(std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
    add(BPF_JMP | BPF_JEQ | BPF_K, yes, no, value);
  }
  void if_above(std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
    add(BPF_JMP | BPF_JGT | BPF_K, yes, no, value);
  }
  void if_bits(std::uint32_t bits, std::uint8_t yes, std::uint8_t no) {
    add(BPF_JMP | BPF_JSET | BPF_K, yes, no, bits);
  }
  void keep_bits(std::uint32_t bits) { add(BPF_ALU | BPF_AND | BPF_K, 0, 0, bits); }
  std::vector<sock_filter> take() { return std::move(code_); }

 private:
  void add(std::uint32_t code, std::uint8_t yes, std::uint8_t no, std::uint32_t value) {
    code_.push_back({static_cast<std::uint16_t>(code), yes, no, value});
  }
  std::vector<sock_filter> code_;
};

}  // namespace

std::vector<sock_filter> make_trace_filter(bool closes) {
  FilterWriter writer;
  writer.load(offsetof(seccomp_data, arch));
  writer.if_equal(AUDIT_ARCH_X86_64, 1, 0);
  writer.answer(verdict_foreign);
  writer.load(offsetof(seccomp_data, nr));
  writer.if_bits(0x40000000U, 0, 1);  // x32
  writer.answer(verdict_foreign);
  writer.if_above(filter_last_call, 0, 1);
  writer.answer(verdict_trace);
  writer.if_equal(SYS_clone3, 0, 1);
  writer.answer(verdict_absent);
  if (closes) {
    writer.if_equal(SYS_close, 0, 1);
    writer.answer(verdict_trace);
  }
  for (const std::uint32_t call : always_traced) {
    writer.if_equal(call, 0, 1);
    writer.answer(verdict_trace);
  }
  for (const BitsRule& rule : bits_rules) {
    writer.if_equal(rule.call, 0, 4);
    writer.load(argument_offset(rule.argument));
    writer.if_bits(rule.bits, 0, 1);
    writer.answer(verdict_trace);
    writer.answer(verdict_allow);
  }
  // mmap: shared, of a file; one that is only readable now may be made writable by mprotect.
  writer.if_equal(SYS_mmap, 0, 7);
  writer.load(argument_offset(3));
  writer.if_bits(MAP_ANONYMOUS, 0, 1);
  writer.answer(verdict_allow);
  writer.keep_bits(0x0f);  // MAP_TYPE
  writer.if_equal(MAP_PRIVATE, 0, 1);
  writer.answer(verdict_allow);
  writer.answer(verdict_trace);
  // ioctl: only requests that change content or attributes.
  writer.if_equal(SYS_ioctl, 1, 0);
  writer.answer(verdict_allow);
  writer.load(argument_offset(1));
  writer.keep_bits(request_kind_bits);
  for (const std::uint32_t kind : traced_request_kinds) {
    writer.if_equal(kind, 0, 1);
    writer.answer(verdict_trace);
  }
  writer.answer(verdict_allow);
  return writer.take();
}

bool install_filter(std::vector<sock_filter>& filter) noexcept {
  const sock_fprog program = {static_cast<unsigned short>(filter.size()), filter.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace untorn::prove
