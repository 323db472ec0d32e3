// SPDX-License-Identifier: Apache-2.0
#include "prove/stack/unwind.h"

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "prove/stack/dwarf.h"
#include "prove/stack/paths.h"

namespace untorn::prove {
namespace {

constexpr std::size_t sessions_max = 8;
constexpr std::size_t frames_max = 256;
constexpr pid_t only_thread = 1;  // each session shows one thread; its number means nothing

// Separate debugging information as distributions install it. The standard search of libdwfl would
// also ask servers on the network.
int find_debug_file(Dwfl_Module* module, void** /*user_data*/, const char* /*name*/,
                    Dwarf_Addr /*base*/, const char* /*file_name*/, const char* /*debug_link*/,
                    GElf_Word /*checksum*/, char** debug_file_name) {
  const unsigned char* bits = nullptr;
  GElf_Addr address = 0;
  const int size = dwfl_module_build_id(module, &bits, &address);
  if (size < 2) return -1;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string path = "/usr/lib/debug/.build-id/";
  for (int i = 0; i < size; ++i) {
    if (i == 1) path.push_back('/');
    path.push_back(digits[bits[i] >> 4U]);
    path.push_back(digits[bits[i] & 15U]);
  }
  path += ".debug";
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd >= 0) *debug_file_name = strdup(path.c_str());  // freed by libdwfl
  return fd;
}

int refuse_to_find_elf(Dwfl_Module* /*module*/, void** /*user_data*/, const char* /*name*/,
                       Dwarf_Addr /*base*/, char** /*file_name*/, Elf** /*elf*/) {
  return -1;
}

}  // namespace

class Unwinder::Session {
 public:
  explicit Session(std::shared_ptr<const ModuleMap> modules);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() {
    if (dwfl_ != nullptr) dwfl_end(dwfl_);
  }

  [[nodiscard]] const ModuleMap* modules() const { return modules_.get(); }
  [[nodiscard]] Stack unwind(const NativeCapture& capture);

 private:
  struct Pc {
    Dwarf_Addr address = 0;
    bool exact = false;  // the instruction itself, not the one after a call
  };

  static pid_t next_thread(Dwfl* dwfl, void* session, void** thread);
  static bool get_thread(Dwfl* dwfl, pid_t number, void* session, void** thread);
  static bool read_memory(Dwfl* dwfl, Dwarf_Addr address, Dwarf_Word* result, void* session);
  static bool set_registers(Dwfl_Thread* thread, void* session);
  static int add_frame(Dwfl_Frame* frame, void* session);

  void report_modules();
  [[nodiscard]] const Stack& frames_at(const Pc& pc);
  [[nodiscard]] Stack describe(Dwarf_Addr address);
  [[nodiscard]] std::vector<SourceFunction> source_functions(Dwfl_Module* module,
                                                             Dwarf_Addr address,
                                                             const char* symbol);

  std::shared_ptr<const ModuleMap> modules_;
  Dwfl* dwfl_ = nullptr;
  const NativeCapture* capture_ = nullptr;  // the one being unwound
  std::vector<Pc> pcs_;
  std::unordered_map<Dwarf_Addr, Stack> described_;
  std::unordered_map<Dwfl_Module*, UnitIndex> indexes_;
};

namespace {

constexpr Dwfl_Callbacks file_callbacks{.find_elf = refuse_to_find_elf,
                                        .find_debuginfo = find_debug_file,
                                        .section_address = dwfl_offline_section_address,
                                        .debuginfo_path = nullptr};

}  // namespace

Unwinder::Session::Session(std::shared_ptr<const ModuleMap> modules)
    : modules_(std::move(modules)) {
  static constexpr Dwfl_Thread_Callbacks thread_callbacks{.next_thread = next_thread,
                                                          .get_thread = get_thread,
                                                          .memory_read = read_memory,
                                                          .set_initial_registers = set_registers,
                                                          .detach = nullptr,
                                                          .thread_detach = nullptr};
  dwfl_ = dwfl_begin(&file_callbacks);
  if (dwfl_ == nullptr) return;
  report_modules();
  if (!dwfl_attach_state(dwfl_, nullptr, only_thread, &thread_callbacks, this)) {
    dwfl_end(dwfl_);
    dwfl_ = nullptr;
  }
}

void Unwinder::Session::report_modules() {
  dwfl_report_begin(dwfl_);
  for (const Module& module : modules_->modules) {
    const int fd = module.file->open();
    if (fd < 0) continue;
    const char* path = module.file->path().c_str();
    if (dwfl_report_elf(dwfl_, path, path, fd, module.low, false) == nullptr) close(fd);
  }
  dwfl_report_end(dwfl_, nullptr, nullptr);
}

