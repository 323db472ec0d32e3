// SPDX-License-Identifier: Apache-2.0
#include "prove/stack/dwarf.h"

#include <cxxabi.h>
#include <dwarf.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "prove/stack/paths.h"

namespace untorn::prove {
namespace {

constexpr std::string_view mangled_prefix = "_Z";

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

// "save(int)::{lambda()#1}::operator()() const" without its last parameter list.
std::string_view without_parameters(std::string_view name) {
  const std::size_t close = name.rfind(')');
  if (close == std::string_view::npos) return name;
  const std::string_view rest = name.substr(close + 1);
  if (!rest.empty() && !rest.starts_with(" const") && !rest.starts_with(" [clone")) return name;
  std::size_t depth = 0;
  for (std::size_t i = close + 1; i-- > 0;) {
    if (name[i] == ')') ++depth;
    if (name[i] == '(' && --depth == 0) return i == 0 ? name : name.substr(0, i);
  }
  return name;
}

// What the compiler appends to a function that it split or specialised.
std::string_view without_clone_suffix(std::string_view name) {
  constexpr std::array suffixes{std::string_view(".part."), std::string_view(".constprop."),
                                std::string_view(".isra."), std::string_view(".cold"),
                                std::string_view(".lto_priv.")};
  for (const std::string_view suffix : suffixes) name = name.substr(0, name.find(suffix));
  return name;
}

// "core::store::save::h0123456789abcdef": Rust adds a hash to each name.
std::string_view without_hash(std::string_view name) {
  constexpr std::string_view mark = "::h";
  constexpr std::size_t digits = 16;
  if (name.size() < mark.size() + digits) return name;
  const std::string_view tail = name.substr(name.size() - mark.size() - digits);
  const bool hashed =
      tail.starts_with(mark) &&
      tail.find_first_not_of("0123456789abcdef", mark.size()) == std::string_view::npos;
  return hashed ? name.substr(0, name.size() - tail.size()) : name;
}

std::optional<std::string> demangled(const char* symbol) {
  const std::string plain(without_clone_suffix(symbol));
  int status = 0;
  const std::unique_ptr<char, Free> text(
      abi::__cxa_demangle(plain.c_str(), nullptr, nullptr, &status));
  if (!text) return std::nullopt;
  return std::string(without_hash(without_parameters(text.get())));
}

std::string linkage_name(Dwarf_Die* die) {
  Dwarf_Attribute attribute;
  for (const unsigned name : {unsigned{DW_AT_linkage_name}, unsigned{DW_AT_MIPS_linkage_name}}) {
    if (dwarf_attr_integrate(die, name, &attribute) == nullptr) continue;
    const char* symbol = dwarf_formstring(&attribute);
    if (symbol != nullptr) return demangled(symbol).value_or(std::string());
  }
  return {};
}

// The full name where there is one: that of a lambda or of a local class is only in the symbol.
std::string function_name(Dwarf_Die* die, const char* symbol) {
  if (std::string name = linkage_name(die); !name.empty()) return name;
  if (symbol != nullptr && std::string_view(symbol).starts_with(mangled_prefix)) {
    return symbol_name(symbol);
  }
  const char* name = dwarf_diename(die);
  return name == nullptr ? std::string() : name;
}

std::string absolute_source(const char* source, const char* directory) {
  if (source == nullptr) return {};
  if (*source == '/') return clean_path(source);
  if (directory == nullptr || *directory != '/') return source;
  return clean_path(std::string(directory) + '/' + source);
}

std::string compilation_directory(Dwarf_Die* unit) {
  Dwarf_Attribute attribute;
  const char* directory = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
  return directory == nullptr ? "" : directory;
}

Dwarf_Word unsigned_attribute(Dwarf_Die* die, unsigned name) {
  Dwarf_Attribute attribute;
  Dwarf_Word value = 0;
  if (dwarf_formudata(dwarf_attr(die, name, &attribute), &value) != 0) return 0;
  return value;
}

SourcePlace place_of_call(Dwarf_Die* unit, Dwarf_Die* inlined) {
  Dwarf_Files* files = nullptr;
  std::size_t count = 0;
  const Dwarf_Word file = unsigned_attribute(inlined, DW_AT_call_file);
  if (dwarf_getsrcfiles(unit, &files, &count) != 0 || file >= count) return {};
  const char* source = dwarf_filesrc(files, file, nullptr, nullptr);
  return {absolute_source(source, compilation_directory(unit).c_str()),
          static_cast<std::uint32_t>(unsigned_attribute(inlined, DW_AT_call_line))};
}

SourcePlace place_of_address(Dwarf_Die* unit, Dwarf_Addr address) {
  Dwarf_Line* line = dwarf_getsrc_die(unit, address);
  int number = 0;
  if (line == nullptr || dwarf_lineno(line, &number) != 0) return {};
  const char* source = dwarf_linesrc(line, nullptr, nullptr);
  return {absolute_source(source, compilation_directory(unit).c_str()),
          static_cast<std::uint32_t>(std::max(number, 0))};
}

// May hold functions although it holds no code itself.
bool is_name_space(int tag) {
  return tag == DW_TAG_namespace || tag == DW_TAG_module || tag == DW_TAG_structure_type ||
         tag == DW_TAG_class_type || tag == DW_TAG_union_type || tag == DW_TAG_enumeration_type;
}

// Collects the functions around an address, outermost first, inlined ones after the one that holds
// the code. dwarf_getscopes does not enter namespaces, where rustc puts its functions.
bool find_functions(Dwarf_Die* parent, Dwarf_Addr address, std::size_t depth,
                    std::vector<Dwarf_Die>& functions) {
  constexpr std::size_t depth_max = 256;
  Dwarf_Die die;
  if (depth > depth_max || dwarf_child(parent, &die) != 0) return false;
  do {
    const int tag = dwarf_tag(&die);
    if (is_name_space(tag)) {
      if (find_functions(&die, address, depth + 1, functions)) return true;
    } else if (dwarf_haspc(&die, address) > 0) {
      if (tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine) functions.push_back(die);
      find_functions(&die, address, depth + 1, functions);
      return true;
    }
  } while (dwarf_siblingof(&die, &die) == 0);
  return false;
}

}  // namespace

std::string symbol_name(const char* symbol) {
  if (symbol == nullptr) return {};
  if (auto name = demangled(symbol)) return *std::move(name);
  return std::string(without_clone_suffix(symbol));
}

UnitIndex::UnitIndex(Dwarf* dwarf) : dwarf_(dwarf) {
  Dwarf_CU* unit = nullptr;
  Dwarf_Die die;
  while (dwarf_get_units(dwarf, unit, &unit, nullptr, nullptr, &die, nullptr) == 0) {
    Dwarf_Addr base = 0, low = 0, high = 0;
    for (std::ptrdiff_t at = dwarf_ranges(&die, 0, &base, &low, &high); at > 0;
         at = dwarf_ranges(&die, at, &base, &low, &high)) {
      ranges_.push_back({.low = low, .high = high, .unit = dwarf_dieoffset(&die)});
    }
  }
  std::ranges::sort(ranges_, {}, &Range::low);
}

std::vector<SourceFunction> UnitIndex::functions(Dwarf_Addr address, const char* symbol) const {
  auto range = std::ranges::upper_bound(ranges_, address, {}, &Range::low);
  if (range == ranges_.begin()) return {};
  --range;
  Dwarf_Die unit;
  if (address >= range->high || dwarf_offdie(dwarf_, range->unit, &unit) == nullptr) return {};

  std::vector<Dwarf_Die> around;
  find_functions(&unit, address, 0, around);
  std::vector<SourceFunction> result;
  SourcePlace place = place_of_address(&unit, address);
  for (; around.size() > 1; around.pop_back()) {
    result.push_back({.name = function_name(&around.back(), nullptr), .place = place});
    place = place_of_call(&unit, &around.back());
  }
  std::string name = around.empty() ? symbol_name(symbol) : function_name(&around[0], symbol);
  result.push_back({.name = std::move(name), .place = place});
  return result;
}

}  // namespace untorn::prove
