// SPDX-License-Identifier: Apache-2.0
#include "prove/sandbox/sandbox.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "prove/sandbox/descriptor.h"
#include "prove/sandbox/parts.h"

namespace untorn::prove {
namespace {

Result<void> check_folder(const std::string& path, const char* role) {
  const auto refuse = [&](Code code, const std::string& why) {
    return std::unexpected(
        Error(code, Step::open_directory, Outcome::not_applied, 0, path, role + why));
  };
  if (path.empty() || path.front() != '/') {
    return refuse(Code::invalid_argument, " must be an absolute path");
  }
  if (path == "/") {
    return refuse(Code::invalid_argument, " cannot be the root directory of the machine");
  }
  struct stat status = {};
  if (::lstat(path.c_str(), &status) != 0) {
    return std::unexpected(sandbox_error(errno, path, std::string(role) + " cannot be read"));
  }
  if (!S_ISDIR(status.st_mode)) return refuse(Code::invalid_argument, " is not a directory");
  return {};
}

Result<void> check_options(const SandboxOptions& options) {
  if (auto checked = check_folder(options.root, "the root of the run"); !checked) return checked;
  for (const std::string& also : options.also) {
    if (auto checked = check_folder(also, "the extra folder"); !checked) return checked;
    if (also == options.root || is_below(also, options.root) || is_below(options.root, also)) {
      return std::unexpected(Error(Code::invalid_argument, Step::open_directory,
                                   Outcome::not_applied, 0, also,
                                   "the extra folder and the root lie inside one another"));
    }
  }
  return {};
}

// Entering cannot be undone, so a child tries it first; it answers with the reason why it could
// not, or with nothing. It tries overlays, which every tree may need, and copies nothing, unless
// overlays would not do.
std::string why_no_namespaces(SandboxOptions options, Users users, const std::string& foreign) {
  if (foreign.empty()) options.small_bytes_max = 0;
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return "no pipe for the attempt";
  Descriptor reader(ends[0]);
  Descriptor writer(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return "no process for the attempt";
  if (child == 0) {
    auto entered = enter_namespaces(options, users, foreign);
    const std::string why = entered ? "+" : entered.error().message();
    const bool told = ::write(writer.get(), why.data(), why.size()) > 0;
    ::_exit(told ? 0 : 1);
  }
  writer.reset();
  std::string answer;
  char buffer[512];
  for (;;) {
    const ssize_t count = ::read(reader.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    answer.append(buffer, static_cast<std::size_t>(count));
  }
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (answer == "+") return {};
  return answer.empty() ? "the attempt died" : answer;
}

}  // namespace

bool is_below(std::string_view path, std::string_view folder) {
  if (folder == "/") return path.size() > 1 && path.front() == '/';
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

Error sandbox_error(int os_errno, std::string path, std::string what) {
  return Error::from_errno(os_errno, Step::open_directory, Outcome::not_applied, std::move(path),
                           std::move(what));
}

std::vector<StatePlace> Sandbox::state_places() const {
  std::vector<StatePlace> places;
  for (const Tree& tree : trees()) places.push_back({tree.path, tree.prefix});
  return places;
}

Result<std::vector<Tree>> Sandbox::keep_state(const Difference& /*state*/) {
  return std::unexpected(Error(Code::unsupported, Step::open_directory, Outcome::not_applied, 0,
                               trees().front().path,
                               "recoveries are not crashed: they need namespaces"));
}

Result<std::unique_ptr<Sandbox>> Sandbox::enter(const SandboxOptions& options) {
  if (auto checked = check_options(options); !checked) return std::unexpected(checked.error());
  if (options.force_copy) return enter_copy(options, "a copy was asked for");
  const std::string foreign = find_foreign_entry(options);
  std::string why = why_no_namespaces(options, Users::own_namespace, foreign);
  if (why.empty()) return enter_namespaces(options, Users::own_namespace, foreign);
  // Root needs no user namespace; without one, an overlay may cover a folder that holds mounts.
  if (::geteuid() == 0 && why_no_namespaces(options, Users::present_namespace, "").empty()) {
    return enter_namespaces(options, Users::present_namespace, "");
  }
  auto copied = enter_copy(options, std::move(why));
  if (copied || foreign.empty()) return copied;
  // Too large for any copy. The tracer tells if the program meets what an overlay cannot change.
  if (!why_no_namespaces(options, Users::own_namespace, "").empty()) return copied;
  return enter_namespaces(options, Users::own_namespace, "");
}

}  // namespace untorn::prove
