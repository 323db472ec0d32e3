// SPDX-License-Identifier: Apache-2.0
//
// From an address in a file to functions and lines, by its debugging information.
#pragma once
#include <elfutils/libdw.h>

#include <cstdint>
#include <string>
#include <vector>

namespace untorn::prove {

struct SourcePlace {
  std::string path;
  std::uint32_t line = 0;  // 0 if unknown
};

struct SourceFunction {
  std::string name;
  SourcePlace place;  // where it was; for one with something inlined into it, the place of that
};

// For people: demangled, without parameters, and without what compilers append.
[[nodiscard]] std::string symbol_name(const char* symbol);

// Finds the compilation unit of an address. The section .debug_aranges would tell, but clang,
// rustc and Go do not write it.
class UnitIndex {
 public:
  explicit UnitIndex(Dwarf* dwarf);

  // Innermost first, inlined functions and then the one that holds the code, whose symbol is
  // `symbol`. `address` is the file's own. Empty where there is no debugging information.
  [[nodiscard]] std::vector<SourceFunction> functions(Dwarf_Addr address, const char* symbol) const;

 private:
  struct Range {
    Dwarf_Addr low = 0;
    Dwarf_Addr high = 0;
    Dwarf_Off unit = 0;
  };

  Dwarf* dwarf_;
  std::vector<Range> ranges_;  // by low
};

}  // namespace untorn::prove
