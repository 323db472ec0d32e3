// SPDX-License-Identifier: Apache-2.0
#include "prove/stack/python.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string_view>

#include "prove/stack/paths.h"

namespace untorn::prove {
namespace {

constexpr std::size_t thread_states_max = 16'384;  // of all interpreters of a process
constexpr std::size_t frames_max = 256;            // innermost ones; the rest does not matter
constexpr std::size_t text_length_max = 4'096;     // characters; a path or a name
constexpr std::size_t lines_size_bytes_max = 1U << 20U;
constexpr std::size_t known_codes_max = 100'000;
constexpr std::size_t code_head_size_bytes = 256;  // all that is needed of PyCodeObject
constexpr std::int64_t code_unit_size_bytes = 2;
constexpr std::int64_t instructions_size_bytes_max = 1LL << 28U;

enum class FrameOwner : std::uint8_t { thread, generator, frame_object, c_stack };

// The N of "python3.N" at the start of `text`.
std::optional<std::size_t> minor_after(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  text.remove_prefix(prefix.size());
  std::size_t minor = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), minor);
  if (parsed.ec != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  // "python3.9d" is a build whose structures differ.
  if (!text.empty() && text.front() != '.' && text.front() != '/') return std::nullopt;
  return minor;
}

std::optional<std::size_t> minor_from_names(const Module& interpreter, const ModuleMap& modules) {
  const std::string_view name = interpreter.file->file_name();
  if (const auto minor = minor_after(name, "libpython3.")) return minor;
  if (const auto minor = minor_after(name, "python3.")) return minor;
  for (const Module& module : modules.modules) {  // extension modules lie in lib/python3.N
    const std::string_view path = module.file->path();
    const std::size_t at = path.find("/python3.");
    if (at == std::string_view::npos) continue;
    if (const auto minor = minor_after(path.substr(at), "/python3.")) return minor;
  }
  return std::nullopt;
}

std::optional<std::size_t> minor_version(const Module& interpreter, const ModuleMap& modules,
                                         RemoteMemory& memory) {
  if (const auto symbol = interpreter.address_of("Py_Version")) {
    constexpr std::uint32_t major_3 = 3;
    const auto version = memory.value<std::uint32_t>(*symbol);
    if (version && *version >> 24U == major_3) return (*version >> 16U) & 0xffU;
  }
  return minor_from_names(interpreter, modules);
}

std::optional<PythonLayout> find_layout(const Module& interpreter, Address runtime,
                                        const ModuleMap& modules, RemoteMemory& memory) {
  std::array<std::byte, python_debug_offsets_size_bytes> head;
  if (!memory.read(runtime, head)) return std::nullopt;
  if (auto layout = python_debug_layout(head)) return layout;
  constexpr std::size_t describes_itself = 13;
  const auto minor = minor_version(interpreter, modules, memory);
  if (!minor || *minor >= describes_itself) return std::nullopt;
  const PythonLayout* layout = python_layout(*minor);
  return layout == nullptr ? std::nullopt : std::optional(*layout);
}

// The program comes first, as for the dynamic linker: it may hold the live copy of the symbol.
const Module* find_interpreter(const ModuleMap& modules) {
  const Module* library = nullptr;
  for (const Module& module : modules.modules) {
    const bool candidate = module.program || module.file->file_name().starts_with("libpython");
    if (!candidate || !module.file->symbol("_PyRuntime")) continue;
    if (module.program) return &module;
    if (library == nullptr) library = &module;
  }
  return library;
}

std::string link_target(const std::string& link) {
  std::array<char, 4096> buffer;
  const ssize_t size = readlink(link.c_str(), buffer.data(), buffer.size());
  return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : std::string();
}

std::string environment_value(pid_t process, std::string_view name) {
  std::ifstream stream("/proc/" + std::to_string(process) + "/environ");
  std::string entry;
  while (std::getline(stream, entry, '\0')) {
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=') {
      return entry.substr(name.size() + 1);
    }
  }
  return {};
}

}  // namespace

