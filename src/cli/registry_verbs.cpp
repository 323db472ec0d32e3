// SPDX-License-Identifier: Apache-2.0
#include "cli/registry_verbs.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include "cli/tree_counters.h"

namespace untorn::cli {
namespace {

using Failed = std::unexpected<RegistryFailure>;

Failed wrong_usage(std::string message) {
  return Failed({.error = {}, .problem = ToolError{.message = std::move(message)}, .problems = {}});
}

Failed failed(const Error& error) {
  return Failed({.error = error, .problem = {}, .problems = {}});
}

std::optional<std::uint64_t> number_of(const std::string& text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end || number == 0) return std::nullopt;
  return number;
}

// All that a descriptor gives; nothing, with errno, if it cannot be read.
std::optional<std::string> read_all(int descriptor) {
  std::string content;
  constexpr std::size_t piece_bytes = 65536;
  for (;;) {
    const std::size_t have = content.size();
    content.resize(have + piece_bytes);
    const ssize_t count = read(descriptor, content.data() + have, piece_bytes);
    content.resize(have + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count == 0) return content;
    if (count < 0 && errno != EINTR) return std::nullopt;
  }
}

// The content of a file that the user named; "-" is stdin.
RegistryResult<std::string> content_of(const std::string& path) {
  const bool is_stdin = path == "-";
  const int descriptor = is_stdin ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::optional<std::string> content;
  if (descriptor >= 0) content = read_all(descriptor);
  const int os_errno = errno;
  if (descriptor >= 0 && !is_stdin) (void)close(descriptor);
  if (content) return std::move(*content);
  const std::string name = is_stdin ? "stdin" : path;
  return Failed({.error = {},
                 .problem = ToolError{.code = os_errno == ENOENT ? "not_found" : "io",
                                      .step = "read_input",
                                      .message = name + ": " + std::strerror(os_errno) +
                                                 "; nothing was changed",
                                      .path = is_stdin ? std::string() : path},
                 .problems = {}});
}

RegistryResult<Registry> open_registry(const RegistryFlags& flags, bool create) {
  RegistryOptions options;
  options.create = create;
  if (flags.tree) options.tree = *flags.tree;
  options.counters = counters_of_folder(flags.folder);
  if (flags.keep) {
    constexpr std::uint64_t keep_max = 10'000;
    const auto keep = number_of(*flags.keep);
    if (!keep || *keep > keep_max) {
      return wrong_usage("--keep: \"" + *flags.keep + "\" is no number from 1 to 10000");
    }
    options.keep_versions = static_cast<unsigned>(*keep);
  }
  if (flags.schema) {
    auto text = content_of(*flags.schema);
    if (!text) return std::unexpected(std::move(text).error());
    options.schema = std::move(*text);
  }
  auto registry = Registry::open(flags.folder, options);
  if (!registry) return failed(registry.error());
  return std::move(*registry);
}

// "py=run.py", also "greet.py=run.py" for the entry greet.
RegistryResult<std::vector<Attachment>> attachments_of(const RegistryFlags& flags,
                                                       const std::string& entry) {
  std::vector<Attachment> attachments;
  for (const std::string& text : flags.attach) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
      return wrong_usage("--attach: \"" + text + "\" is not NAME=FILE");
    }
    std::string name = text.substr(0, equals);
    if (name.starts_with(entry + ".")) name.erase(0, entry.size() + 1);
    auto content = content_of(text.substr(equals + 1));
    if (!content) return std::unexpected(std::move(content).error());
    attachments.push_back({.name = std::move(name), .content = std::move(*content)});
  }
  return attachments;
}

// What add and replace are given.
struct Given {
  std::string name;
  std::string spec;
};

// NAME FILE, NAME with the specification on stdin, or FILE alone, called NAME.json.
RegistryResult<Given> given_by(const RegistryFlags& flags) {
  if (flags.arguments.empty() || flags.arguments.size() > 2) {
    return wrong_usage(flags.verb + " takes a name, and the file of the specification");
  }
  Given given{.name = flags.arguments.front(), .spec = {}};
  std::string file = flags.arguments.size() == 2 ? flags.arguments.back() : "-";
  const std::filesystem::path path = given.name;
  std::error_code ignored;
  const bool is_file = flags.arguments.size() == 1 && path.extension() == ".json" &&
                       std::filesystem::is_regular_file(path, ignored);
  if (is_file) {
    file = given.name;
    given.name = path.stem().string();
  }
  auto content = content_of(file);
  if (!content) return std::unexpected(std::move(content).error());
  given.spec = std::move(*content);
  return given;
}

