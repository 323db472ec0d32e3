// SPDX-License-Identifier: Apache-2.0
//
// Native stacks: copied while the thread stands still, unwound after the run.
//
// A copy is registers and the topmost part of the stack. Programs write in loops, and such copies
// differ only in data that has no part in unwinding; so a copy is recognised by its registers for
// code and stack and by those of its words that may be addresses of code or stack.
#pragma once
#include <sys/types.h>
#include <sys/user.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "prove/stack/memory.h"
#include "prove/stack/modules.h"

namespace untorn::prove {

// The modules of one process, read again when code was loaded since.
class ProcessModules {
 public:
  explicit ProcessModules(pid_t process) : process_(process) {}

  // True when the map was read anew.
  bool refresh(ModuleReader& reader, RemoteMemory& memory, Address instruction);
  [[nodiscard]] const std::shared_ptr<const ModuleMap>& map() const { return map_; }

 private:
  [[nodiscard]] bool loaded_more(RemoteMemory& memory) const;
  void find_tail(RemoteMemory& memory);

  pid_t process_;
  std::shared_ptr<const ModuleMap> map_;
  // The dynamic linker appends to its list; its last element tells whether it grew or shrank.
  Address list_head_ = 0;  // where the address of the first element is kept; 0: no dynamic linker
  Address tail_ = 0;
  Address before_tail_ = 0;
};

// By the numbers that DWARF gives the registers of x86-64; the last one is the return address.
inline constexpr std::size_t dwarf_registers = 17;

struct NativeCapture {
  std::array<Address, dwarf_registers> registers{};
  std::vector<std::byte> stack;  // from the stack pointer on
  std::shared_ptr<const ModuleMap> modules;

  [[nodiscard]] Address stack_pointer() const;
  [[nodiscard]] Address instruction() const { return registers.back(); }
};

class NativeCaptures {
 public:
  NativeCaptures();

  // Where the stack of the next capture is read to: RemoteMemory::attach may fill it.
  [[nodiscard]] std::span<std::byte> buffer();

  // The number of the capture; equal ones have the same.
  [[nodiscard]] std::uint32_t add(RemoteMemory& memory, std::shared_ptr<const ModuleMap> modules,
                                  const user_regs_struct& registers);
  [[nodiscard]] const NativeCapture& at(std::uint32_t number) const { return captures_[number]; }

 private:
  struct Signature {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    [[nodiscard]] bool operator==(const Signature&) const = default;
  };
  struct SignatureHash {
    std::size_t operator()(const Signature& signature) const { return signature.first; }
  };

  [[nodiscard]] Signature sign(const NativeCapture& capture, std::size_t words) const;

  std::vector<std::uint64_t> words_;  // the stack just read
  std::vector<NativeCapture> captures_;
  std::unordered_map<Signature, std::uint32_t, SignatureHash> numbers_;
  std::size_t kept_bytes_ = 0;
};

}  // namespace untorn::prove
