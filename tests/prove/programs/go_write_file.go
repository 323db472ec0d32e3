// SPDX-License-Identifier: Apache-2.0
// os.WriteFile on the file itself truncates it first.
//
//: file settings.json json 300
//: verdict violated
//: class settings.json whole
//: violation engine=kill check=atomic path=settings.json observed=empty,short kept=@writes
//: violation engine=kill check=parse path=settings.json observed=unparseable,empty
//: violation engine=power check=atomic path=settings.json observed=empty,short kept=@writes
//: violation engine=power check=parse path=settings.json observed=unparseable,empty
package main

import "os"

func main() {
	text := []byte("{\"generation\": 2}\n")
	if err := os.WriteFile("settings.json", text, 0o644); err != nil { // line: writes
		panic(err)
	}
}