std::unique_ptr<PythonProcess> PythonProcess::find(pid_t process, const ModuleMap& modules,
                                                   RemoteMemory& memory) {
  const Module* interpreter = find_interpreter(modules);
  if (interpreter == nullptr) return nullptr;
  const auto runtime = interpreter->address_of("_PyRuntime");
  if (!runtime) return nullptr;
  const auto layout = find_layout(*interpreter, *runtime, modules, memory);
  if (!layout) return nullptr;

  auto found = std::make_unique<PythonProcess>();
  found->layout_ = *layout;
  found->runtime_ = *runtime;
  found->code_type_ = interpreter->address_of("PyCode_Type");
  found->first_directory_ = link_target("/proc/" + std::to_string(process) + "/cwd");
  found->shell_directory_ = environment_value(process, "PWD");
  return found;
}

std::vector<PythonPosition> PythonProcess::frames(RemoteMemory& memory, Address thread_pointer,
                                                  PythonCodeTable& table) {
  const auto innermost = current_frame(memory, thread_pointer);
  if (!innermost) return {};
  const std::vector<RawFrame> raw = raw_frames(memory, *innermost);
  refresh_codes(memory, raw, table);

  std::vector<PythonPosition> result;
  result.reserve(raw.size());
  for (const RawFrame& frame : raw) {
    const auto known = codes_.find(frame.code);
    if (known == codes_.end() || !known->second.index) continue;
    const auto offset = instruction_offset(frame, known->second);
    if (offset) result.push_back({.code = *known->second.index, .offset = *offset});
  }
  return result;
}

// Newest interpreter first: where a thread has a state in several, that one runs. The id of the
// thread is pthread_self(), which on this machine is the thread pointer; unlike the kernel's number
// it stays right in a forked child and in another process namespace.
std::optional<Address> PythonProcess::current_frame(RemoteMemory& memory,
                                                    Address thread_pointer) const {
  std::size_t states_left = thread_states_max;
  Address interpreter = memory.value<Address>(runtime_ + layout_.interpreters_head).value_or(0);
  while (interpreter != 0 && states_left > 0) {
    --states_left;
    Address thread = memory.value<Address>(interpreter + layout_.interpreter_threads).value_or(0);
    while (thread != 0 && states_left > 0) {
      --states_left;
      if (memory.value<Address>(thread + layout_.thread_id) == thread_pointer) {
        Address frame = memory.value<Address>(thread + layout_.thread_frame).value_or(0);
        if (frame != 0 && layout_.cframe_frame) {
          frame = memory.value<Address>(frame + *layout_.cframe_frame).value_or(0);
        }
        if (frame != 0) return frame;
      }
      thread = memory.value<Address>(thread + layout_.thread_next).value_or(0);
    }
    interpreter = memory.value<Address>(interpreter + layout_.interpreter_next).value_or(0);
  }
  return std::nullopt;
}

std::vector<PythonProcess::RawFrame> PythonProcess::raw_frames(RemoteMemory& memory,
                                                               Address frame) const {
  constexpr std::size_t frames_in_memory = 11;  // up to 3.10 a frame is an object
  const bool is_object = layout_.minor < frames_in_memory;
  std::vector<RawFrame> result;
  for (std::size_t i = 0; frame != 0 && i < frames_max; ++i) {
    RawFrame raw{.code = memory.value<Address>(frame + layout_.frame_code).value_or(0)};
    const Address instruction = frame + layout_.frame_instruction;
    auto owner = FrameOwner::thread;
    if (is_object) {
      const auto index = memory.value<std::int32_t>(instruction).value_or(-1);
      raw.instruction = static_cast<std::uint64_t>(std::int64_t{index});
    } else {
      raw.instruction = memory.value<std::uint64_t>(instruction).value_or(0);
      owner = memory.value<FrameOwner>(frame + layout_.frame_owner).value_or(FrameOwner::thread);
    }
    raw.generator = owner == FrameOwner::generator;
    if (raw.code != 0 && owner != FrameOwner::c_stack) result.push_back(raw);
    frame = memory.value<Address>(frame + layout_.frame_back).value_or(0);
  }
  return result;
}

void PythonProcess::refresh_codes(RemoteMemory& memory, const std::vector<RawFrame>& frames,
                                  PythonCodeTable& table) {
  if (codes_.size() > known_codes_max) codes_.clear();
  ++stop_;
  for (const RawFrame& frame : frames) {
    KnownCode& known = codes_[frame.code];
    if (known.checked_in_stop == stop_) continue;
    const auto now = witness(memory, frame.code);
    if (!now) {
      known = {};
    } else if (!known.index || known.witness != *now) {
      known = load_code(memory, frame.code, *now, table);
    }
    known.checked_in_stop = stop_;
  }
}

