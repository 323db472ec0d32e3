// SPDX-License-Identifier: Apache-2.0
#include "untorn/in_place.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "filesystem/test_directory.h"
#include "untorn/etag.h"
#include "untorn/replace.h"
#include "write/sidecar.h"

namespace untorn {
namespace {

using test::read_path;
using test::write_path;

const std::string folder = "sidecars";
const std::string name_a = folder + "/.untorn-sidecar-0123456789abcdef0123456789abcdef";

ReplaceOptions in_place() {
  ReplaceOptions options;
  options.hard_links = HardLinkPolicy::in_place;
  options.sidecar = folder;
  return options;
}

class InPlace : public testing::Test {
 protected:
  explicit InPlace(MemoryOptions options = {})
      : fs({{.path = "d/a", .content = Bytes("old content"), .inode = 7},
            {.path = "d/b", .content = Bytes("old content"), .inode = 7},
            {.path = folder, .type = FileType::directory, .mode = 0700}},
           std::move(options)) {}

  Result<Receipt> replace(std::string_view content, const ReplaceOptions& options = in_place()) {
    return replace_file(fs, "d/a", test::as_bytes(content), options);
  }
  Status status(const std::string& path) {
    return fs.status_at(Handle::working_directory, path).value();
  }
  // A whole sidecar, as a killed writer leaves it.
  std::string sidecar_text(const std::string& content, const std::string& target = "d/a") {
    const Status about = status(target);
    const std::string line = write::sidecar_line({.path = target,
                                                  .device = about.device,
                                                  .inode = about.inode,
                                                  .born_ns = about.born_ns,
                                                  .mode = 0640});
    const Hash128 seed = hash128(line);
    const Hash128 hash = content.empty() ? seed : hash128(content, seed);
    return line + content + write::sidecar_end(content.size(), hash);
  }
  [[nodiscard]] std::vector<std::string> names() {
    const OwnedHandle opened(
        fs, fs.open(Handle::working_directory, folder, {.access = Access::directory}).value());
    std::vector<std::string> result;
    const std::vector<Entry> entries = fs.list(opened.get()).value();
    for (const Entry& entry : entries) {
      if (entry.name != ".untorn-in-place-lock") result.push_back(entry.name);
    }
    return result;
  }

