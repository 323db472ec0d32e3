// SPDX-License-Identifier: Apache-2.0
#include "prove/fault/packed.h"

#include <limits>
#include <string>
#include <utility>

namespace untorn::prove {

void put_size(Packer& packer, const std::optional<std::uint64_t>& size) {
  packer.number(size ? 1 : 0);
  packer.number(size.value_or(0));
}

std::optional<std::uint64_t> take_size(Unpacker& unpacker) {
  const bool present = unpacker.number() != 0;
  const std::uint64_t size = unpacker.number();
  return present ? std::optional(size) : std::nullopt;
}

void put_note(Packer& packer, const OperationNote& note) {
  packer.text(note.operation);
  packer.text(note.path);
  packer.text(note.target);
  put_size(packer, note.bytes);
  put_size(packer, note.size);
  packer.number(note.source ? 1 : 0);
  if (note.source) {
    packer.text(note.source->path);
    packer.number(note.source->line);
    packer.text(note.source->function);
    packer.text(note.source->text);
  }
  packer.text(note.fault);
}

OperationNote take_note(Unpacker& unpacker) {
  OperationNote note;
  note.operation = unpacker.text();
  note.path = unpacker.text();
  note.target = unpacker.text();
  note.bytes = take_size(unpacker);
  note.size = take_size(unpacker);
  if (unpacker.number() != 0) {
    Source source;
    source.path = unpacker.text();
    source.line =
        static_cast<std::uint32_t>(unpacker.number(std::numeric_limits<std::uint32_t>::max()));
    source.function = unpacker.text();
    source.text = unpacker.text();
    note.source = std::move(source);
  }
  note.fault = unpacker.text();
  return note;
}

void put_bytes(Packer& packer, const StateBytes& bytes) {
  packer.number(bytes.present ? 1 : 0);
  packer.number(bytes.size);
  packer.text(bytes.head);
  put_size(packer, bytes.old_size);
  put_size(packer, bytes.new_size);
  packer.text(bytes.old_head);
  packer.text(bytes.new_head);
}

StateBytes take_bytes(Unpacker& unpacker) {
  StateBytes bytes;
  bytes.present = unpacker.number() != 0;
  bytes.size = unpacker.number();
  bytes.head = unpacker.text();
  bytes.old_size = take_size(unpacker);
  bytes.new_size = take_size(unpacker);
  bytes.old_head = unpacker.text();
  bytes.new_head = unpacker.text();
  return bytes;
}

void put_undecided(Packer& packer, const Undecided& undecided) {
  put_value(packer, undecided.reason);
  packer.text(undecided.detail);
}

Undecided take_undecided(Unpacker& unpacker) {
  const Reason reason = take_value(unpacker, Reason::check_reads_nothing);
  return {reason, std::string(unpacker.text())};
}

}  // namespace untorn::prove
