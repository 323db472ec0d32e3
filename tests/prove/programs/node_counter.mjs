// SPDX-License-Identifier: Apache-2.0
// Reads a number, adds one and writes it back: a crash in between forgets the count.
//
//: file counter text "41\n"
//: verdict violated
//: class counter whole
//: violation engine=kill check=atomic path=counter observed=empty kept=@writes
//: violation engine=power check=atomic path=counter observed=empty kept=@writes
import fs from "node:fs";

const number = Number(fs.readFileSync("counter", "utf8"));
fs.writeFileSync("counter", `${number + 1}\n`); // line: writes
