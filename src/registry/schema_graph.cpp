// SPDX-License-Identifier: Apache-2.0
#include "registry/schema_graph.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "registry/schema_form.h"

namespace untorn::registry {
namespace {

class Counter {
 public:
  explicit Counter(const std::vector<JsonValue>& definitions)
      : definitions_(definitions), counts_(definitions.size(), unknown) {}

  // How many schemas apply to a value where `node` does.
  std::size_t in(const JsonValue& node) {
    if (const JsonValue* const reference = node.find("$ref")) {
      const std::string text = *reference->as_string();
      return of(std::stoul(text.substr(text.rfind('/') + 1)));
    }
    std::size_t count = 1;
    const auto add = [this, &count](const JsonValue& part) {
      count = std::min(count + in(part), applications_max + 1);
    };
    for (const std::string_view name : {"allOf", "anyOf", "oneOf"}) {
      if (const JsonValue* const list = node.find(name)) std::ranges::for_each(list->items(), add);
    }
    for (const std::string_view name : {"not", "if", "then", "else"}) {
      if (const JsonValue* const part = node.find(name)) add(*part);
    }
    if (const JsonValue* const map = node.find("dependencies")) {
      for (const JsonMember& member : map->members()) {
        if (member.value.kind() == JsonKind::object) add(member.value);
      }
    }
    return count;
  }

  std::size_t of(std::size_t index) {
    if (counts_[index] == in_work) has_circle_ = true;
    if (counts_[index] == unknown) {
      counts_[index] = in_work;
      counts_[index] = in(definitions_[index]);
    }
    return counts_[index] == in_work ? 1 : counts_[index];
  }

  [[nodiscard]] bool has_circle() const noexcept { return has_circle_; }

 private:
  static constexpr std::size_t unknown = SIZE_MAX;
  static constexpr std::size_t in_work = SIZE_MAX - 1;

  const std::vector<JsonValue>& definitions_;
  std::vector<std::size_t> counts_;
  bool has_circle_ = false;
};

}  // namespace

std::optional<std::string> graph_problem(const JsonValue& top,
                                         const std::vector<JsonValue>& definitions) {
  Counter counter(definitions);
  std::size_t most = counter.in(top);
  for (std::size_t i = 0; i < definitions.size(); ++i) most = std::max(most, counter.of(i));
  if (counter.has_circle()) return "the schema refers to itself without going down";
  if (most <= applications_max) return std::nullopt;
  return "more than " + std::to_string(applications_max) + " schemas apply to one value";
}

}  // namespace untorn::registry