pid_t Unwinder::Session::next_thread(Dwfl* /*dwfl*/, void* session, void** thread) {
  if (*thread != nullptr) return 0;
  *thread = session;
  return only_thread;
}

bool Unwinder::Session::get_thread(Dwfl* /*dwfl*/, pid_t number, void* session, void** thread) {
  *thread = session;
  return number == only_thread;
}

bool Unwinder::Session::read_memory(Dwfl* /*dwfl*/, Dwarf_Addr address, Dwarf_Word* result,
                                    void* session) {
  const NativeCapture& capture = *static_cast<const Session*>(session)->capture_;
  const Address offset = address - capture.stack_pointer();
  if (offset >= capture.stack.size()) return false;
  if (capture.stack.size() - offset < sizeof *result) return false;
  *result = field<Dwarf_Word>(capture.stack, offset);
  return true;
}

bool Unwinder::Session::set_registers(Dwfl_Thread* thread, void* session) {
  const NativeCapture& capture = *static_cast<const Session*>(session)->capture_;
  return dwfl_thread_state_registers(thread, 0, dwarf_registers, capture.registers.data());
}

int Unwinder::Session::add_frame(Dwfl_Frame* frame, void* session) {
  auto& pcs = static_cast<Session*>(session)->pcs_;
  Pc pc;
  if (!dwfl_frame_pc(frame, &pc.address, &pc.exact)) return DWARF_CB_ABORT;
  pcs.push_back(pc);
  return pcs.size() < frames_max ? DWARF_CB_OK : DWARF_CB_ABORT;
}

Stack Unwinder::Session::unwind(const NativeCapture& capture) {
  if (dwfl_ == nullptr) return {};
  capture_ = &capture;
  pcs_.clear();
  // It ends with an error where the copied part of the stack ends; what was found stays.
  dwfl_getthread_frames(dwfl_, only_thread, add_frame, this);
  if (pcs_.empty()) pcs_.push_back({.address = capture.instruction(), .exact = true});
  capture_ = nullptr;

  Stack stack;
  for (const Pc& pc : pcs_) {
    const Stack& frames = frames_at(pc);
    stack.insert(stack.end(), frames.begin(), frames.end());
  }
  return stack;
}

const Stack& Unwinder::Session::frames_at(const Pc& pc) {
  const Dwarf_Addr address = pc.exact ? pc.address : pc.address - 1;
  const auto known = described_.find(address);
  if (known != described_.end()) return known->second;
  return described_.emplace(address, describe(address)).first->second;
}

// Of the system's own modules the name is enough: their lines help nobody, and their debugging
// information is large.
Stack Unwinder::Session::describe(Dwarf_Addr address) {
  const Module* owner = modules_->find(address);
  Dwfl_Module* module = dwfl_addrmodule(dwfl_, address);
  if (owner == nullptr || module == nullptr) return {};
  const char* symbol = dwfl_module_addrname(module, address);
  const std::string& file = owner->file->path();
  if (owner->program ? is_interpreter(file) : is_system_library(file)) {
    return {{.path = {}, .line = 0, .function = symbol_name(symbol), .runtime = true}};
  }
  Stack stack;
  for (SourceFunction& function : source_functions(module, address, symbol)) {
    const bool foreign = is_system_source(function.place.path);
    stack.push_back({.path = std::move(function.place.path),
                     .line = function.place.line,
                     .function = std::move(function.name),
                     .runtime = foreign});
  }
  if (stack.empty()) {
    stack.push_back({.path = {}, .line = 0, .function = symbol_name(symbol), .runtime = false});
  }
  return stack;
}

std::vector<SourceFunction> Unwinder::Session::source_functions(Dwfl_Module* module,
                                                                Dwarf_Addr address,
                                                                const char* symbol) {
  Dwarf_Addr bias = 0;
  Dwarf* dwarf = dwfl_module_getdwarf(module, &bias);
  if (dwarf == nullptr) return {};
  const auto& index = indexes_.try_emplace(module, dwarf).first->second;
  return index.functions(address - bias, symbol);
}

Unwinder::Unwinder() = default;
Unwinder::~Unwinder() = default;

Unwinder::Session& Unwinder::session(const std::shared_ptr<const ModuleMap>& modules) {
  const auto known = std::ranges::find(sessions_, modules.get(), &Session::modules);
  if (known != sessions_.end()) {
    std::rotate(sessions_.begin(), known, known + 1);
  } else {
    if (sessions_.size() >= sessions_max) sessions_.pop_back();
    sessions_.insert(sessions_.begin(), std::make_unique<Session>(modules));
  }
  return *sessions_.front();
}

Stack Unwinder::unwind(const NativeCapture& capture) {
  return session(capture.modules).unwind(capture);
}

}  // namespace untorn::prove
