// SPDX-License-Identifier: Apache-2.0
//
// kj::Directory::replaceFile of Cap'n Proto, as it stands, and with the syncs that its header asks
// for.
#include <kj/exception.h>
#include <kj/filesystem.h>

#include <array>
#include <memory>
#include <stdexcept>

#include "serve.h"

namespace {

class Saver {
 public:
  Saver(const std::string& folder, bool sync)
      : fs_(kj::newDiskFilesystem()),
        directory_(fs_->getRoot().openSubdir(fs_->getCurrentPath().evalNative(folder.c_str()),
                                             kj::WriteMode::MODIFY)),
        sync_(sync) {}

  void save(const std::string& path, std::string_view content) const {
    const std::string name = path.substr(path.rfind('/') + 1);
    auto replacer = directory_->replaceFile(kj::Path(name.c_str()),
                                            kj::WriteMode::CREATE | kj::WriteMode::MODIFY);
    replacer->get().writeAll(kj::StringPtr(content.data(), content.size()));
    if (sync_) replacer->get().sync();
    replacer->commit();
    if (sync_) directory_->sync();
  }

 private:
  kj::Own<kj::Filesystem> fs_;
  kj::Own<const kj::Directory> directory_;
  bool sync_;
};

peers::Variant variant(std::string_view name, bool sync) {
  return {name, [sync](const std::string& folder) -> peers::SaveAll {
            const auto saver = std::make_shared<Saver>(folder, sync);
            return [saver](std::span<const std::string> paths, std::string_view content) {
              try {
                for (const std::string& path : paths) saver->save(path, content);
              } catch (const kj::Exception& problem) {
                throw std::runtime_error(problem.getDescription().cStr());
              }
            };
          }};
}

}  // namespace

int main(int count, char** arguments) {
  const std::array variants = {variant("replaceFile", false), variant("replaceFile+sync", true)};
  return peers::serve(std::span(arguments, static_cast<std::size_t>(count)), variants);
}