RegistryResult<std::string> name_given(const RegistryFlags& flags) {
  if (flags.arguments.size() != 1) return wrong_usage(flags.verb + " takes one name");
  return flags.arguments.front();
}

std::string files_text(const RegistryEntry& entry) {
  std::string text;
  for (const EntryFile& file : entry.files) {
    text += (text.empty() ? "" : ", ") + file.file;
    if (file.state != FileState::intact) text += " (" + std::string(to_string(file.state)) + ")";
  }
  return text;
}

RegistryView view_of(const RegistryChange& change, const std::string& name, const char* done) {
  RegistryView view;
  view.json.set("name", JsonValue::string(name));
  view.json.set("outcome", JsonValue::string(change.unchanged ? "unchanged" : "applied"));
  const JsonValue members = change.to_json();
  for (const JsonMember& member : members.members()) view.json.set(member.name(), member.value);
  view.text = name + ": " + (change.unchanged ? "unchanged" : done) + ", version " +
              std::to_string(change.version) + "\n";
  if (change.kept_edit) {
    view.warnings.push_back(name + ": what someone had edited by hand was kept as a version first");
  }
  if (const std::string recovery = change.recovery.message(); !recovery.empty()) {
    view.warnings.push_back(recovery);
  }
  return view;
}

RegistryResult<RegistryView> store(const RegistryFlags& flags) {
  const bool is_add = flags.verb == "add";
  const auto given = given_by(flags);
  if (!given) return std::unexpected(given.error());
  const auto attachments = attachments_of(flags, given->name);
  if (!attachments) return std::unexpected(attachments.error());
  auto registry = open_registry(flags, is_add);
  if (!registry) return std::unexpected(std::move(registry).error());
  const bool keeps_attachments = flags.attach.empty() && !flags.no_attachments;
  const auto change =
      is_add ? registry->add(given->name, given->spec, *attachments)
             : registry->replace(given->name, given->spec,
                                 keeps_attachments ? std::nullopt : std::optional(*attachments));
  if (change) return view_of(*change, given->name, is_add ? "added" : "replaced");
  RegistryFailure failure{.error = change.error(), .problem = {}, .problems = {}};
  if (auto problems = registry->validate(given->spec)) failure.problems = std::move(*problems);
  return std::unexpected(std::move(failure));
}

RegistryResult<RegistryView> remove_entry(const RegistryFlags& flags) {
  const auto name = name_given(flags);
  if (!name) return std::unexpected(name.error());
  auto registry = open_registry(flags, false);
  if (!registry) return std::unexpected(std::move(registry).error());
  const auto change = registry->remove(*name);
  if (!change) return failed(change.error());
  return view_of(*change, *name, "removed; it can be restored from");
}

RegistryResult<RegistryView> restore(const RegistryFlags& flags) {
  const auto number = flags.arguments.size() == 2 ? number_of(flags.arguments.back())
                                                  : std::optional<std::uint64_t>();
  if (!number) return wrong_usage("restore takes a name and the number of a version");
  auto registry = open_registry(flags, true);
  if (!registry) return std::unexpected(std::move(registry).error());
  const auto change = registry->restore(flags.arguments.front(), *number);
  if (!change) return failed(change.error());
  return view_of(*change, flags.arguments.front(), "restored");
}

RegistryView view_of(const RegistryListing& listing) {
  RegistryView view;
  view.json = listing.to_json();
  for (const RegistryEntry& entry : listing.entries) {
    view.text += entry.name + "  " +
                 (entry.version == 0 ? "by hand" : "version " + std::to_string(entry.version)) +
                 "  " + files_text(entry) + "\n";
  }
  for (const RegistryListing::Problem& problem : listing.problems) {
    view.warnings.push_back(problem.file.file + " is " +
                            std::string(to_string(problem.file.state)) + ": " +
                            problem.file.detail);
  }
  return view;
}

RegistryResult<RegistryView> list(const RegistryFlags& flags) {
  if (!flags.arguments.empty()) return wrong_usage("list takes a folder alone");
  const auto registry = open_registry(flags, false);
  if (!registry) return std::unexpected(registry.error());
  const auto listing = registry->list();
  if (!listing) return failed(listing.error());
  return view_of(*listing);
}

RegistryResult<RegistryView> search(const RegistryFlags& flags) {
  RegistryQuery query;
  for (const std::string& word : flags.arguments) query.text += word + " ";
  for (const std::string& text : flags.where) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return wrong_usage("--where: \"" + text + "\" is not FIELD=VALUE");
    }
    query.fields.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  const auto registry = open_registry(flags, false);
  if (!registry) return std::unexpected(registry.error());
  const auto listing = registry->search(query);
  if (!listing) return failed(listing.error());
  return view_of(*listing);
}

