// SPDX-License-Identifier: Apache-2.0
#include "crash/sample_logs.h"

namespace untorn::crash {

namespace {

void replacements(std::vector<SampleLog>& logs) {
  logs.push_back({"replace", [](LogMaker& m) {
                    m.initial_file("a", "old");
                    m.create("t");
                    m.write("t", 0, fill(5000, 'n'));
                    m.sync("t");
                    m.rename("t", "a");
                    m.sync_directory("");
                    m.acknowledge("saved");
                  }});
  logs.push_back({"replace_with_acknowledgement_before_the_directory_sync", [](LogMaker& m) {
                    m.initial_file("a", "old");
                    m.create("t");
                    m.write("t", 0, "new");
                    m.sync("t");
                    m.rename("t", "a");
                    m.acknowledge("saved");
                    m.sync_directory("");
                  }});
  logs.push_back({"replace_without_sync", [](LogMaker& m) {
                    m.initial_file("a", "old");
                    m.create("t");
                    m.write("t", 0, fill(5000, 'n'));
                    m.rename("t", "a");
                    m.acknowledge("saved");
                  }});
  logs.push_back({"replace_with_directory_sync_only", [](LogMaker& m) {
                    m.initial_file("a", "old");
                    m.create("t");
                    m.write("t", 0, fill(600, 'n'));
                    m.rename("t", "a");
                    m.sync_directory("");
                    m.acknowledge("saved");
                  }});
  logs.push_back({"new_file_without_directory_sync", [](LogMaker& m) {
                    m.create("a");
                    m.write("a", 0, "new");
                    m.sync("a");
                    m.acknowledge("saved");
                  }});
  logs.push_back({"two_replacements_of_one_name", [](LogMaker& m) {
                    m.initial_file("a", "0");
                    for (const char* content : {"1", "2"}) {
                      m.create("t");
                      m.write("t", 0, content);
                      m.sync_data("t");
                      m.rename("t", "a");
                      m.acknowledge(content);
                    }
                  }});
}

void unusual_replacements(std::vector<SampleLog>& logs) {
  logs.push_back({"unlink_before_rename", [](LogMaker& m) {
                    m.initial_file("a", "old");
                    m.create("t");
                    m.write("t", 0, "new");
                    m.sync("t");
                    m.unlink("a");
                    m.rename("t", "a");
                    m.sync_directory("");
                  }});
  logs.push_back({"exchange", [](LogMaker& m) {
                    m.initial_file("a", "old");
                    m.create("t");
                    m.write("t", 0, "new");
                    m.exchange("t", "a");
                    m.unlink("t");
                  }});
  logs.push_back({"exchange_then_sync_of_a_file", [](LogMaker& m) {
                    m.initial_file("a", "old");
                    m.create("t");
                    m.write("t", 0, "new");
                    m.sync("t");
                    m.exchange("t", "a");
                    m.sync("a");
                    m.unlink("t");
                    m.sync("a");
                  }});
  logs.push_back({"unnamed_file_linked", [](LogMaker& m) {
                    const InodeId file = m.create_unnamed();
                    m.write_inode(file, 0, fill(4097, 'n'));
                    m.sync_inode(file);
                    m.link_inode(file, "a");
                    m.sync_directory("");
                  }});
  logs.push_back({"unnamed_file_linked_without_sync", [](LogMaker& m) {
                    const InodeId file = m.create_unnamed();
                    m.write_inode(file, 0, fill(4097, 'n'));
                    m.link_inode(file, "t");
                    m.rename("t", "a");
                    m.sync_directory("");
                  }});
  logs.push_back({"backup_by_link", [](LogMaker& m) {
                    m.initial_file("a", "old");
                    m.link("a", "a.bak");
                    m.create("t");
                    m.write("t", 0, "new");
                    m.rename("t", "a");
                    m.sync_all();
                    m.unlink("a.bak");
                  }});
}

void contents(std::vector<SampleLog>& logs) {
  logs.push_back({"truncate_in_place", [](LogMaker& m) {
                    m.initial_file("a", fill(5000, 'o'));
                    m.truncate("a", 0);
                    m.write("a", 0, fill(4500, 'n'));
                    m.sync("a");
                    m.acknowledge("saved");
                  }});
  logs.push_back({"overwrite_in_place", [](LogMaker& m) {
                    m.initial_file("a", fill(9000, 'o'));
                    m.write("a", 100, fill(8000, 'n'));
                    m.sync_data("a");
                    m.acknowledge("saved");
                  }});
  logs.push_back({"append", [](LogMaker& m) {
                    m.initial_file("a", fill(4000, 'o'));
                    m.append("a", fill(200, '1'));
                    m.append("a", "2");
                  }});
  logs.push_back({"log_with_sync_data", [](LogMaker& m) {
                    m.initial_file("a", "x");
                    for (const char* record : {"1\n", "2\n", "3\n"}) {
                      m.append("a", record);
                      m.sync_data("a");
                      m.acknowledge(record);
                    }
                    m.append("a", "4\n");
                  }});
  logs.push_back({"log_with_range_sync", [](LogMaker& m) {
                    m.create("a");
                    m.sync_directory("");
                    m.append("a", "1\n");
                    m.sync_range("a");
                    m.acknowledge("1");
                    m.append("a", "2\n");
                  }});
}

void sizes(std::vector<SampleLog>& logs) {
  logs.push_back({"truncate_then_extend", [](LogMaker& m) {
                    m.initial_file("a", fill(5000, 'o'));
                    m.truncate("a", 700);
                    m.truncate("a", 4800);
                    m.write("a", 4700, "n");
                  }});
  logs.push_back({"shrink_and_write_into_the_divided_block", [](LogMaker& m) {
                    m.initial_file("a", fill(1600, 'o'));
                    m.write("a", 1500, fill(200, '1'));
                    m.truncate("a", 1000);
                    m.write("a", 1100, "2");
                    m.sync("a");
                    m.write("a", 0, "3");
                  }});
  logs.push_back({"shrink_twice_and_grow", [](LogMaker& m) {
                    m.initial_file("a", fill(9000, 'o'));
                    m.truncate("a", 4096);
                    m.write("a", 4096, fill(700, '1'));
                    m.truncate("a", 0);
                    m.write("a", 4096, "2");
                  }});
  logs.push_back({"truncate_to_the_present_size", [](LogMaker& m) {
                    m.initial_file("a", "old");
                    m.truncate("a", 3);
                    m.write("a", 0, "n");
                  }});
}

void blocks(std::vector<SampleLog>& logs) {
  logs.push_back({"two_writes_to_one_block", [](LogMaker& m) {
                    m.initial_file("a", fill(2000, 'o'));
                    m.write("a", 0, fill(1500, '1'));
                    m.write("a", 1000, fill(1000, '2'));
                  }});
  logs.push_back({"unaligned_write_over_block_boundaries", [](LogMaker& m) {
                    m.create("a");
                    m.sync_directory("");
                    m.write("a", 4000, fill(4300, 'n'));
                  }});
  logs.push_back({"write_beyond_a_hole", [](LogMaker& m) {
                    m.create("a");
                    m.write("a", 20000, "n");
                    m.sync("a");
                    m.write("a", 100, "m");
                  }});
  logs.push_back({"same_bytes_again", [](LogMaker& m) {
                    m.initial_file("a", fill(5000, 'o'));
                    m.write("a", 0, fill(5000, 'o'));
                  }});
  logs.push_back({"overwrite_and_extend_an_append", [](LogMaker& m) {
                    m.initial_file("a", fill(1300, 'o'));
                    m.write("a", 1300, "1");
                    m.write("a", 0, fill(4200, '2'));
                  }});
  logs.push_back({"shrink_after_a_sync_of_everything", [](LogMaker& m) {
                    m.initial_file("a", fill(1300, 'o'));
                    m.initial_file("b", "old");
                    m.write("b", 0, "new");
                    m.sync_all();
                    m.truncate("a", 600);
                  }});
  logs.push_back({"zeros_beyond_the_end", [](LogMaker& m) {
                    m.create("a");
                    m.write("a", 0, fill(5000, '\0'));
                  }});
}

void names(std::vector<SampleLog>& logs) {
  logs.push_back({"directories_and_a_rename_between_them", [](LogMaker& m) {
                    m.make_directory("d");
                    m.create("d/t");
                    m.write("d/t", 0, "new");
                    m.sync("d/t");
                    m.make_directory("e");
                    m.rename("d/t", "e/a");
                    m.sync_directory("e");
                    m.acknowledge("moved");
                  }});
  logs.push_back({"rename_chain_forced_by_its_last_directory", [](LogMaker& m) {
                    m.initial_directory("d");
                    m.initial_directory("e");
                    m.create("x");
                    m.rename("x", "d/y");
                    m.rename("d/y", "e/z");
                    m.sync_directory("e");
                    m.create("d/y");
                  }});
  logs.push_back({"name_passed_along", [](LogMaker& m) {
                    m.initial_file("a", "1");
                    m.rename("a", "x");
                    m.rename("x", "y");
                    m.rename("y", "b");
                  }});
  logs.push_back({"links_and_unlinks", [](LogMaker& m) {
                    m.initial_file("a", "one");
                    m.link("a", "b");
                    m.unlink("a");
                    m.write("b", 3, " two");
                    m.link("b", "a");
                    m.sync("a");
                  }});
  logs.push_back({"sync_of_everything", [](LogMaker& m) {
                    m.create("a");
                    m.write("a", 0, "1");
                    m.sync_all();
                    m.acknowledge("1");
                    m.write("a", 0, "2");
                    m.create("b");
                    m.sync_all();
                  }});
}

void directory_below_itself(std::vector<SampleLog>& logs) {
  // Where renames are parted the directory at "d" may come to lie below itself.
  logs.push_back({"directory_that_takes_in_the_one_above_it", [](LogMaker& m) {
                    m.initial_file("a", fill(1300, 'o'));
                    m.initial_directory("d");
                    m.initial_file("d/b", "old");
                    m.unlink("d/b");
                    m.make_directory("d/b");
                    m.exchange("d/b", "a");
                    m.exchange("d", "a");
                    m.sync_directory("");
                    m.rename("a", "d/c");
                  }});
}

void whole_directories(std::vector<SampleLog>& logs) {
  logs.push_back({"directory_renamed", [](LogMaker& m) {
                    m.initial_directory("d");
                    m.initial_file("d/a", "old");
                    m.rename("d", "e");
                    m.create("e/b");
                    m.write("e/b", 0, "new");
                    m.sync_directory("");
                  }});
  logs.push_back({"directory_renamed_twice", [](LogMaker& m) {
                    m.make_directory("d");
                    m.create("d/a");
                    m.rename("d", "e");
                    m.make_directory("d");
                    m.rename("e/a", "d/a");
                    m.remove_directory("e");
                  }});
  logs.push_back({"directories_exchanged", [](LogMaker& m) {
                    m.initial_directory("d");
                    m.initial_file("d/a", "1");
                    m.make_directory("e");
                    m.create("e/a");
                    m.write("e/a", 0, "2");
                    m.exchange("d", "e");
                    m.unlink("e/a");
                  }});
  logs.push_back({"symbolic_links", [](LogMaker& m) {
                    m.initial_file("a", "1");
                    m.make_symlink("l", "a");
                    m.make_symlink("t", "b");
                    m.rename("t", "l");
                    m.sync_directory("");
                  }});
  logs.push_back({"unlink_and_create_again", [](LogMaker& m) {
                    m.initial_file("a", "old");
                    m.unlink("a");
                    m.create("a");
                    m.write("a", 0, "new");
                    m.sync("a");
                  }});
  logs.push_back({"deep_new_directories", [](LogMaker& m) {
                    m.make_directory("d");
                    m.make_directory("d/e");
                    m.create("d/e/a");
                    m.write("d/e/a", 0, "n");
                    m.sync("d/e/a");
                    m.sync_directory("d/e");
                    m.sync_directory("d");
                  }});
  logs.push_back({"two_files_written_together", [](LogMaker& m) {
                    m.create("a");
                    m.create("b");
                    m.write("a", 0, fill(600, '1'));
                    m.write("b", 0, fill(600, '2'));
                    m.sync("b");
                    m.sync_directory("");
                  }});
  logs.push_back({"nothing", [](LogMaker& m) {
                    m.initial_file("a", "old");
                    m.acknowledge("nothing to do");
                  }});
}

}  // namespace

const std::vector<SampleLog>& sample_logs() {
  static const std::vector<SampleLog> logs = [] {
    std::vector<SampleLog> made;
    replacements(made);
    unusual_replacements(made);
    contents(made);
    sizes(made);
    blocks(made);
    names(made);
    whole_directories(made);
    directory_below_itself(made);
    add_sync_logs(made);
    return made;
  }();
  return logs;
}

}  // namespace untorn::crash
