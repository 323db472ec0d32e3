// SPDX-License-Identifier: Apache-2.0
#include "languages/python/handle_apis.h"

#include <algorithm>
#include <array>
#include <span>

namespace untorn::languages {
namespace {

struct ApiContent {
  std::string_view api;
  Content content;
};
std::optional<Content> find_content(std::string_view api, std::span<const ApiContent> table) {
  for (const ApiContent& each : table) {
    if (each.api == api) return each.content;
  }
  return std::nullopt;
}

// What gives the text of a whole value.
constexpr std::array<ApiContent, 20> dumping = {{
    {"json.dumps", Content::json},
    {"orjson.dumps", Content::json},
    {"ujson.dumps", Content::json},
    {"rapidjson.dumps", Content::json},
    {"msgspec.json.encode", Content::json},
    {"yaml.dump", Content::yaml},
    {"yaml.safe_dump", Content::yaml},
    {"yaml.dump_all", Content::yaml},
    {"toml.dumps", Content::toml},
    {"tomli_w.dumps", Content::toml},
    {"tomlkit.dumps", Content::toml},
    {"rtoml.dumps", Content::toml},
    {"pickle.dumps", Content::pickle},
    {"dill.dumps", Content::pickle},
    {"cloudpickle.dumps", Content::pickle},
    {"marshal.dumps", Content::pickle},
    {"plistlib.dumps", Content::unknown},
    {"jsonpickle.encode", Content::json},
    {"repr", Content::text},
    {"str", Content::text},
}};

// What writes a whole value into the open file that it is given.
constexpr std::array<ApiContent, 22> dumping_into = {{
    {"json.dump", Content::json},          {"ujson.dump", Content::json},
    {"rapidjson.dump", Content::json},     {"yaml.dump", Content::yaml},
    {"yaml.safe_dump", Content::yaml},     {"yaml.dump_all", Content::yaml},
    {"yaml.safe_dump_all", Content::yaml}, {"toml.dump", Content::toml},
    {"tomli_w.dump", Content::toml},       {"tomlkit.dump", Content::toml},
    {"rtoml.dump", Content::toml},         {"pickle.dump", Content::pickle},
    {"dill.dump", Content::pickle},        {"cloudpickle.dump", Content::pickle},
    {"marshal.dump", Content::pickle},     {"plistlib.dump", Content::unknown},
    {"joblib.dump", Content::pickle},      {"torch.save", Content::pickle},
    {"numpy.save", Content::bytes},        {"numpy.savez", Content::bytes},
    {"numpy.savetxt", Content::text},      {"shutil.copyfileobj", Content::unknown},
}};

// What puts a writer around the open file.
constexpr std::array<ApiContent, 8> wrapping = {{
    {"csv.writer", Content::csv},
    {"csv.DictWriter", Content::csv},
    {"pickle.Pickler", Content::pickle},
    {"zipfile.ZipFile", Content::archive},
    {"tarfile.open", Content::archive},
    {"tarfile.TarFile", Content::archive},
    {"gzip.GzipFile", Content::unknown},
    {"xml.sax.saxutils.XMLGenerator", Content::text},
}};

template <std::size_t Size>
bool is_one_of(std::string_view name, const std::array<std::string_view, Size>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::optional<Content> dumped(std::string_view api) noexcept {
  return find_content(api, dumping);
}

std::optional<Content> dumped_into(std::string_view api) noexcept {
  return find_content(api, dumping_into);
}

std::optional<Content> written_through(std::string_view api) noexcept {
  return find_content(api, wrapping);
}

bool is_same_handle(std::string_view api) noexcept {
  static constexpr std::array<std::string_view, 8> names = {"contextlib.closing",
                                                            "io.TextIOWrapper",
                                                            "io.BufferedWriter",
                                                            "os.fdopen",
                                                            "io.BufferedRandom",
                                                            "codecs.getwriter",
                                                            "open",
                                                            "io.open"};
  return is_one_of(api, names);
}

bool is_harmless(std::string_view api) noexcept {
  static constexpr std::array<std::string_view, 22> names = {"os.close",
                                                             "os.fstat",
                                                             "os.fchmod",
                                                             "os.fchown",
                                                             "os.isatty",
                                                             "os.lseek",
                                                             "isinstance",
                                                             "hasattr",
                                                             "id",
                                                             "type",
                                                             "len",
                                                             "os.dup",
                                                             "os.set_inheritable",
                                                             "bool",
                                                             "os.get_inheritable",
                                                             "os.posix_fadvise",
                                                             "os.path.exists",
                                                             "os.fspath",
                                                             "os.stat",
                                                             "repr",
                                                             "os.set_blocking",
                                                             "getattr"};
  return is_one_of(api, names);
}

bool is_lock(std::string_view api) noexcept {
  static constexpr std::array<std::string_view, 6> names = {"fcntl.flock",      "fcntl.lockf",
                                                            "msvcrt.locking",   "fcntl.fcntl",
                                                            "portalocker.lock", "os.lockf"};
  return is_one_of(api, names) || api == "portalocker.unlock";
}

bool is_reading_method(std::string_view name) noexcept {
  static constexpr std::array<std::string_view, 6> names = {"read",     "readline", "readlines",
                                                            "readinto", "read1",    "__iter__"};
  return is_one_of(name, names);
}

bool is_neutral_member(std::string_view name) noexcept {
  static constexpr std::array<std::string_view, 14> names = {
      "close",    "flush",  "seek",   "tell",     "name",     "closed",   "mode",
      "encoding", "fileno", "isatty", "readable", "writable", "seekable", "newlines"};
  return is_one_of(name, names);
}

bool is_writing_method(std::string_view name) noexcept {
  static constexpr std::array<std::string_view, 10> names = {
      "write", "writelines", "writerow", "writerows", "writeheader",
      "dump",  "writestr",   "add",      "addfile",   "sendall"};
  return is_one_of(name, names);
}

}  // namespace untorn::languages
