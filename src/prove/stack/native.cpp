// SPDX-License-Identifier: Apache-2.0
#include "prove/stack/native.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <span>
#include <utility>

namespace untorn::prove {
namespace {

constexpr std::size_t stack_size_bytes_max = 16U << 10U;
constexpr std::size_t kept_bytes_max = 320U << 20U;
constexpr std::size_t stack_size_bytes_when_full = 2U << 10U;
constexpr std::size_t word_size_bytes = sizeof(std::uint64_t);
constexpr std::size_t loaded_files_max = 4096;

// struct r_debug and struct link_map of <link.h>.
constexpr std::size_t debug_map_offset = 8;
constexpr std::size_t map_next_offset = 24;

constexpr std::size_t frame_pointer_register = 6;
constexpr std::size_t stack_pointer_register = 7;

bool within(Address address, Address low, Address high) {
  return address - low < high - low;
}

// Two independent multiplicative hashes of the same sequence.
struct Mixer {
  std::uint64_t first = 0x9e3779b97f4a7c15U;
  std::uint64_t second = 0xc2b2ae3d27d4eb4fU;

  void add(std::uint64_t value) {
    first = (first ^ value) * 0xff51afd7ed558ccdU;
    first ^= first >> 32U;
    second = (second + value) * 0xc4ceb9fe1a85ec53U;
    second ^= second >> 29U;
  }
};

}  // namespace

bool ProcessModules::refresh(ModuleReader& reader, RemoteMemory& memory, Address instruction) {
  if (map_ && map_->find(instruction) != nullptr && !loaded_more(memory)) return false;
  map_ = reader.read(process_);
  find_tail(memory);
  return true;
}

bool ProcessModules::loaded_more(RemoteMemory& memory) const {
  if (list_head_ == 0) return false;
  if (tail_ == 0) return memory.value<Address>(list_head_).value_or(0) != 0;
  if (memory.value<Address>(tail_ + map_next_offset).value_or(0) != 0) return true;
  return before_tail_ != 0 && memory.value<Address>(before_tail_ + map_next_offset) != tail_;
}

void ProcessModules::find_tail(RemoteMemory& memory) {
  list_head_ = tail_ = before_tail_ = 0;
  for (const Module& module : map_->modules) {
    const std::string_view name = module.file->file_name();
    if (!name.starts_with("ld-linux") && !name.starts_with("ld-musl") &&
        !name.starts_with("libc.musl")) {
      continue;
    }
    if (const auto symbol = module.address_of("_r_debug")) list_head_ = *symbol + debug_map_offset;
  }
  if (list_head_ == 0) return;
  Address element = memory.value<Address>(list_head_).value_or(0);
  for (std::size_t i = 0; element != 0 && i < loaded_files_max; ++i) {
    before_tail_ = std::exchange(tail_, element);
    element = memory.value<Address>(element + map_next_offset).value_or(0);
  }
}

Address NativeCapture::stack_pointer() const {
  return registers[stack_pointer_register];
}

NativeCaptures::NativeCaptures() : words_(stack_size_bytes_max / word_size_bytes) {}

std::span<std::byte> NativeCaptures::buffer() {
  const std::size_t size_max =
      kept_bytes_ < kept_bytes_max ? stack_size_bytes_max : stack_size_bytes_when_full;
  return std::as_writable_bytes(std::span(words_)).first(size_max);
}

std::uint32_t NativeCaptures::add(RemoteMemory& memory, std::shared_ptr<const ModuleMap> modules,
                                  const user_regs_struct& registers) {
  NativeCapture capture{
      .registers = {registers.rax, registers.rdx, registers.rcx, registers.rbx, registers.rsi,
                    registers.rdi, registers.rbp, registers.rsp, registers.r8, registers.r9,
                    registers.r10, registers.r11, registers.r12, registers.r13, registers.r14,
                    registers.r15, registers.rip},
      .stack = {},
      .modules = std::move(modules)};
  const auto buffer = this->buffer();
  const std::size_t size = memory.read_some(capture.stack_pointer(), buffer);

  const Signature signature = sign(capture, size / word_size_bytes);
  const auto [entry, added] =
      numbers_.try_emplace(signature, static_cast<std::uint32_t>(captures_.size()));
  if (added) {
    capture.stack.assign(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
    kept_bytes_ += size;
    captures_.push_back(std::move(capture));
  }
  return entry->second;
}

NativeCaptures::Signature NativeCaptures::sign(const NativeCapture& capture,
                                               std::size_t words) const {
  const ModuleMap& modules = *capture.modules;
  const Address stack_low = capture.stack_pointer();
  const Address stack_high = stack_low + words * word_size_bytes;
  Mixer mixer;
  mixer.add(static_cast<std::uint64_t>(std::bit_cast<std::uintptr_t>(&modules)));
  mixer.add(capture.instruction());
  mixer.add(stack_low);
  mixer.add(words);
  const Address frame_pointer = capture.registers[frame_pointer_register];
  if (within(frame_pointer, stack_low, stack_high)) mixer.add(frame_pointer);
  // Most words are small numbers, which are below all of these.
  const Address lowest = std::min({modules.program_low, modules.libraries_low, stack_low});
  for (std::size_t i = 0; i < words; ++i) {
    const std::uint64_t word = words_[i];
    if (word < lowest) continue;
    if (within(word, modules.program_low, modules.program_high) ||
        within(word, modules.libraries_low, modules.libraries_high) ||
        within(word, stack_low, stack_high)) {
      mixer.add(word);
      mixer.add(i);
    }
  }
  return {.first = mixer.first, .second = mixer.second};
}

}  // namespace untorn::prove
