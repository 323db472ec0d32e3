// SPDX-License-Identifier: Apache-2.0
// The classic protocol in Go, the directory included.
//
//: file settings.json json 300
//: arguments --expect atomic,parse,durable
//: verdict proved
//: model ext4 proved
//: model kill proved
//: exhaustive yes
package main

import "os"

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	file, err := os.Create("settings.json.tmp")
	must(err)
	_, err = file.WriteString("{\"generation\": 2}\n")
	must(err)
	must(file.Sync())
	must(file.Close())
	must(os.Rename("settings.json.tmp", "settings.json"))
	directory, err := os.Open(".")
	must(err)
	must(directory.Sync())
	must(directory.Close())
}
