// SPDX-License-Identifier: Apache-2.0
// fs.writeFileSync on the file itself truncates it first.
//
//: file settings.json json 300
//: verdict violated
//: class settings.json whole
//: violation engine=kill check=atomic path=settings.json observed=empty,short kept=@writes
//: violation engine=kill check=parse path=settings.json observed=unparseable,empty
//: violation engine=power check=atomic path=settings.json observed=empty,short kept=@writes
//: violation engine=power check=parse path=settings.json observed=unparseable,empty
import fs from "node:fs";

fs.writeFileSync("settings.json", JSON.stringify({ generation: 2 }) + "\n"); // line: writes
