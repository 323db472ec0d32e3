// SPDX-License-Identifier: Apache-2.0
//
// A library that is loaded while the program runs.
#include <stdlib.h>
#include <unistd.h>

void save_from_plugin(int file);

void save_from_plugin(int file) {
  if (write(file, "MARK", 4) < 0) abort();  // line of save_from_plugin
}
