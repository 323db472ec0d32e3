// SPDX-License-Identifier: Apache-2.0
//
// The Python frames of a stopped thread, read from the interpreter's memory: CPython 3.8 to 3.13,
// unchanged, shared, static or embedded, as long as it has the symbol _PyRuntime.
//
// Invariant 1: nothing is followed without a bound; memory that makes no sense ends the stack.
// Invariant 2: an address of a code object is remembered with what was there, and what is there is
// read again in every stop: addresses are used again.
#pragma once
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "prove/stack/memory.h"
#include "prove/stack/modules.h"
#include "prove/stack/python_code.h"
#include "prove/stack/python_layout.h"

namespace untorn::prove {

// One interpreter in one process.
class PythonProcess {
 public:
  // nullptr when the process has no interpreter that is understood.
  [[nodiscard]] static std::unique_ptr<PythonProcess> find(pid_t process, const ModuleMap& modules,
                                                           RemoteMemory& memory);

  // The frames of the thread whose thread control block is at `thread_pointer`, innermost first.
  [[nodiscard]] std::vector<PythonPosition> frames(RemoteMemory& memory, Address thread_pointer,
                                                   PythonCodeTable& table);

 private:
  struct RawFrame {
    Address code = 0;
    std::uint64_t instruction = 0;
    bool generator = false;
  };
  // What tells one code object from a later one at the same address.
  struct Witness {
    Address type = 0, filename = 0, name = 0, lines = 0;
    std::int32_t first_line = 0;
    std::array<std::byte, 64> lines_head{};     // of the object, from its type on
    std::array<std::byte, 64> filename_head{};  // the same
    [[nodiscard]] bool operator==(const Witness&) const = default;
  };
  struct KnownCode {
    Witness witness = {};
    std::uint32_t first_traceable = 0;  // in code units
    std::optional<std::uint32_t> index = std::nullopt;
    std::uint64_t checked_in_stop = 0;
  };
  [[nodiscard]] std::optional<Address> current_frame(RemoteMemory& memory,
                                                     Address thread_pointer) const;
  [[nodiscard]] std::vector<RawFrame> raw_frames(RemoteMemory& memory, Address frame) const;
  void refresh_codes(RemoteMemory& memory, const std::vector<RawFrame>& frames,
                     PythonCodeTable& table);
  [[nodiscard]] std::optional<Witness> witness(RemoteMemory& memory, Address address) const;
  [[nodiscard]] KnownCode load_code(RemoteMemory& memory, Address address, const Witness& witness,
                                    PythonCodeTable& table) const;
  [[nodiscard]] std::string text(RemoteMemory& memory, Address address) const;
  [[nodiscard]] std::vector<std::byte> bytes(RemoteMemory& memory, Address address) const;
  [[nodiscard]] std::string absolute_path(const std::string& path) const;
  [[nodiscard]] std::optional<std::int32_t> instruction_offset(const RawFrame& frame,
                                                               const KnownCode& code) const;

  PythonLayout layout_;
  Address runtime_ = 0;
  std::optional<Address> code_type_;
  std::string first_directory_;  // the working directory when the process was first seen
  std::string shell_directory_;  // what the process was told its working directory is
  std::uint64_t stop_ = 0;       // number of the present stop
  std::unordered_map<Address, KnownCode> codes_;
};

}  // namespace untorn::prove
