// SPDX-License-Identifier: Apache-2.0
#include "languages/python/apis.h"

#include <algorithm>
#include <array>
#include <span>

namespace untorn::languages {
namespace {

using enum ApiForm;
using Kind = OperationKind;

constexpr Api opening(std::string_view name, std::string_view file, Content content,
                      std::uint8_t mode = 1) {
  return {.name = name,
          .form = opens,
          .kind = Kind::read,
          .target_name = file,
          .other = mode,
          .other_name = "mode",
          .content = content};
}
constexpr Api moving(std::string_view name, Kind kind) {
  return {.name = name,
          .form = moves,
          .kind = kind,
          .target = 1,
          .target_name = "dst",
          .other = 0,
          .other_name = "src"};
}
constexpr Api writing(std::string_view name, std::uint8_t target, std::string_view target_name,
                      Content content) {
  return {.name = name,
          .form = whole,
          .kind = Kind::create,
          .target = target,
          .target_name = target_name,
          .content = content,
          .needs_path = true};
}
constexpr Api reading(std::string_view name, Content content) {
  return {.name = name,
          .form = whole,
          .kind = Kind::read,
          .target = 0,
          .content = content,
          .needs_path = true};
}
constexpr Api removing(std::string_view name) {
  return {.name = name, .form = removes, .kind = Kind::unlink, .target_name = "path"};
}
constexpr Api making_temporary(std::string_view name, std::uint8_t mode) {
  return {.name = name,
          .form = temporary,
          .kind = Kind::create_exclusively,
          .other = mode,
          .other_name = "mode"};
}

constexpr bool by_name(const Api& left, const Api& right) {
  return left.name < right.name;
}
template <std::size_t Size>
constexpr std::array<Api, Size> sorted(std::array<Api, Size> apis) {
  std::sort(apis.begin(), apis.end(), by_name);
  return apis;
}

constexpr auto apis = sorted(std::to_array<Api>({
    opening("open", "file", Content::unknown),
    opening("io.open", "file", Content::unknown),
    opening("file", "name", Content::unknown),
    opening("aiofiles.open", "file", Content::unknown),
    opening("anyio.open_file", "file", Content::unknown),
    opening("codecs.open", "filename", Content::text),
    opening("io.FileIO", "file", Content::bytes),
    opening("gzip.open", "filename", Content::unknown),
    opening("gzip.GzipFile", "filename", Content::bytes),
    opening("bz2.open", "filename", Content::unknown),
    opening("bz2.BZ2File", "filename", Content::bytes),
    opening("lzma.open", "filename", Content::unknown),
    opening("lzma.LZMAFile", "filename", Content::bytes),
    opening("tarfile.open", "name", Content::archive),
    opening("tarfile.TarFile", "name", Content::archive),
    opening("zipfile.ZipFile", "file", Content::archive),
    opening("zipfile.PyZipFile", "file", Content::archive),
    opening("wave.open", "f", Content::unknown),
    opening("os.fdopen", "fd", Content::unknown),
    {.name = "os.open",
     .form = opens_flags,
     .kind = Kind::read,
     .target_name = "path",
     .other = 1,
     .other_name = "flags"},
    moving("os.rename", Kind::rename),
    moving("os.renames", Kind::rename),
    moving("os.replace", Kind::rename),
    moving("shutil.move", Kind::move),
    moving("os.link", Kind::link),
    moving("os.symlink", Kind::link),
    moving("shutil.copy", Kind::copy),
    moving("shutil.copy2", Kind::copy),
    moving("shutil.copyfile", Kind::copy),
    removing("os.remove"),
    removing("os.unlink"),
    {.name = "os.truncate", .form = whole, .kind = Kind::update, .target_name = "path"},
    making_temporary("tempfile.mkstemp", 99),
    making_temporary("tempfile.NamedTemporaryFile", 0),
    writing("numpy.save", 0, "file", Content::bytes),
    writing("numpy.savez", 0, "file", Content::archive),
    writing("numpy.savez_compressed", 0, "file", Content::archive),
    writing("numpy.savetxt", 0, "fname", Content::text),
    writing("torch.save", 1, "f", Content::pickle),
    writing("joblib.dump", 1, "filename", Content::pickle),
    writing("matplotlib.pyplot.savefig", 0, "fname", Content::image),
    writing("matplotlib.pyplot.imsave", 0, "fname", Content::image),
    writing("cv2.imwrite", 0, "filename", Content::image),
    writing("imageio.imwrite", 0, "uri", Content::image),
    writing("imageio.imsave", 0, "uri", Content::image),
    reading("numpy.load", Content::bytes),
    reading("numpy.loadtxt", Content::text),
    reading("torch.load", Content::pickle),
    reading("joblib.load", Content::pickle),
    reading("pandas.read_csv", Content::csv),
    reading("pandas.read_json", Content::json),
    reading("pandas.read_pickle", Content::pickle),
    reading("pandas.read_parquet", Content::bytes),
    reading("linecache.getlines", Content::text),
    reading("runpy.run_path", Content::text),
    reading("tokenize.open", Content::text),
}));

constexpr auto methods = sorted(std::to_array<Api>({
    writing("to_csv", 0, "path_or_buf", Content::csv),
    writing("to_json", 0, "path_or_buf", Content::json),
    writing("to_pickle", 0, "path", Content::pickle),
    writing("to_excel", 0, "excel_writer", Content::archive),
    writing("to_parquet", 0, "path", Content::bytes),
    writing("to_feather", 0, "path", Content::bytes),
    writing("savefig", 0, "fname", Content::image),
}));

const Api* find_in(std::span<const Api> table, std::string_view name) noexcept {
  const auto found =
      std::lower_bound(table.begin(), table.end(), name,
                       [](const Api& api, std::string_view wanted) { return api.name < wanted; });
  return found != table.end() && found->name == name ? &*found : nullptr;
}

}  // namespace

const Api* find_api(std::string_view dotted) noexcept {
  return find_in(apis, dotted);
}

const Api* find_writing_method(std::string_view name) noexcept {
  return find_in(methods, name);
}

}  // namespace untorn::languages
