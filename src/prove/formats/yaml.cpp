// SPDX-License-Identifier: Apache-2.0
//
// YAML by libyaml's events: no tree is made. Each level of nesting makes every token behind it more
// expensive in libyaml, so the depth is bounded here.
#include <yaml.h>

#include <set>

#include "prove/formats/parsers.h"

namespace untorn::prove {

namespace {

constexpr std::size_t depth_max = 256;

class YamlEvents {
 public:
  explicit YamlEvents(std::string_view content) {
    ready_ = yaml_parser_initialize(&parser_) == 1;
    if (!ready_) return;
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(content.data()),
                                 content.size());
  }
  ~YamlEvents() {
    if (ready_) yaml_parser_delete(&parser_);
  }
  YamlEvents(const YamlEvents&) = delete;
  YamlEvents& operator=(const YamlEvents&) = delete;

  std::string problem() {
    if (!ready_) return "libyaml has no memory";
    for (bool more = true; more;) {
      yaml_event_t event;
      if (yaml_parser_parse(&parser_, &event) == 0) return parser_problem();
      std::string found = look_at(event);
      more = event.type != YAML_STREAM_END_EVENT;
      yaml_event_delete(&event);
      if (!found.empty()) return found;
    }
    return documents_ > 0 ? "" : "there is no document in it";
  }

 private:
  std::string look_at(const yaml_event_t& event) {
    switch (event.type) {
      case YAML_DOCUMENT_START_EVENT:
        ++documents_;
        anchors_.clear();
        return {};
      case YAML_SCALAR_EVENT:
        note_anchor(event.data.scalar.anchor);
        return {};
      case YAML_SEQUENCE_START_EVENT:
        note_anchor(event.data.sequence_start.anchor);
        return deeper(event);
      case YAML_MAPPING_START_EVENT:
        note_anchor(event.data.mapping_start.anchor);
        return deeper(event);
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        --depth_;
        return {};
      case YAML_ALIAS_EVENT:
        if (anchors_.contains(text_of(event.data.alias.anchor))) return {};
        return line_of(event) + "an alias of nothing";
      default:
        return {};
    }
  }

  std::string deeper(const yaml_event_t& event) {
    return ++depth_ > depth_max ? line_of(event) + "nested deeper than 256 levels" : "";
  }
  static std::string line_of(const yaml_event_t& event) {
    return "line " + std::to_string(event.start_mark.line + 1) + ": ";
  }

  static std::string text_of(const yaml_char_t* text) {
    return text == nullptr ? std::string() : reinterpret_cast<const char*>(text);
  }
  void note_anchor(const yaml_char_t* anchor) {
    if (anchor != nullptr) anchors_.insert(text_of(anchor));
  }

  [[nodiscard]] std::string parser_problem() const {
    const std::string words = parser_.problem == nullptr ? "no YAML" : parser_.problem;
    if (parser_.error == YAML_READER_ERROR)
      return "byte " + std::to_string(parser_.problem_offset) + ": " + words;
    return "line " + std::to_string(parser_.problem_mark.line + 1) + ": " + words;
  }

  yaml_parser_t parser_ = {};
  bool ready_ = false;
  std::size_t documents_ = 0;
  std::size_t depth_ = 0;
  std::set<std::string> anchors_;
};

}  // namespace

std::string problem_with_yaml(std::string_view content) {
  return YamlEvents(content).problem();
}

}  // namespace untorn::prove
