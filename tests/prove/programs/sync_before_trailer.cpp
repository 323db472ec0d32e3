// SPDX-License-Identifier: Apache-2.0
// The whole protocol with one line out of its place: the sync stands before the last write.
//
//: file settings.json json 300
//: verdict violated
//: class settings.json whole
//: clean kill
//: violation engine=power check=atomic path=settings.json observed=short,zeros,unparseable
//:     lost=@writes_trailer kept=@renames missing=fsync.of.the.file
//: violation engine=power check=durable-if-synced path=settings.json
//:     observed=short,zeros,unparseable lost=@writes_trailer
//: violation engine=power check=parse path=settings.json observed=unparseable,short,zeros
//:     lost=@writes_trailer kept=@renames
//: exhaustive yes
#include <string_view>

#include "program.h"

int main() {
  const std::string_view body = R"({"generation": 2, "entries": [1, 2, 3])";
  const std::string_view trailer = "}\n";
  const int file = must(open("settings.json.tmp", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  must_write(file, body.data(), body.size());
  must(fsync(file));
  must_write(file, trailer.data(), trailer.size());  // line: writes_trailer
  must(close(file));
  must(rename("settings.json.tmp", "settings.json"));  // line: renames
  sync_directory(".");
  return 0;
}
