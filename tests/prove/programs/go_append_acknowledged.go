// SPDX-License-Identifier: Apache-2.0
// Appends a line and tells that it is saved, before any Sync.
//
//: file journal.log text "one\n"
//: arguments --expect durable --ack ^saved
//: verdict violated
//: class journal.log log
//: clean kill
//: violation engine=power check=durable path=journal.log observed=old-after-ack,short,zeros
//:     lost=@appends
package main

import (
	"fmt"
	"os"
)

func main() {
	log, err := os.OpenFile("journal.log", os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(log, "two") // line: appends
	fmt.Println("saved two")
	if err := log.Sync(); err != nil {
		panic(err)
	}
}