  InMemoryFileSystem fs;
};

TEST_F(InPlace, all_names_get_the_content_and_the_file_stays_the_same_one) {
  const Status before = status("d/a");
  const auto receipt = replace("new");
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(receipt->protocol, Protocol::in_place);
  EXPECT_EQ(receipt->outcome, Outcome::applied);
  EXPECT_EQ(receipt->syncs, 4U);
  EXPECT_EQ(receipt->bytes, 3U);
  EXPECT_TRUE(receipt->existed);
  EXPECT_FALSE(receipt->hard_links_split);
  EXPECT_EQ(read_path(fs, "d/b"), "new");
  EXPECT_EQ(status("d/a").inode, before.inode);
  EXPECT_EQ(status("d/a").mode, before.mode);
  EXPECT_TRUE(names().empty());
  EXPECT_EQ(fs.open_handles(), 0U);
}

TEST_F(InPlace, a_file_with_one_name_is_replaced_by_a_rename_as_ever) {
  write_path(fs, "d/single", "old");
  const auto receipt = replace_file(fs, "d/single", test::as_bytes("new"), in_place());
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_NE(receipt->protocol, Protocol::in_place);
  EXPECT_TRUE(names().empty());
}

TEST_F(InPlace, without_a_sidecar_several_names_are_refused) {
  ReplaceOptions options = in_place();
  options.sidecar.reset();
  const auto receipt = replace("new", options);
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().code(), Code::has_hard_links);
  EXPECT_EQ(read_path(fs, "d/b"), "old content");
}

TEST_F(InPlace, the_mode_that_was_asked_for_is_set) {
  ReplaceOptions options = in_place();
  options.mode = 0600;
  ASSERT_TRUE(replace("new", options));
  EXPECT_EQ(status("d/b").mode, 0600U);
}

TEST_F(InPlace, a_streaming_writer_that_is_discarded_leaves_nothing) {
  {
    auto writer = FileReplacer::open(fs, "d/a", in_place());
    ASSERT_TRUE(writer) << writer.error();
    ASSERT_TRUE(writer->write("ne"));
    EXPECT_EQ(names().size(), 1U);
  }
  EXPECT_TRUE(names().empty());
  EXPECT_EQ(read_path(fs, "d/a"), "old content");
}

TEST_F(InPlace, pieces_are_put_together) {
  auto writer = FileReplacer::open(fs, "d/a", in_place());
  ASSERT_TRUE(writer) << writer.error();
  for (const std::string_view piece : {"ne", "", "w con", "tent, longer"}) {
    ASSERT_TRUE(writer->write(piece));
  }
  const auto receipt = std::move(*writer).commit();
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(read_path(fs, "d/b"), "new content, longer");
}

TEST_F(InPlace, a_target_that_is_another_file_meanwhile_is_left_alone) {
  auto writer = FileReplacer::open(fs, "d/a", in_place());
  ASSERT_TRUE(writer && writer->write("new"));
  write_path(fs, "d/other", "other");
  ASSERT_TRUE(fs.rename(Handle::working_directory, "d/other", Handle::working_directory, "d/a",
                        RenameMode::replace));
  const auto receipt = std::move(*writer).commit();
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().code(), Code::conflict);
  EXPECT_EQ(receipt.error().outcome(), Outcome::not_applied);
  EXPECT_EQ(read_path(fs, "d/a"), "other");
  EXPECT_EQ(read_path(fs, "d/b"), "old content");
  EXPECT_TRUE(names().empty());
}

TEST_F(InPlace, if_match_holds_here_too) {
  ReplaceOptions options = in_place();
  options.if_match = read_etag(fs, "d/a").value();
  options.mode = 0600;
  options.require_metadata = true;
  const auto receipt = replace("new", options);
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(receipt->etag, read_etag(fs, "d/b").value());
  const auto again = replace("newer", options);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Code::conflict);
  EXPECT_EQ(again.error().outcome(), Outcome::not_applied);
  options.if_match = "no etag of ours";
  EXPECT_FALSE(replace("newer", options));
  EXPECT_EQ(read_path(fs, "d/a"), "new");
  EXPECT_TRUE(names().empty());
}

TEST_F(InPlace, content_that_is_there_already_is_not_written_again) {
  ReplaceOptions options = in_place();
  options.skip_if_same = true;
  const auto receipt = replace("old content", options);
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_TRUE(receipt->unchanged);
  EXPECT_EQ(receipt->protocol, Protocol::none);
  const auto other = replace("new", options);
  ASSERT_TRUE(other) << other.error();
  EXPECT_EQ(other->protocol, Protocol::in_place);
  EXPECT_TRUE(names().empty());
}

TEST_F(InPlace, what_needs_a_rename_is_refused) {
  ReplaceOptions options = in_place();
  options.backups = 2;
  const auto with_backups = replace("new", options);
  ASSERT_FALSE(with_backups);
  EXPECT_EQ(with_backups.error().code(), Code::unsupported);
  options = in_place();
  options.if_match = read_etag(fs, "d/a").value();
  options.match = Match::detect;
  const auto detecting = replace("new", options);
  ASSERT_FALSE(detecting);
  EXPECT_EQ(detecting.error().code(), Code::unsupported);
  EXPECT_EQ(read_path(fs, "d/a"), "old content");
  EXPECT_TRUE(names().empty());
}

