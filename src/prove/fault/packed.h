// SPDX-License-Identifier: Apache-2.0
//
// Parts of reports on their way between processes of one engine, as packing.h packs them.
//
// Threads: pure functions.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "prove/prove.h"
#include "prove/replay/packing.h"

namespace untorn::prove {

// Enumerators, of which `last` has the largest number.
template <class T>
void put_value(Packer& packer, T value) {
  packer.number(static_cast<std::uint64_t>(value));
}
template <class T>
[[nodiscard]] T take_value(Unpacker& unpacker, T last) {
  return static_cast<T>(unpacker.number(static_cast<std::uint64_t>(last)));
}

void put_size(Packer& packer, const std::optional<std::uint64_t>& size);
[[nodiscard]] std::optional<std::uint64_t> take_size(Unpacker& unpacker);

void put_note(Packer& packer, const OperationNote& note);
[[nodiscard]] OperationNote take_note(Unpacker& unpacker);

void put_bytes(Packer& packer, const StateBytes& bytes);
[[nodiscard]] StateBytes take_bytes(Unpacker& unpacker);

void put_undecided(Packer& packer, const Undecided& undecided);
[[nodiscard]] Undecided take_undecided(Unpacker& unpacker);

template <class T, class Put>
void put_all(Packer& packer, const std::vector<T>& values, Put put_one) {
  packer.number(values.size());
  for (const T& value : values) put_one(packer, value);
}
template <class T, class Take>
void take_all(Unpacker& unpacker, std::vector<T>& values, Take take_one) {
  for (std::uint64_t left = unpacker.count(); left > 0 && unpacker.good(); --left) {
    values.push_back(take_one(unpacker));
  }
}

}  // namespace untorn::prove
