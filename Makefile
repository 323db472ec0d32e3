# SPDX-License-Identifier: Apache-2.0
#
# A thin face over scripts/ and CMakePresets.json. Each target installs what it needs, so that two
# commands after a clone are enough: make demo, make test.
#
# PRESET=release|dev|asan|tsan chooses the build that `make test` tests; the others use release.

PRESET ?= release
JOBS ?= $(shell nproc)
QUIET := --log-level=NOTICE

# A tree that has never been configured for tests is built without them, so that the demo needs no
# test library; one that has keeps them, so that going back and forth rebuilds nothing.
first_time = $(if $(wildcard build/release/CMakeCache.txt),,-DUNTORN_BUILD_TESTS=OFF)

link_command = mkdir -p build/bin && ln -sfn ../release/src/cli/untorn build/bin/untorn && \
  ln -sfn release/python build/python

.DEFAULT_GOAL := help
.PHONY: help build demo test lab bench lint format fresh clean

help:
	@sed -n 's/^#: //p' Makefile

#: make build    the command build/bin/untorn and the library, in build/release
build:
	@scripts/bootstrap demo
	@cmake --preset release $(QUIET) $(first_time)
	@cmake --build --preset release
	@$(link_command)

#: make demo     build, then show what Untorn does, in under three minutes; DIR=path/to/code is
#:               scanned as well, and not changed
# The name reaches the script as it was typed, whatever characters are in it.
unexport DIR
demo: export UNTORN_DEMO_DIR := $(value DIR)
demo: build
	@scripts/demo

#: make test     build with tests, and run them all; PRESET=asan or tsan for a sanitizer build
test:
	@scripts/bootstrap test
	@cmake --preset $(PRESET) $(QUIET) -DUNTORN_BUILD_TESTS=ON
	@cmake --build --preset $(PRESET)
	@$(if $(filter release,$(PRESET)),$(link_command),:)
	@ctest --preset $(PRESET) --parallel $(JOBS) --output-junit junit.xml

#: make lab      what takes long: 5,000 kills of each program instead of 500, the wheel built from
#:               its source archive, and 5,000 power cuts of each real file system (docs/internals/
#:               lab.md; the table is written to build/lab/lab.md)
lab: build
	@scripts/bootstrap lab
	@cmake --preset release $(QUIET) -DUNTORN_BUILD_TESTS=ON
	@cmake --build --preset release
	@mkdir -p build/lab
	@UNTORN_LAB=1 UNTORN_KILLS=5000 UNTORN_LAB_RESULTS=$(CURDIR)/build/lab \
	  ctest --preset release --label-regex '^lab$$' --parallel $(JOBS)
	@python3 -B tests/crash/blockdev/table.py build/lab > build/lab/lab.md

#: make bench    measure, and write the table of docs/benchmarks.md
bench: build
	@scripts/bootstrap bench
	@bench/run

#: make lint     formatting, clang-tidy, shellcheck and the house rules; changes nothing
lint:
	@scripts/bootstrap lint
	@scripts/lint

#: make format   bring the C++ sources into the one format
format:
	@scripts/bootstrap lint
	@scripts/lint --format

#: make fresh    the clean room: clone, demo and test in a minimal Debian 12, as an ordinary user
fresh:
	@scripts/fresh

#: make clean    remove build/
clean:
	@rm -rf build