TEST_F(InPlace, set_user_id_and_a_capability_survive_the_write) {
  const OwnedHandle file(
      fs, fs.open(Handle::working_directory, "d/a", {.access = Access::read_write}).value());
  ASSERT_TRUE(fs.set_attribute(file.get(), "security.capability", "cap"));
  ASSERT_TRUE(fs.set_mode(file.get(), 06755));
  const auto receipt = replace("new");
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_TRUE(receipt->metadata_lost.empty());
  EXPECT_EQ(status("d/b").mode, 06755U);
  EXPECT_EQ(fs.get_attribute(file.get(), "security.capability").value(), "cap");
}

TEST_F(InPlace, recovery_finishes_a_whole_sidecar_with_its_mode) {
  write_path(fs, name_a, sidecar_text("new"), 0600);
  const auto recovered = recover_in_place(fs, folder);
  ASSERT_TRUE(recovered) << recovered.error();
  EXPECT_EQ(recovered->finished, std::vector<std::string>{"d/a"});
  EXPECT_EQ(read_path(fs, "d/b"), "new");
  EXPECT_EQ(status("d/a").mode, 0640U);
  EXPECT_TRUE(names().empty());
}

TEST_F(InPlace, recovery_of_an_empty_folder_makes_no_file_and_no_sync) {
  FaultFileSystem watched(fs);
  ASSERT_TRUE(recover_in_place(watched, folder));
  for (const CallSite& site : watched.sites()) {
    EXPECT_TRUE(site.call == Call::open || site.call == Call::list || site.call == Call::close)
        << to_string(site);
  }
}

TEST_F(InPlace, every_damaged_byte_is_noticed_and_nothing_is_written) {
  const std::string text = sidecar_text("new content that is longer");
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string damaged = text;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    write_path(fs, name_a, damaged, 0600);
    const auto recovered = recover_in_place(fs, folder);
    ASSERT_TRUE(recovered) << at << ": " << recovered.error();
    EXPECT_TRUE(recovered->finished.empty()) << at;
    EXPECT_EQ(recovered->damaged.size() + recovered->kept.size(), 1U) << at;
    EXPECT_EQ(read_path(fs, "d/a"), "old content") << at;
  }
}

TEST_F(InPlace, every_cut_is_noticed_and_set_aside) {
  const std::string text = sidecar_text("new");
  for (std::size_t length = 0; length < text.size(); ++length) {
    write_path(fs, name_a, text.substr(0, length), 0600);
    const auto recovered = recover_in_place(fs, folder);
    ASSERT_TRUE(recovered) << length;
    ASSERT_EQ(recovered->damaged.size(), 1U) << length;
    EXPECT_EQ(read_path(fs, "d/a"), "old content");
    EXPECT_EQ(read_path(fs, folder + "/" + recovered->damaged.front()), text.substr(0, length));
  }
}

TEST_F(InPlace, a_newer_format_is_neither_used_nor_removed) {
  std::string text = sidecar_text("new");
  text.replace(text.find(" 1 1 "), 5, " 2 2 ");
  write_path(fs, name_a, text, 0600);
  const auto recovered = recover_in_place(fs, folder);
  ASSERT_TRUE(recovered) << recovered.error();
  ASSERT_EQ(recovered->kept.size(), 1U);
  EXPECT_EQ(recovered->kept.front().why, "a newer version of Untorn wrote it");
  EXPECT_EQ(read_path(fs, name_a), text);
}

TEST_F(InPlace, a_target_that_is_gone_or_another_file_keeps_its_sidecar) {
  const std::string text = sidecar_text("new");
  write_path(fs, name_a, text, 0600);
  ASSERT_TRUE(fs.unlink(Handle::working_directory, "d/a"));
  for (int round = 0; round < 2; ++round) {
    const auto recovered = recover_in_place(fs, folder);
    ASSERT_TRUE(recovered) << recovered.error();
    ASSERT_EQ(recovered->kept.size(), 1U);
    EXPECT_EQ(recovered->kept.front().target, "d/a");
    EXPECT_EQ(read_path(fs, name_a), text);
    if (round == 0) write_path(fs, "d/a", "another");
  }
  EXPECT_EQ(read_path(fs, "d/a"), "another");
  EXPECT_EQ(read_path(fs, "d/b"), "old content");
}

