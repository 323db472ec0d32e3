// SPDX-License-Identifier: Apache-2.0

// Go's renameio, and os.WriteFile, as a peer of bench/run; the protocol stands in ../cpp/serve.h.
package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/renameio/v2"
)

type save func(path string, content []byte) error

var variants = map[string]save{
	"renameio": func(path string, content []byte) error {
		return renameio.WriteFile(path, content, 0o644)
	},
	"os.WriteFile": func(path string, content []byte) error {
		return os.WriteFile(path, content, 0o644)
	},
}

var version atomic.Uint64

type order struct {
	folder                            string
	bytes, files, threads, operations int
}

func parse(line string) (order, error) {
	var o order
	_, err := fmt.Sscan(line, &o.folder, &o.bytes, &o.files, &o.threads, &o.operations)
	if err == nil && (o.threads < 1 || o.files < o.threads) {
		err = fmt.Errorf("not FOLDER BYTES FILES THREADS OPERATIONS: %s", line)
	}
	return o, err
}

// The nanoseconds of each operation of one thread.
func timed(s save, o order, thread int, announce bool) ([]int64, error) {
	var paths []string
	for file := thread; file < o.files; file += o.threads {
		paths = append(paths, filepath.Join(o.folder, fmt.Sprintf("file-%d", file)))
	}
	content := []byte(strings.Repeat("x", o.bytes))
	times := make([]int64, 0, o.operations)
	for operation := 0; operation < o.operations; operation++ {
		copy(content, fmt.Sprint(version.Add(1)))
		start := time.Now()
		for _, path := range paths {
			if err := s(path, content); err != nil {
				return nil, err
			}
		}
		times = append(times, time.Since(start).Nanoseconds())
		if announce {
			fmt.Println("saved")
		}
	}
	return times, nil
}

func carryOut(s save, o order, announce bool) ([]int64, error) {
	times := make([][]int64, o.threads)
	problems := make([]error, o.threads)
	var group sync.WaitGroup
	for thread := range times {
		group.Add(1)
		go func() {
			defer group.Done()
			times[thread], problems[thread] = timed(s, o, thread, announce)
		}()
	}
	group.Wait()
	var all []int64
	for thread := range times {
		if problems[thread] != nil {
			return nil, problems[thread]
		}
		all = append(all, times[thread]...)
	}
	return all, nil
}

func serve(s save, rest []string) error {
	if len(rest) > 0 {
		o, err := parse(strings.Join(rest, " "))
		if err == nil {
			_, err = carryOut(s, o, true)
		}
		return err
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		o, err := parse(lines.Text())
		if err != nil {
			return err
		}
		times, err := carryOut(s, o, false)
		if err != nil {
			return err
		}
		fmt.Println("done", strings.Trim(fmt.Sprint(times), "[]"))
	}
	return lines.Err()
}

func main() {
	if len(os.Args) != 2 && len(os.Args) != 7 || variants[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: PEER VARIANT [FOLDER BYTES FILES THREADS OPERATIONS]")
		os.Exit(2)
	}
	if err := serve(variants[os.Args[1]], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
