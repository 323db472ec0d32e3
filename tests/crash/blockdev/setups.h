// SPDX-License-Identifier: Apache-2.0
//
// The file systems of the lab: how each is made, mounted, and repaired when it will not mount.
//
//   for (const LabFileSystem& setup : setups()) …
//   Mounting mounting(setup, device, "/private/folder");
//   mounting.make(); mounting.mount(); … mounting.root() … mounting.unmount();
//
// Needs root and a mount namespace of one's own. Every function returns "" or what failed.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

namespace untorn::lab {

struct LabFileSystem {
  std::string name;                      // "ext4", "overlay-xfs"
  std::string type;                      // for mount(2)
  std::vector<std::string> make;         // the command; the device follows
  std::string options = {};              // for mount(2)
  std::vector<std::string> repair = {};  // the command; the device follows; empty: none
  bool overlay = false;                  // the workload runs on an overlay whose layers lie on it
  bool ranges = false;       // opened directly and journaled: RangeSync::before_names is true of it
  bool fast_commit = false;  // ext4 with that feature
  bool repair_always = false;  // no journal: what boots after a crash is a repaired disk
  std::size_t disk_bytes = 0;
};
[[nodiscard]] const std::vector<LabFileSystem>& setups();
[[nodiscard]] const LabFileSystem& setup_named(const std::string& name);  // aborts if there is none
// Why this machine cannot have it (a tool or the file system lacks); "" if it can.
[[nodiscard]] std::string why_not(const LabFileSystem& setup);

class Mounting {
 public:
  Mounting(const LabFileSystem& setup, std::string device, const std::string& folder);
  Mounting(const Mounting&) = delete;
  Mounting& operator=(const Mounting&) = delete;
  ~Mounting();  // unmounts

  [[nodiscard]] std::string make();
  [[nodiscard]] std::string mount();
  [[nodiscard]] std::string unmount();
  // What the repair tool of the file system makes of it; not while it is mounted.
  [[nodiscard]] std::string repair() const;
  // Where workloads run.
  [[nodiscard]] const std::string& root() const noexcept;

 private:
  [[nodiscard]] std::string mount_overlay();

  const LabFileSystem& setup_;
  std::string device_;
  std::string disk_root_;
  std::string overlay_root_;
  bool disk_mounted_ = false;
  bool overlay_mounted_ = false;
};

}  // namespace untorn::lab
