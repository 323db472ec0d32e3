// SPDX-License-Identifier: Apache-2.0
//
// Operation logs by hand, for the tests of the judge. Each member is one system call.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "filesystem/operation_log.h"

namespace untorn::prove::test {

class TestLog {
 public:
  OperationLog log;

  // Before the run.
  InodeId initial_file(const std::string& name, std::string_view content,
                       InodeId directory = root_inode) {
    const auto inode = static_cast<InodeId>(log.inodes.size());
    log.inodes.push_back({FileType::regular, 0644, true, Bytes(content)});
    log.names.push_back({directory, name, inode});
    return inode;
  }
  InodeId initial_directory(const std::string& name) {
    const auto inode = static_cast<InodeId>(log.inodes.size());
    log.inodes.push_back({FileType::directory, 0755, true, {}});
    log.names.push_back({root_inode, name, inode});
    return inode;
  }

  // open(name, O_WRONLY | O_CREAT), with O_APPEND or not.
  InodeId create(const std::string& name, bool append = false, InodeId directory = root_inode) {
    const auto inode = static_cast<InodeId>(log.inodes.size());
    log.inodes.push_back({FileType::regular, 0644, false, {}});
    next_call("openat");
    Operation& made = add(OperationKind::create, inode);
    made.directory = directory;
    made.name = name;
    begin(inode, append);
    return inode;
  }
  void open(InodeId inode, bool append = false) {
    next_call("openat");
    begin(inode, append);
  }
  // open(name, O_WRONLY | O_TRUNC): two operations of one call.
  void open_truncate(InodeId inode) {
    next_call("openat");
    begin(inode, false);
    add(OperationKind::truncate, inode).size = 0;
  }
  void write(InodeId inode, std::uint64_t offset, std::string_view text) {
    next_call("write");
    Operation& written = add(OperationKind::write, inode);
    written.offset = offset;
    written.payload = Bytes(text);
    written.size = text.size();
  }
  void truncate(InodeId inode, std::uint64_t size) {
    next_call("truncate");
    add(OperationKind::truncate, inode).size = size;
  }
  void close(InodeId inode) { add(OperationKind::end_writing, inode).call = no_index; }
  void sync(InodeId inode) {
    next_call("fsync");
    add(OperationKind::sync_file, inode);
  }
  void sync_directory(InodeId inode = root_inode) {
    next_call("fsync");
    add(OperationKind::sync_directory, inode);
  }
  void rename(InodeId inode, const std::string& from, const std::string& to,
              InodeId replaced = no_inode) {
    next_call("rename");
    Operation& moved = add(OperationKind::rename, inode);
    moved.directory = root_inode;
    moved.name = from;
    moved.target_directory = root_inode;
    moved.target_name = to;
    moved.replaced = replaced;
  }
  void link(InodeId inode, const std::string& from, const std::string& to) {
    next_call("link");
    Operation& linked = add(OperationKind::link, inode);
    linked.directory = root_inode;
    linked.name = from;
    linked.target_directory = root_inode;
    linked.target_name = to;
  }
  void unlink(InodeId inode, const std::string& name) {
    next_call("unlink");
    Operation& removed = add(OperationKind::unlink, inode);
    removed.directory = root_inode;
    removed.name = name;
  }
  void acknowledge(std::string_view what = "0") {
    next_call("");
    Operation& told = add(OperationKind::acknowledge, no_inode);
    told.name = what == "0" ? "exit" : "output";
    told.payload = Bytes(what);
  }
  void unmodelled(InodeId inode, std::string_view what) {
    next_call("mmap");
    add(OperationKind::unmodelled, inode).name = what;
  }

 private:
  Operation& add(OperationKind kind, InodeId inode) {
    Operation operation;
    operation.kind = kind;
    operation.inode = inode;
    operation.call = call_;
    operation.call_name = call_name_;
    log.operations.push_back(operation);
    return log.operations.back();
  }
  void begin(InodeId inode, bool append) {
    add(OperationKind::begin_writing, inode).name = append ? "append" : "";
  }
  void next_call(const char* name) {
    ++call_;
    call_name_ = name;
  }

  std::uint32_t call_ = 0;
  const char* call_name_ = "";
};

}  // namespace untorn::prove::test
