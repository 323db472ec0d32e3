// SPDX-License-Identifier: Apache-2.0
//
// Methods that change or read files: those of paths, and those that save what their object holds.
#include <algorithm>
#include <array>

#include "languages/python/operations.h"
#include "languages/python/text.h"

namespace untorn::languages {
std::optional<Operation> OperationReader::read_method(NodeId call) {
  const NodeId called = evaluator_.bare(tree_.child(call, grammar_.function));
  const std::string_view name = tree_.text(tree_.child(called, grammar_.attribute_name));
  static constexpr std::array<std::string_view, 12> path_methods = {
      "write_text", "write_bytes", "read_text", "read_bytes", "open",       "rename",
      "replace",    "unlink",      "touch",     "save",       "symlink_to", "hardlink_to"};
  const bool may_be_path =
      std::find(path_methods.begin(), path_methods.end(), name) != path_methods.end();
  if (!may_be_path && name != "write" && find_writing_method(name) == nullptr) {
    return std::nullopt;
  }
  const NodeId object = evaluator_.bare(tree_.child(called, grammar_.object));
  if (object == NodeId::none || evaluator_.class_of_self(object) != ScopeId::none) {
    return std::nullopt;
  }
  if (tree_.kind(object) == grammar_.call &&
      tree_.text(tree_.child(object, grammar_.function)) == "super") {
    return std::nullopt;
  }
  const Value& value = evaluator_.value(object);
  mode_.clear();
  if (name == "save" || name == "write" || find_writing_method(name) != nullptr) {
    return read_saving_method(call, name, value);
  }
  if (value.type == Type::instance || value.type == Type::other || value.type == Type::text ||
      value.type == Type::bytes || value.type == Type::number) {
    return std::nullopt;
  }
  return read_path_method(call, name, value);
}

std::optional<Operation> OperationReader::read_path_method(NodeId call, std::string_view name,
                                                           const Value& object) {
  const NodeId receiver =
      tree_.child(evaluator_.bare(tree_.child(call, grammar_.function)), grammar_.object);
  const bool is_path = object.type == Type::path;
  const CallArguments arguments = call_arguments(tree_, call);
  const std::string api = "pathlib.Path." + std::string(name);
  const auto at = [&](OperationKind kind) {
    Operation operation = operation_at(call, kind, api);
    set_target(receiver, operation);
    return operation;
  };
  if (name == "open") return read_path_open(call, object);
  if (name == "write_text" || name == "write_bytes") {
    const bool is_text = name == "write_text";
    const CallArgument* const data = arguments.find(0, "data");
    if (data == nullptr && !arguments.any_starred()) return std::nullopt;
    Operation operation = at(OperationKind::create);
    operation.content = is_text ? Content::text : Content::bytes;
    if (data != nullptr) {
      set_content(data->value, operation);
      operation.writes_nothing = is_empty_literal(data->value);
      if (operation.writes_nothing) operation.content = Content::nothing;
    }
    set_rewrite(call, operation);
    return operation;
  }
  if (name == "read_text" || name == "read_bytes") {
    Operation operation = at(OperationKind::read);
    operation.content = name == "read_text" ? Content::text : Content::bytes;
    return operation;
  }
  if (!is_path) return std::nullopt;
  if (name == "unlink") return at(OperationKind::unlink);
  if (name == "touch") {
    Operation operation = at(OperationKind::touch);
    operation.writes_nothing = true;
    operation.content = Content::nothing;
    return operation;
  }
  const CallArgument* const target = arguments.find(0, "target");
  if (target == nullptr || target->starred) return std::nullopt;
  if (name == "symlink_to" || name == "hardlink_to") {
    Operation operation = at(OperationKind::link);
    operation.source = evaluator_.facts(target->value);
    return operation;
  }
  if (arguments.all.size() != 1) return std::nullopt;
  Operation operation = operation_at(call, OperationKind::rename, api);
  operation.source = evaluator_.facts(receiver);
  set_target(target->value, operation);
  return operation;
}

std::optional<Operation> OperationReader::read_path_open(NodeId call, const Value& object) {
  const NodeId receiver =
      tree_.child(evaluator_.bare(tree_.child(call, grammar_.function)), grammar_.object);
  const CallArguments arguments = call_arguments(tree_, call);
  const CallArgument* const mode = arguments.find(0, "mode");
  if (mode != nullptr && mode->starred) return std::nullopt;
  Operation operation = operation_at(call, OperationKind::read, "pathlib.Path.open");
  if (!set_mode(mode == nullptr ? NodeId::none : mode->value, "r", operation)) return std::nullopt;
  // Of an unknown object only open("w") and its like: archives and devices take other arguments.
  if (object.type != Type::path) {
    if (object.type != Type::unknown || mode == nullptr || mode_.empty()) return std::nullopt;
    if (operation.mode_parameter >= 0) return std::nullopt;
    if (object.is_result && !names_file(object)) return std::nullopt;  // job.output().open("w")
  }
  set_target(receiver, operation);
  set_handle(call, operation);
  set_rewrite(call, operation);
  return operation;
}

// df.to_csv(path), figure.savefig(path), tree.write(path), image.save(path).
std::optional<Operation> OperationReader::read_saving_method(NodeId call, std::string_view name,
                                                             const Value& object) {
  const CallArguments arguments = call_arguments(tree_, call);
  Content content = Content::unknown;
  const CallArgument* target = nullptr;
  if (const Api* const api = find_writing_method(name); api != nullptr) {
    target = arguments.find(api->target, api->target_name);
    content = api->content;
  } else {
    target = arguments.find(0, name == "save" ? "fp" : "file_or_filename");
    if (target == nullptr || target->starred) return std::nullopt;
    const Value& path = evaluator_.value(target->value);
    if (name == "write") {
      if (object.class_name != "xml.etree.ElementTree.ElementTree") return std::nullopt;
    } else {
      static constexpr std::array<std::string_view, 9> images = {
          ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".ico"};
      const std::string extension = to_lower(known_extension(last_component(path.shape)));
      if (std::find(images.begin(), images.end(), extension) == images.end()) return std::nullopt;
      content = Content::image;
    }
  }
  if (target == nullptr || target->starred || !names_file(evaluator_.value(target->value))) {
    return std::nullopt;
  }
  const std::string api =
      object.class_name.empty() ? std::string(name) : object.class_name + "." + std::string(name);
  Operation operation = operation_at(call, OperationKind::create, api);
  operation.content = content;
  set_target(target->value, operation);
  return operation;
}

}  // namespace untorn::languages
