// SPDX-License-Identifier: Apache-2.0
#include "crash/sample_logs.h"

namespace untorn::crash {

namespace {

void orders(std::vector<SampleLog>& logs) {
  logs.push_back({"one_commit", [](LogMaker& m) {
                    m.initial_file("a", "old");
                    m.create("t");
                    m.write("t", 0, fill(600, 'n'));
                    m.sync_range("t", true);
                    m.rename("t", "a");
                    m.sync("a");
                    m.sync_directory("");
                    m.acknowledge("saved");
                  }});
  logs.push_back({"range_sync_before_a_commit_without_names", [](LogMaker& m) {
                    m.initial_file("a", fill(600, 'o'));
                    m.initial_file("b", "x");
                    m.write("a", 0, "n");
                    m.sync_range("a", true);
                    m.append("b", "y");
                    m.sync("b");
                    m.acknowledge("both");
                  }});
  logs.push_back({"range_syncs_that_do_not_cover_or_do_not_wait", [](LogMaker& m) {
                    m.create("t");
                    m.write("t", 0, fill(5000, 'n'));
                    m.sync_range("t", true, 4096, 904);
                    m.rename("t", "a");
                    m.sync_range("a");
                    m.create("b");
                  }});
  logs.push_back({"neighbour_that_syncs", [](LogMaker& m) {
                    m.initial_file("a", "old");
                    m.initial_file("b", "x");
                    m.create("t");
                    m.write("t", 0, "new");
                    m.sync("t");
                    m.rename("t", "a");
                    m.append("b", "y");
                    m.sync("b");
                    m.acknowledge("saved");
                  }});
  logs.push_back({"sync_of_a_file_that_did_not_change", [](LogMaker& m) {
                    m.initial_file("a", "old");
                    m.initial_file("b", "x");
                    m.rename("a", "c");
                    m.write("b", 0, "y");
                    m.sync("b");
                    m.sync_data("c");
                  }});
  logs.push_back({"truncation_among_names", [](LogMaker& m) {
                    m.initial_file("a", fill(5000, 'o'));
                    m.write("a", 0, fill(300, '1'));
                    m.create("b");
                    m.truncate("a", 4096);
                    m.write("a", 4096, "2");
                    m.link("a", "c");
                    m.truncate("a", 100);
                    m.sync_directory("");
                  }});
  logs.push_back({"truncation_of_an_unlinked_file", [](LogMaker& m) {
                    m.initial_file("a", fill(600, 'o'));
                    m.initial_file("b", "x");
                    m.truncate("a", 10);
                    m.unlink("a");
                    m.append("b", "y");
                    m.sync_range("b", true);
                    m.create("c");
                  }});
}

void writes_of_one_block(std::vector<SampleLog>& logs) {
  logs.push_back({"two_writes_of_a_block_as_one_request", [](LogMaker& m) {
                    m.initial_file("a", fill(3072, 'o'));
                    m.write("a", 3072, fill(1024, '1'));
                    m.write("a", 0, fill(3072, '2'));
                  }});
  logs.push_back({"two_writes_of_a_block_with_a_sync_between", [](LogMaker& m) {
                    m.initial_file("a", fill(3072, 'o'));
                    m.write("a", 3072, fill(1024, '1'));
                    m.sync_data("a");
                    m.write("a", 0, fill(3072, '2'));
                    m.write("a", 600, fill(1200, '3'));
                  }});
  logs.push_back({"writes_of_a_block_around_a_truncation_inside_it", [](LogMaker& m) {
                    m.initial_file("a", fill(4096, 'o'));
                    m.write("a", 1000, fill(2000, '1'));
                    m.truncate("a", 1500);
                    m.write("a", 0, fill(600, '2'));
                    m.append("a", fill(1100, '3'));
                  }});
}

void unusual_syncs(std::vector<SampleLog>& logs) {
  logs.push_back({"sync_of_a_range", [](LogMaker& m) {
                    m.initial_file("a", fill(4096, 'o'));
                    m.write("a", 0, fill(100, '1'));
                    m.write("a", 4096, fill(4196, '2'));
                    m.sync_part("a", 4096, 50);
                    m.acknowledge("the second block");
                    m.write("a", 8300, "3");
                  }});
  logs.push_back({"sync_of_a_range_after_a_truncation", [](LogMaker& m) {
                    m.initial_file("a", fill(5000, 'o'));
                    m.truncate("a", 600);
                    m.write("a", 0, fill(10, '1'));
                    m.sync_part("a", 0, 10);
                    m.write("a", 600, "2");
                  }});
  logs.push_back({"sync_after_one_that_failed", [](LogMaker& m) {
                    m.initial_file("a", "old");
                    m.write("a", 0, "new");
                    m.sync_failed("a");
                    m.sync("a");
                    m.acknowledge("saved");
                    m.create("b");
                    m.sync_failed("");
                    m.sync_directory("");
                    m.sync_all();
                  }});
  logs.push_back({"sync_that_another_thread_overlapped", [](LogMaker& m) {
                    m.initial_file("a", "old");
                    m.write("a", 0, "1");
                    m.write("a", 1, "2");
                    m.overlap(1, 1);
                    m.sync("a");
                    m.overlap(2, 1);
                    m.acknowledge("saved");
                  }});
  logs.push_back({"truncations_that_overlap_a_range_sync", [](LogMaker& m) {
                    m.initial_file("a", fill(1300, 'o'));
                    m.sync_range("a", true);
                    m.overlap(1, 0);
                    m.truncate("a", 600);
                    m.overlap(1, 0);
                    m.truncate("a", 0);
                    m.overlap(2, 0);
                  }});
  logs.push_back({"rename_between_directories_parted_by_a_sync", [](LogMaker& m) {
                    m.initial_directory("d");
                    m.initial_file("d/a", "1");
                    m.initial_file("b", "2");
                    m.rename("d/a", "b");
                    m.sync_directory("");
                    m.acknowledge("moved");
                  }});
  logs.push_back({"names_that_two_threads_changed", [](LogMaker& m) {
                    m.initial_file("a", "old");
                    m.create("b");
                    m.rename("a", "c");
                    m.overlap(1, 0);
                    m.create("d");
                    m.overlap(2, 1);
                    m.unlink("b");
                    m.sync_directory("");
                    m.overlap(1, 2);
                  }});
}

}  // namespace

void add_sync_logs(std::vector<SampleLog>& logs) {
  orders(logs);
  writes_of_one_block(logs);
  unusual_syncs(logs);
}

}  // namespace untorn::crash
