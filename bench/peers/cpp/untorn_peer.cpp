// SPDX-License-Identifier: Apache-2.0
//
// Untorn itself: one file at each level, with the protocol that the library picks and with the
// classic one; by path and in an open directory; many files as a Batch and as a Transaction.
#include <fcntl.h>

#include <array>
#include <memory>
#include <stdexcept>

#include "serve.h"
#include "untorn/batch.h"
#include "untorn/replace.h"
#include "untorn/transaction.h"

namespace {

using peers::SaveAll;
using peers::Variant;
using untorn::Durability;
using untorn::ProtocolChoice;
using untorn::ReplaceOptions;

template <typename T>
T value(untorn::Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

std::string_view name_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// One file after the other.
Variant replace(std::string_view name, Durability level,
                ProtocolChoice protocol = ProtocolChoice::automatic) {
  const ReplaceOptions options = {.durability = level, .protocol = protocol};
  return {name, [options](const std::string&) -> SaveAll {
            return [options](std::span<const std::string> paths, std::string_view content) {
              for (const std::string& path : paths) {
                (void)value(untorn::replace_file(path, content, options));
              }
            };
          }};
}

// The same in a directory that stays open.
SaveAll prepare_at(const std::string& folder) {
  const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) throw std::runtime_error("cannot open " + folder);
  auto& fs = untorn::posix_file_system();
  const auto owned = std::make_shared<untorn::OwnedHandle>(fs, untorn::Handle{directory});
  return [&fs, owned](std::span<const std::string> paths, std::string_view content) {
    for (const std::string& path : paths) {
      (void)value(untorn::replace_file_at(fs, owned->get(), name_of(path),
                                          std::as_bytes(std::span(content))));
    }
  };
}

Variant batch(std::string_view name, Durability level) {
  return {name, [level](const std::string&) -> SaveAll {
            return [level](std::span<const std::string> paths, std::string_view content) {
              untorn::Batch all({.durability = level});
              for (const std::string& path : paths) value(all.put(path, content));
              const untorn::BatchReceipt receipt = value(std::move(all).commit());
              if (receipt.failed != 0) throw std::runtime_error("files of a batch failed");
            };
          }};
}

SaveAll prepare_transaction(const std::string& folder) {
  return [folder](std::span<const std::string> paths, std::string_view content) {
    auto change = value(untorn::Transaction::begin(folder));
    for (const std::string& path : paths) value(change.put(name_of(path), content));
    (void)value(std::move(change).commit());
  };
}

}  // namespace

int main(int count, char** arguments) {
  const std::array variants = {
      replace("process", Durability::process),
      replace("ordered", Durability::ordered),
      replace("ordered-classic", Durability::ordered, ProtocolChoice::classic),
      replace("durable", Durability::durable),
      replace("durable-classic", Durability::durable, ProtocolChoice::classic),
      Variant{"durable-at", prepare_at},
      batch("batch-ordered", Durability::ordered),
      batch("batch-durable", Durability::durable),
      Variant{"transaction", prepare_transaction}};
  return peers::serve(std::span(arguments, static_cast<std::size_t>(count)), variants);
}
