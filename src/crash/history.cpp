// SPDX-License-Identifier: Apache-2.0
#include "crash/history.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <unordered_map>

#include "filesystem/operation_kinds.h"

namespace untorn::crash {

namespace {

// Directory loops cannot arise from calls that succeeded; a log that is wrong must not hang us.
constexpr std::size_t depth_max = 4096;

std::vector<std::string_view> components(std::string_view path) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    parts.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

}  // namespace

// Contents that were composed before: the last one of each inode, kept because every prefix of an
// append-only file is a view of it, and the one most recently asked for.
struct History::Impl::Cache {
  struct Entry {
    std::optional<Bytes> last;
    std::size_t recent_count = 0;  // of content operations
    std::optional<Bytes> recent;
  };
  std::mutex mutex;
  std::unordered_map<InodeId, Entry> entries;
};

History::Impl::Impl(const OperationLog& source)
    : log(source),
      names(source),
      contents(source.inodes.size()),
      modes_(source.inodes.size()),
      cache_(std::make_shared<Cache>()) {
  for (InodeId inode = 0; inode < source.inodes.size(); ++inode) {
    if (source.inodes[inode].type == FileType::regular) contents[inode] = {source, inode};
  }
  for (std::size_t index = 0; index < source.operations.size(); ++index) {
    const Operation& operation = source.operations[index];
    const auto number = static_cast<std::uint32_t>(index);
    identity = combine(identity, static_cast<std::uint64_t>(operation.kind));
    identity = combine(identity, std::uint64_t{operation.inode} << 32U | operation.directory);
    identity = combine(combine(identity, operation.offset), operation.size);
    switch (operation.kind) {
      case OperationKind::write:
      case OperationKind::truncate:
        if (source.inodes[operation.inode].type == FileType::regular) {
          contents[operation.inode].add(number);
        }
        break;
      case OperationKind::set_metadata:
        if (operation.name == "mode") {
          modes_[operation.inode].emplace_back(number, static_cast<std::uint32_t>(operation.size));
        }
        break;
      case OperationKind::make_symlink:
        targets_.emplace(operation.inode, operation.payload);
        break;
      case OperationKind::acknowledge:
        acknowledgements.push_back(number);
        break;
      default:
        break;
    }
  }
  for (Contents& content : contents) content.finish();
}

bool History::Impl::is_directory(InodeId inode) const noexcept {
  return inode != no_inode && log.inodes[inode].type == FileType::directory;
}

std::uint32_t History::Impl::mode_at(InodeId inode, std::size_t count) const noexcept {
  const auto& changes = modes_[inode];
  const auto after = std::ranges::lower_bound(changes, count, {}, [](const auto& change) {
    return static_cast<std::size_t>(change.first);
  });
  return after == changes.begin() ? log.inodes[inode].mode : std::prev(after)->second;
}

std::uint32_t History::Impl::acknowledged_before(std::size_t count) const noexcept {
  const auto after = std::ranges::lower_bound(acknowledgements, count);
  return static_cast<std::uint32_t>(after - acknowledgements.begin());
}

Bytes History::Impl::compose(InodeId inode, std::size_t count) const {
  const Contents& content = contents[inode];
  const std::uint32_t sizes = content.sizes_before(count);
  const std::uint64_t size = content.size_after(sizes);
  std::vector<std::byte> bytes(size);
  content.compose_untouched(sizes, bytes);
  std::array<std::byte, block_bytes> block;
  for (const BlockChain& chain : content.blocks()) {
    const std::uint64_t start = chain.block * block_bytes;
    if (start >= size) break;
    content.compose_block(chain, chain.steps_before(count), no_tear, sizes, block);
    const std::size_t visible = std::min(block_bytes, size - start);
    std::memcpy(bytes.data() + start, block.data(), visible);
  }
  return Bytes(std::move(bytes));
}

Bytes History::Impl::last_content(InodeId inode) const {
  std::optional<Bytes>& last = cache_->entries[inode].last;
  if (!last) {
    const Contents& content = contents[inode];
    const Operation& first = log.operations[content.operations().front()];
    // The most frequent file by far is written once, from its beginning.
    const bool one_write = content.only_appended() && content.operations().size() == 1 &&
                           content.initial().empty() && first.offset == 0;
    last = one_write ? first.payload : compose(inode, log.operations.size());
  }
  return *last;
}

std::optional<Bytes> History::Impl::appended_prefix(InodeId inode, std::uint64_t size) const {
  if (!contents[inode].touched() || !contents[inode].only_appended()) return std::nullopt;
  const std::scoped_lock lock(cache_->mutex);
  const auto last = std::make_shared<const Bytes>(last_content(inode));
  if (size > last->size()) return std::nullopt;
  return Bytes(last, last->view().first(size));
}

Bytes History::Impl::content_at(InodeId inode, std::size_t count) const {
  const Inode& source = log.inodes[inode];
  if (source.type != FileType::regular) {
    const auto target = targets_.find(inode);
    return target == targets_.end() ? source.content : target->second;
  }
  const Contents& content = contents[inode];
  const auto after = std::ranges::lower_bound(content.operations(), count);
  const auto changes = static_cast<std::size_t>(after - content.operations().begin());
  if (changes == 0) return source.initial ? source.content : Bytes();
  if (std::optional<Bytes> prefix =
          appended_prefix(inode, content.size_after(content.sizes_before(count)))) {
    return *prefix;
  }
  const std::scoped_lock lock(cache_->mutex);
  if (changes == content.operations().size()) return last_content(inode);
  Cache::Entry& entry = cache_->entries[inode];
  if (!entry.recent || entry.recent_count != changes) {
    entry.recent = compose(inode, count);
    entry.recent_count = changes;
  }
  return *entry.recent;
}

History::File History::Impl::file_without_content(InodeId inode, std::size_t count) const {
  return {inode, log.inodes[inode].type, {}, mode_at(inode, count)};
}

History::File History::Impl::file_at(InodeId inode, std::size_t count) const {
  File file = file_without_content(inode, count);
  file.content = content_at(inode, count);
  return file;
}

InodeId History::Impl::resolve(std::size_t count, const Path& path) const {
  InodeId inode = root_inode;
  for (const std::string_view part : components(path)) {
    const NameId name = names.find(inode, part);
    if (name == no_id) return no_inode;
    inode = names.inode_at(name, count);
    if (inode == no_inode) return no_inode;
  }
  return inode;
}

Path History::Impl::path_of_name(NameId name, std::size_t count) const {
  const Name& entry = names.names()[name];
  if (entry.directory == root_inode) return join({}, entry.text);
  const Path directory = path_at(entry.directory, count);
  return directory.empty() ? Path() : join(directory, entry.text);
}

Path History::Impl::path_at(InodeId inode, std::size_t count) const {
  Path path;
  for (std::size_t depth = 0; depth < depth_max; ++depth) {
    const std::span<const NameTable::Lease> leases = names.leases(inode);
    const auto lease = std::ranges::find_if(leases, [&](const NameTable::Lease& candidate) {
      return candidate.begin <= count && count < candidate.end;
    });
    if (lease == leases.end()) return {};
    const Name& name = names.names()[lease->name];
    path = path.empty() ? join({}, name.text) : join(join({}, name.text), path);
    if (name.directory == root_inode) return path;
    inode = name.directory;
  }
  return {};
}

void History::Impl::walk(InodeId directory, const Path& prefix, std::size_t count,
                         const std::function<void(const Path&, InodeId)>& visit) const {
  if (static_cast<std::size_t>(std::ranges::count(prefix, '/')) > depth_max) return;
  for (const NameId id : names.in_directory(directory)) {
    const InodeId inode = names.inode_at(id, count);
    if (inode == no_inode) continue;
    const Path path = join(prefix, names.names()[id].text);
    visit(path, inode);
    if (is_directory(inode)) walk(inode, path, count, visit);
  }
}

// The component "" stands below the root alone and leads to trees with absolute paths. A path ""
// is the root or nothing, so that the path of this component is written "/".
Path join(const Path& directory, std::string_view name) {
  if (directory.empty()) return name.empty() ? Path("/") : Path(name);
  if (directory == "/") return directory + Path(name);
  Path path;
  path.reserve(directory.size() + 1 + name.size());
  path.append(directory).append(1, '/').append(name);
  return path;
}

History::History(const OperationLog& log) : impl_(std::make_unique<Impl>(log)) {}
History::~History() = default;
History::History(History&&) noexcept = default;

const OperationLog& History::log() const noexcept {
  return impl_->log;
}

std::optional<History::File> History::file_at(std::size_t count, const Path& path) const {
  const InodeId inode = impl_->resolve(count, path);
  if (inode == no_inode) return std::nullopt;
  return impl_->file_at(inode, count);
}

std::vector<std::pair<Path, History::File>> History::tree_at(std::size_t count) const {
  std::vector<std::pair<Path, File>> tree;
  impl_->walk(root_inode, {}, count, [&](const Path& path, InodeId inode) {
    tree.emplace_back(path, impl_->file_at(inode, count));
  });
  std::ranges::sort(tree, {}, [](const auto& entry) -> const Path& { return entry.first; });
  return tree;
}

Path History::path_of(InodeId inode, std::size_t index) const {
  if (Path path = impl_->path_at(inode, index); !path.empty()) return path;
  // The name it had last before, else the first one that it got afterwards.
  Path best;
  std::uint32_t best_end = 0;
  for (const NameTable::Lease& lease : impl_->names.leases(inode)) {
    if (lease.end > index || lease.end <= best_end || lease.end <= lease.begin) continue;
    best_end = lease.end;
    best = impl_->path_of_name(lease.name, lease.end - 1);
  }
  if (!best.empty()) return best;
  for (const NameTable::Lease& lease : impl_->names.leases(inode)) {
    if (lease.begin > index) return impl_->path_of_name(lease.name, lease.begin);
  }
  return {};
}

std::vector<Path> History::touched_paths() const {
  const Impl& impl = *impl_;
  std::set<Path> paths;
  const auto add_names_at = [&](InodeId inode, std::size_t count) {
    for (const NameTable::Lease& lease : impl.names.leases(inode)) {
      if (lease.begin > count || count >= lease.end) continue;
      if (Path path = impl.path_of_name(lease.name, count); !path.empty()) {
        paths.insert(std::move(path));
      }
    }
  };
  // A file that a name change adds or takes away; of a directory, all that lie below it.
  const auto add_change = [&](NameId name, std::size_t count) {
    const InodeId inode = impl.names.inode_at(name, count);
    const Path path = inode == no_inode ? Path() : impl.path_of_name(name, count);
    if (path.empty()) return;
    if (!impl.is_directory(inode)) {
      paths.insert(path);
      return;
    }
    impl.walk(inode, path, count, [&](const Path& below, InodeId found) {
      if (!impl.is_directory(found)) paths.insert(below);
    });
  };
  for (const NameUnit& unit : impl.names.units()) {
    for (const NameChange& change : unit.changed()) {
      add_change(change.name, unit.operation);
      add_change(change.name, unit.operation + 1U);
    }
  }
  for (std::size_t index = 0; index < impl.log.operations.size(); ++index) {
    const Operation& operation = impl.log.operations[index];
    const bool changes_inode =
        changes_content(operation.kind) || operation.kind == OperationKind::set_metadata;
    if (!changes_inode || impl.is_directory(operation.inode)) continue;
    add_names_at(operation.inode, index);
  }
  return {paths.begin(), paths.end()};
}

}  // namespace untorn::crash
