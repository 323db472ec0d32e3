// SPDX-License-Identifier: Apache-2.0
// Untorn's own LineLog: what was acknowledged is whole in every state.
//
//: file activity.log text "start\n"
//: arguments --expect atomic,durable --ack ^saved --only activity.log
//: verdict proved
//: class activity.log log
#include <iostream>

#include "untorn/line_log.h"

int main() {
  auto log = untorn::LineLog::open("activity.log");
  if (!log) return 70;
  for (const char* line : {"task 1 begins", "task 1 ends"}) {
    if (!log->append(line)) return 70;
    std::cout << "saved " << line << std::endl;
  }
  return 0;
}
