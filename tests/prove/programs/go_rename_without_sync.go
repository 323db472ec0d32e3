// SPDX-License-Identifier: Apache-2.0
// A temporary file and a rename, as many Go programs do it, without Sync.
//
//: file settings.json json 300
//: verdict violated
//: class settings.json whole
//: clean kill
//: violation engine=power check=atomic path=settings.json observed=empty lost=@writes
//:     kept=@renames missing=fsync.of.the.file
//: violation engine=power check=parse path=settings.json observed=unparseable,empty lost=@writes
//:     kept=@renames
package main

import (
	"os"
	"path/filepath"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func save(path string, text []byte) {
	file, err := os.CreateTemp(filepath.Dir(path), "settings-*")
	must(err)
	_, err = file.Write(text) // line: writes
	must(err)
	must(file.Close())
	must(os.Rename(file.Name(), path)) // line: renames
}

func main() {
	save("settings.json", []byte("{\"generation\": 2}\n"))
}