RegistryResult<RegistryView> show(const RegistryFlags& flags) {
  const auto name = name_given(flags);
  if (!name) return std::unexpected(name.error());
  const auto number = flags.version ? number_of(*flags.version) : std::optional<std::uint64_t>();
  if (flags.version && !number) {
    return wrong_usage("--version-number: \"" + *flags.version + "\" is no number from 1 up");
  }
  const auto registry = open_registry(flags, false);
  if (!registry) return std::unexpected(registry.error());
  const auto entry = number ? registry->read_version(*name, *number) : registry->get(*name);
  if (!entry) return failed(entry.error());
  RegistryView view;
  view.json.set("entry", entry->to_json());
  if (!flags.attachment) {
    view.text = entry->spec.text();
    if (!view.text.ends_with('\n')) view.text += '\n';
    return view;
  }
  const Attachment* const attachment = entry->attachment(*flags.attachment);
  if (attachment == nullptr) {
    return failed(Error(Code::not_found, Step::inspect, Outcome::not_applied, 0, *name,
                        "it has no attachment \"" + *flags.attachment + "\""));
  }
  view.json.set("content", JsonValue::string(attachment->content));
  view.text = attachment->content;
  return view;
}

std::string text_of(const EntryCheck& entry) {
  std::string text;
  for (const EntryFile& file : entry.files) {
    if (file.state == FileState::intact) continue;
    text += file.file + ": " + std::string(to_string(file.state));
    if (!file.detail.empty()) text += ", " + file.detail;
    text += '\n';
  }
  for (const std::string& name : entry.set_aside) text += "  set aside as " + name + "\n";
  for (const std::string& name : entry.brought_back) {
    text += "  " + name + " holds its last version again\n";
  }
  if (!entry.detail.empty()) text += "  " + entry.detail + "\n";
  return text;
}

RegistryResult<RegistryView> verify(const RegistryFlags& flags) {
  if (!flags.arguments.empty()) return wrong_usage("verify takes a folder alone");
  auto registry = open_registry(flags, false);
  if (!registry) return std::unexpected(std::move(registry).error());
  const auto check = registry->verify(!flags.check);
  if (!check) return failed(check.error());
  RegistryView view;
  view.json = check->to_json();
  std::size_t unhealthy = 0;
  for (const EntryCheck& entry : check->entries) {
    if (!entry.was_healthy()) ++unhealthy;
    view.text += text_of(entry);
  }
  for (const std::string& file : check->strays) view.text += file + ": belongs to no entry\n";
  view.text += std::to_string(check->entries.size()) + " entries, " + std::to_string(unhealthy) +
               " with problems\n";
  if (const std::string recovery = check->recovery.message(); !recovery.empty()) {
    view.warnings.push_back(recovery);
  }
  if (unhealthy > 0) view.code = ExitCode::condition;
  return view;
}

RegistryResult<RegistryView> versions(const RegistryFlags& flags) {
  const auto name = name_given(flags);
  if (!name) return std::unexpected(name.error());
  const auto registry = open_registry(flags, true);
  if (!registry) return std::unexpected(registry.error());
  const auto found = registry->versions(*name);
  if (!found) return failed(found.error());
  RegistryView view;
  view.json.set("name", JsonValue::string(*name));
  JsonValue items = JsonValue::array();
  for (const RegistryVersion& version : *found) {
    items.edit_items().push_back(version.to_json());
    view.text += std::to_string(version.number) + "  " + std::string(to_string(version.origin)) +
                 "  " + std::to_string(version.bytes) + " bytes" +
                 (version.present ? "  present" : "") + (version.intact ? "" : "  damaged") + "\n";
  }
  view.json.set("versions", std::move(items));
  return view;
}

struct Verb {
  std::string_view name;
  RegistryResult<RegistryView> (*run)(const RegistryFlags&);
};
constexpr std::array verbs = {
    Verb{"add", store},     Verb{"replace", store},     Verb{"remove", remove_entry},
    Verb{"list", list},     Verb{"show", show},         Verb{"search", search},
    Verb{"verify", verify}, Verb{"versions", versions}, Verb{"restore", restore}};

}  // namespace

std::vector<std::string> registry_verb_names() {
  std::vector<std::string> names;
  for (const Verb& verb : verbs) names.emplace_back(verb.name);
  return names;
}

RegistryResult<RegistryView> run_registry_verb(const RegistryFlags& flags) {
  const auto verb = std::ranges::find(verbs, flags.verb, &Verb::name);
  if (verb == verbs.end()) return wrong_usage("\"" + flags.verb + "\" is not a verb of registry");
  return verb->run(flags);
}

}  // namespace untorn::cli
