// SPDX-License-Identifier: Apache-2.0
// The classic protocol in Node, the directory included.
//
//: file settings.json json 300
//: arguments --expect atomic,parse,durable
//: verdict proved
//: exhaustive yes
import fs from "node:fs";

const file = fs.openSync("settings.json.tmp", "w");
fs.writeSync(file, JSON.stringify({ generation: 2 }) + "\n");
fs.fsyncSync(file);
fs.closeSync(file);
fs.renameSync("settings.json.tmp", "settings.json");
const directory = fs.openSync(".", "r");
fs.fsyncSync(directory);
fs.closeSync(directory);
