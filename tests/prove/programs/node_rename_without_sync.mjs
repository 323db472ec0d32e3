// SPDX-License-Identifier: Apache-2.0
// fs.promises: a temporary file and a rename, and the flush left out.
//
//: file settings.json json 300
//: verdict violated
//: class settings.json whole
//: clean kill
//: violation engine=power check=atomic path=settings.json observed=empty lost=@writes
//:     kept=@renames missing=fsync.of.the.file
//: violation engine=power check=parse path=settings.json observed=unparseable,empty
import { rename, writeFile } from "node:fs/promises";

await writeFile("settings.json.tmp", JSON.stringify({ generation: 2 }) + "\n"); // line: writes
await rename("settings.json.tmp", "settings.json"); // line: renames