TEST_F(InPlace, a_sidecar_that_others_may_write_or_that_has_two_names_is_not_believed) {
  write_path(fs, name_a, sidecar_text("new"), 0600);
  const OwnedHandle file(
      fs, fs.open(Handle::working_directory, name_a, {.access = Access::read_write}).value());
  ASSERT_TRUE(fs.set_mode(file.get(), 0622));
  EXPECT_EQ(recover_in_place(fs, folder)->kept.size(), 1U);
  ASSERT_TRUE(fs.set_mode(file.get(), 0600));
  ASSERT_TRUE(fs.link(Handle::working_directory, name_a, Handle::working_directory, "second"));
  EXPECT_EQ(recover_in_place(fs, folder)->kept.size(), 1U);
  ASSERT_TRUE(fs.set_owner(file.get(), 4242, 4242));
  ASSERT_TRUE(fs.unlink(Handle::working_directory, "second"));
  EXPECT_EQ(recover_in_place(fs, folder)->kept.size(), 1U);
  EXPECT_EQ(read_path(fs, "d/a"), "old content");
}

TEST_F(InPlace, a_dead_temporary_of_a_writer_is_discarded_and_a_strangers_is_not) {
  const std::string ours = folder + "/.untorn-tmp-0123456789abcdef0123456789abcdef";
  const std::string other = folder + "/.untorn-tmp-ffffffffffffffffffffffffffffffff";
  write_path(fs, ours, sidecar_text("new").substr(0, 80), 0600);
  const std::string whole_line = sidecar_text("new");
  write_path(fs, ours, whole_line.substr(0, whole_line.find('\n') + 2), 0600);
  write_path(fs, other, "half of something else", 0600);
  const auto recovered = recover_in_place(fs, folder);
  ASSERT_TRUE(recovered) << recovered.error();
  EXPECT_EQ(recovered->discarded, std::vector<std::string>{"d/a"});
  EXPECT_EQ(names(), std::vector<std::string>{".untorn-tmp-ffffffffffffffffffffffffffffffff"});
  EXPECT_EQ(read_path(fs, "d/a"), "old content");
}

TEST_F(InPlace, paths_with_every_byte_are_found_again) {
  std::string strange = "d/";
  for (int byte = 1; byte < 256; ++byte) {
    if (byte != '/') strange += static_cast<char>(byte);
  }
  strange.resize(2 + 250);
  ASSERT_TRUE(fs.link(Handle::working_directory, "d/a", Handle::working_directory, strange));
  write_path(fs, name_a, sidecar_text("new", strange), 0600);
  const auto recovered = recover_in_place(fs, folder);
  ASSERT_TRUE(recovered) << recovered.error();
  EXPECT_EQ(recovered->finished, std::vector<std::string>{strange});
}

class NetworkInPlace : public InPlace {
 protected:
  NetworkInPlace() : InPlace({.kind = {"nfs", false, true, true}}) {}
};

TEST_F(NetworkInPlace, where_locks_are_not_known_to_work_it_is_refused) {
  const auto receipt = replace("new");
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().code(), Code::unsupported);
  EXPECT_EQ(receipt.error().outcome(), Outcome::not_applied);
  EXPECT_EQ(read_path(fs, "d/a"), "old content");
  EXPECT_EQ(recover_in_place(fs, folder).error().code(), Code::unsupported);
}

class VolatileInPlace : public InPlace {
 protected:
  VolatileInPlace() : InPlace({.kind = {"tmpfs", true, false, true}}) {}
};

TEST_F(VolatileInPlace, where_nothing_survives_there_are_no_syncs) {
  const auto receipt = replace("new");
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(receipt->syncs, 0U);
  EXPECT_EQ(receipt->achieved, Durability::process);
  EXPECT_EQ(read_path(fs, "d/b"), "new");
}

}  // namespace
}  // namespace untorn
