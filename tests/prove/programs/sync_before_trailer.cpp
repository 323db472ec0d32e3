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
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <string_view>

namespace {

int must(int result) {
  if (result < 0) {
    perror("system call");
    exit(70);
  }
  return result;
}

// It looks at what a write gave and does not write: the line of the write is its caller's.
void must_be_whole(ssize_t written, std::string_view text) {
  must(written == static_cast<ssize_t>(text.size()) ? 0 : -1);
}

}  // namespace

int main() {
  const std::string_view body = R"({"generation": 2, "entries": [1, 2, 3])";
  const std::string_view trailer = "}\n";
  const int file = must(open("settings.json.tmp", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  must_be_whole(write(file, body.data(), body.size()), body);
  must(fsync(file));
  must_be_whole(write(file, trailer.data(), trailer.size()), trailer);  // line: writes_trailer
  must(close(file));
  must(rename("settings.json.tmp", "settings.json"));  // line: renames
  const int directory = must(open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  must(fsync(directory));
  must(close(directory));
  return 0;
}
