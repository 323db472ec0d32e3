// SPDX-License-Identifier: Apache-2.0
//
// Qt's QSaveFile.
#include <QSaveFile>
#include <QString>
#include <array>
#include <stdexcept>

#include "serve.h"

namespace {

void save(const std::string& path, std::string_view content) {
  QSaveFile file(QString::fromStdString(path));
  const auto size = static_cast<qint64>(content.size());
  if (!file.open(QIODevice::WriteOnly) || file.write(content.data(), size) != size ||
      !file.commit()) {
    throw std::runtime_error(file.errorString().toStdString());
  }
}

}  // namespace

int main(int count, char** arguments) {
  const std::array variants = {peers::one_by_one("QSaveFile", save)};
  return peers::serve(std::span(arguments, static_cast<std::size_t>(count)), variants);
}
