// SPDX-License-Identifier: Apache-2.0
//
// ptrace(2) without glibc's wrapper, which has an enum for the request and pointers for numbers.
#pragma once
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace untorn::prove {

inline long trace_request(int request, pid_t thread, unsigned long address, unsigned long data) {
  return ::syscall(SYS_ptrace, request, thread, address, data);
}
template <class T>
unsigned long address_of(T& value) {
  return reinterpret_cast<unsigned long>(&value);
}

}  // namespace untorn::prove
