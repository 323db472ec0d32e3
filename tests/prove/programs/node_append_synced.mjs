// SPDX-License-Identifier: Apache-2.0
// Appends lines, each with fdatasync before it is acknowledged.
//
//: file journal.log text "start\n"
//: arguments --expect atomic,durable --ack ^saved
//: verdict proved
//: class journal.log log
import fs from "node:fs";

const log = fs.openSync("journal.log", "a");
for (let number = 1; number <= 2; number++) {
  fs.writeSync(log, `record ${number}\n`);
  fs.fdatasyncSync(log);
  fs.writeSync(1, `saved ${number}\n`);
}
fs.closeSync(log);