std::optional<PythonProcess::Witness> PythonProcess::witness(RemoteMemory& memory,
                                                             Address address) const {
  Witness result;
  std::array<std::byte, code_head_size_bytes> code;
  if (!memory.read(address, code)) return std::nullopt;
  result.type = field<Address>(code, layout_.object_type);
  result.filename = field<Address>(code, layout_.code_filename);
  result.name = field<Address>(code, layout_.code_name);
  result.lines = field<Address>(code, layout_.code_lines);
  result.first_line = field<std::int32_t>(code, layout_.code_first_line);
  if (code_type_ && result.type != *code_type_) return std::nullopt;
  if (result.first_line < 0 ||
      !memory.read(result.lines + layout_.object_type, result.lines_head) ||
      !memory.read(result.filename + layout_.object_type, result.filename_head)) {
    return std::nullopt;
  }
  return result;
}

PythonProcess::KnownCode PythonProcess::load_code(RemoteMemory& memory, Address address,
                                                  const Witness& witness,
                                                  PythonCodeTable& table) const {
  KnownCode result{.witness = witness};
  if (layout_.code_first_traceable) {
    result.first_traceable =
        memory.value<std::uint32_t>(address + *layout_.code_first_traceable).value_or(0);
  }
  const std::string path = absolute_path(text(memory, witness.filename));
  result.index = table.add({.path = path,
                            .function = text(memory, witness.name),
                            .runtime = is_python_library(path, layout_.minor),
                            .minor = layout_.minor,
                            .first_line = static_cast<std::uint32_t>(witness.first_line),
                            .lines = bytes(memory, witness.lines)});
  return result;
}

std::string PythonProcess::text(RemoteMemory& memory, Address address) const {
  const auto length = memory.value<std::uint64_t>(address + layout_.unicode_length).value_or(0);
  const auto state = memory.value<std::uint32_t>(address + layout_.unicode_state).value_or(0);
  const std::size_t width = (state >> 2U) & 7U;  // interned:2, kind:3, compact:1, ascii:1
  const bool compact = (state & 0x20U) != 0;
  const bool ascii = (state & 0x40U) != 0;
  if (!compact || length > text_length_max) return {};
  std::vector<std::byte> characters(length * width);
  const std::size_t offset = ascii ? layout_.ascii_data : layout_.compact_data;
  if (!memory.read(address + offset, characters)) return {};
  return python_text(characters, width);
}

std::vector<std::byte> PythonProcess::bytes(RemoteMemory& memory, Address address) const {
  const auto size = memory.value<std::uint64_t>(address + layout_.bytes_size).value_or(0);
  if (size > lines_size_bytes_max) return {};
  std::vector<std::byte> data(size);
  if (!memory.read(address + layout_.bytes_data, data)) return {};
  return data;
}

// Up to 3.8 the main script is named as on the command line. The program may have changed its
// directory since, so the first directory where the file exists is taken.
std::string PythonProcess::absolute_path(const std::string& path) const {
  if (path.empty() || path.front() == '<') return path;
  if (path.front() == '/') return clean_path(path);
  for (const std::string& directory : {first_directory_, shell_directory_}) {
    if (!directory.starts_with('/')) continue;
    std::string candidate = clean_path(directory + '/' + path);
    if (file_exists(candidate)) return candidate;
  }
  return path;
}

// Nothing for a frame that has not begun yet, as Python's own tracebacks have it.
std::optional<std::int32_t> PythonProcess::instruction_offset(const RawFrame& frame,
                                                              const KnownCode& code) const {
  std::int64_t offset = 0;
  if (layout_.minor <= 10) {
    const std::int64_t scale = layout_.minor == 10 ? code_unit_size_bytes : 1;
    offset = static_cast<std::int32_t>(frame.instruction) * scale;
  } else {
    offset = static_cast<std::int64_t>(frame.instruction - frame.code - layout_.code_instructions);
    const std::int64_t begun = std::int64_t{code.first_traceable} * code_unit_size_bytes;
    if (!frame.generator && offset < begun) return std::nullopt;
  }
  if (offset < -code_unit_size_bytes || offset > instructions_size_bytes_max) return std::nullopt;
  return static_cast<std::int32_t>(offset);
}

}  // namespace untorn::prove
