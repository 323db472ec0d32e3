// SPDX-License-Identifier: Apache-2.0
#include "registry/schema.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <exception>
#include <iterator>
#include <new>
#include <optional>
#include <set>
#include <utility>
#include <valijson/adapters/rapidjson_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "base/escape.h"
#include "base/refusal.h"
#include "base/try.h"
#include "registry/pattern.h"
#include "registry/schema_form.h"
#include "registry/schema_words.h"

namespace untorn::registry {
namespace {

using valijson::adapters::Adapter;
using valijson::adapters::RapidJsonAdapter;

constexpr std::size_t name_bytes_max = 256;
constexpr std::size_t problems_shown_max = 20;

// A value in the library's form. Whole numbers are integers, however they are written: 1.0 is 1.
class Converter {
 public:
  explicit Converter(rapidjson::Document& document) : allocator_(document.GetAllocator()) {}

  [[nodiscard]] rapidjson::Value convert(const JsonValue& value) {
    switch (value.kind()) {
      case JsonKind::null:
        return rapidjson::Value();
      case JsonKind::boolean:
        return rapidjson::Value(*value.as_boolean());
      case JsonKind::number:
        return number(value);
      case JsonKind::string:
        return text(*value.as_string());
      case JsonKind::array: {
        rapidjson::Value list(rapidjson::kArrayType);
        for (const JsonValue& item : value.items()) list.PushBack(convert(item), allocator_);
        return list;
      }
      case JsonKind::object:
        return object(value);
    }
    return rapidjson::Value();
  }

 private:
  static rapidjson::Value number(const JsonValue& value) {
    if (const auto integer = value.as_integer()) return rapidjson::Value(*integer);
    const double real = value.as_real().value_or(0);
    constexpr double integer_max = 9007199254740992;  // above it doubles have gaps
    if (real == std::floor(real) && std::abs(real) <= integer_max) {
      return rapidjson::Value(static_cast<std::int64_t>(real));
    }
    return rapidjson::Value(real);
  }

  rapidjson::Value text(const std::string& value) {
    return {value.data(), static_cast<rapidjson::SizeType>(value.size()), allocator_};
  }

  // Of repeated names the last one counts.
  rapidjson::Value object(const JsonValue& value) {
    rapidjson::Value result(rapidjson::kObjectType);
    std::set<std::string> seen;
    for (auto member = value.members().rbegin(); member != value.members().rend(); ++member) {
      const std::string name = member->name();
      if (seen.insert(name).second) {
        result.AddMember(text(name), convert(member->value), allocator_);
      }
    }
    return result;
  }

  rapidjson::Document::AllocatorType& allocator_;
};

std::shared_ptr<rapidjson::Document> converted(const JsonValue& value) {
  auto document = std::make_shared<rapidjson::Document>();
  rapidjson::Value root = Converter(*document).convert(value);
  static_cast<rapidjson::Value&>(*document).Swap(root);
  return document;
}

// Thrown out of the library by our own checks.
class BeyondLimits : public std::exception {
 public:
  explicit BeyondLimits(std::string why) : why_(std::move(why)) {}
  [[nodiscard]] const char* what() const noexcept override { return why_.c_str(); }

 private:
  std::string why_;
};

// A keyword that says something about one value alone.
struct Leaf {
  std::string keyword;
  std::shared_ptr<const rapidjson::Document> wanted;
  std::string wanted_text;
  std::optional<Pattern> pattern;
};

bool is_whole(const Adapter& target) {
  if (target.isInteger()) return true;
  return target.isNumber() && target.asDouble() == std::floor(target.asDouble()) &&
         std::isfinite(target.asDouble());
}

bool is_of_type(const Adapter& target, const std::string& type) {
  if (type == "array") return target.isArray();
  if (type == "boolean") return target.isBool();
  if (type == "integer") return is_whole(target);
  if (type == "null") return target.isNull();
  if (type == "number") return target.isNumber();
  if (type == "object") return target.isObject();
  return target.isString();
}

bool is_one_of_types(const Adapter& target, const rapidjson::Value& types) {
  if (types.IsString()) return is_of_type(target, types.GetString());
  return std::ranges::any_of(types.GetArray(), [&target](const rapidjson::Value& type) {
    return is_of_type(target, type.GetString());
  });
}

bool is_equal(const Adapter& target, const rapidjson::Value& wanted) {
  return RapidJsonAdapter(wanted).equalTo(target, true);
}

// By the nearest whole quotient: 0.3 is a multiple of 0.1.
bool is_multiple(const Adapter& target, const rapidjson::Value& divisor) {
  if (target.isInteger() && divisor.IsInt64()) {
    return divisor.GetInt64() == 1 || target.asInteger() % divisor.GetInt64() == 0;
  }
  const double quotient = target.asDouble() / divisor.GetDouble();
  constexpr double tolerance = 1e-9;
  return std::isfinite(quotient) && std::abs(quotient - std::round(quotient)) <=
                                        tolerance * std::max(1.0, std::abs(quotient) * 1e-6);
}

bool satisfies_number(const Adapter& target, const Leaf& leaf) {
  if (!target.isNumber()) return true;
  const rapidjson::Value& wanted = *leaf.wanted;
  if (leaf.keyword == "multipleOf") return is_multiple(target, wanted);
  const bool both_whole = target.isInteger() && wanted.IsInt64();
  // Doubles round integers beyond 2^53.
  const int order =
      both_whole
          ? (target.asInteger() > wanted.GetInt64()) - (target.asInteger() < wanted.GetInt64())
          : (target.asDouble() > wanted.GetDouble()) - (target.asDouble() < wanted.GetDouble());
  if (leaf.keyword == "maximum") return order <= 0;
  if (leaf.keyword == "minimum") return order >= 0;
  return leaf.keyword == "exclusiveMaximum" ? order < 0 : order > 0;
}

bool satisfies_text(const Adapter& target, const Leaf& leaf) {
  if (!target.isString()) return true;
  const std::string text = target.asString();
  if (!leaf.pattern) {
    const auto length = static_cast<double>(length_of(text));
    const double wanted = leaf.wanted->GetDouble();
    return leaf.keyword == "maxLength" ? length <= wanted : length >= wanted;
  }
  if (text.size() > Pattern::subject_bytes_max) {
    throw BeyondLimits("a string of " + std::to_string(text.size()) +
                       " bytes is too long for the pattern " + leaf.wanted_text);
  }
  return leaf.pattern->is_found_in(text);
}

bool satisfies(const Adapter& target, const Leaf& leaf) {
  const rapidjson::Value& wanted = *leaf.wanted;
  if (leaf.keyword == "type") return is_one_of_types(target, wanted);
  if (leaf.keyword == "const") return is_equal(target, wanted);
  if (leaf.keyword == "enum") {
    return std::ranges::any_of(wanted.GetArray(), [&target](const rapidjson::Value& each) {
      return is_equal(target, each);
    });
  }
  const bool is_about_text = leaf.pattern || leaf.keyword.ends_with("Length");
  return is_about_text ? satisfies_text(target, leaf) : satisfies_number(target, leaf);
}

// All of one schema that speak of one value.
class LeafConstraint : public valijson::constraints::PolyConstraint {
 public:
  explicit LeafConstraint(std::vector<std::shared_ptr<const Leaf>> leaves)
      : leaves_(std::move(leaves)) {}

  bool validate(const Adapter& target, const std::vector<std::string>& context,
                valijson::ValidationResults* results) const override {
    bool is_valid = true;
    for (const auto& leaf : leaves_) {
      if (satisfies(target, *leaf)) continue;
      is_valid = false;
      if (results == nullptr) break;
      results->pushError(context,
                         own_mark + ("'" + leaf->keyword + "' asks for " + leaf->wanted_text));
    }
    return is_valid;
  }

 private:
  valijson::constraints::Constraint* cloneInto(void* place) const override {
    return new (place) LeafConstraint(*this);
  }
  [[nodiscard]] std::size_t sizeOf() const override { return sizeof(LeafConstraint); }

  std::vector<std::shared_ptr<const Leaf>> leaves_;
};

class LeafBuilder : public valijson::ConstraintBuilder {
 public:
  explicit LeafBuilder(std::vector<std::shared_ptr<const Leaf>> leaves)
      : leaves_(std::move(leaves)) {}

  [[nodiscard]] valijson::constraints::Constraint* make(const Adapter& numbers) const override {
    std::vector<std::shared_ptr<const Leaf>> chosen;
    (void)numbers.applyToArray([this, &chosen](const Adapter& number) {
      chosen.push_back(leaves_.at(static_cast<std::size_t>(number.asInteger())));
      return true;
    });
    return new LeafConstraint(std::move(chosen));
  }

 private:
  std::vector<std::shared_ptr<const Leaf>> leaves_;
};

std::shared_ptr<const Leaf> leaf_of(const SchemaLeaf& source) {
  auto leaf = std::make_shared<Leaf>();
  leaf->keyword = source.keyword;
  leaf->wanted = converted(source.value);
  leaf->wanted_text = escape_controls(JsonDocument(source.value).text());
  if (source.keyword == "pattern") {
    if (auto pattern = Pattern::compile(*source.value.as_string())) leaf->pattern = *pattern;
  }
  return leaf;
}

// "[a]" → "a".
std::string pointer_of(const std::vector<std::string>& context) {
  std::string pointer;
  for (std::size_t i = 1; i < context.size(); ++i) {
    pointer = pointer_below(pointer, std::string_view(context[i]).substr(1, context[i].size() - 2));
  }
  return pointer;
}

// Without the summaries of what is said more precisely, and without repetitions.
std::vector<SpecProblem> problems_in(valijson::ValidationResults& results, const JsonValue& value) {
  std::vector<SpecProblem> all;
  std::vector<SpecProblem> summaries;
  valijson::ValidationResults::Error error;
  while (results.popError(error)) {
    const std::string pointer = pointer_of(error.context);
    SpecProblem problem{pointer, in_our_words(error.description, value_at(value, pointer))};
    auto& list = is_summary(error.description) ? summaries : all;
    const bool is_new = std::ranges::none_of(list, [&problem](const SpecProblem& known) {
      return known.pointer == problem.pointer && known.message == problem.message;
    });
    if (is_new) list.push_back(std::move(problem));
  }
  if (!all.empty()) return all;
  // propertyNames and `false` say nothing at all.
  if (summaries.empty()) summaries.push_back({"", "it, or a name in it, is not allowed"});
  return summaries;
}

bool has_long_name(const JsonValue& value) {
  return std::ranges::any_of(value.items(), has_long_name) ||
         std::ranges::any_of(value.members(), [](const JsonMember& member) {
           return member.name().size() > name_bytes_max || has_long_name(member.value);
         });
}

}  // namespace

struct Schema::State {
  std::string path;
  bool has_name_patterns = false;
  std::shared_ptr<rapidjson::Document> source;
  valijson::Schema compiled;
};

std::string joined(const std::vector<SpecProblem>& problems) {
  std::string text;
  for (std::size_t i = 0; i < std::min(problems.size(), problems_shown_max); ++i) {
    text += (i == 0 ? "" : "; ") + problems[i].text();
  }
  if (problems.size() > problems_shown_max) {
    text += "; and " + std::to_string(problems.size() - problems_shown_max) + " more";
  }
  return text;
}

std::vector<SpecProblem> Schema::problems_of(const JsonValue& json) {
  if (depth_of(json, schema_depth_max) > schema_depth_max) {
    return {
        {"", "schemas of more than " + std::to_string(schema_depth_max) + " levels are not read"}};
  }
  SchemaForm form = plain_form(json);
  std::ranges::move(form.unsupported, std::back_inserter(form.problems));
  return std::move(form.problems);
}

Result<Schema> Schema::parse(std::string_view text, const std::string& path) {
  if (text.size() > schema_bytes_max) {
    return std::unexpected(refusal(Code::unsupported, path, "the schema is larger than 1 MiB"));
  }
  const auto document = JsonDocument::parse(std::string(text), path);
  if (!document) {
    return std::unexpected(refusal(Code::invalid_argument, path,
                                   "the schema is no JSON: " + document.error().detail()));
  }
  return read(document->root, path);
}

Result<Schema> Schema::read(const JsonValue& json, const std::string& path) {
  if (depth_of(json, schema_depth_max) > schema_depth_max) {
    return std::unexpected(
        refusal(Code::unsupported, path, "schema: " + joined(problems_of(json))));
  }
  const SchemaForm form = plain_form(json);
  if (!form.unsupported.empty()) {
    return std::unexpected(refusal(Code::unsupported, path, "schema: " + joined(form.unsupported)));
  }
  if (!form.problems.empty()) {
    return std::unexpected(
        refusal(Code::invalid_argument, path, "schema: " + joined(form.problems)));
  }
  auto state = std::make_shared<State>();
  state->path = path;
  state->has_name_patterns = form.has_name_patterns;
  state->source = converted(form.plain);
  std::vector<std::shared_ptr<const Leaf>> leaves;
  for (const SchemaLeaf& leaf : form.leaves) leaves.push_back(leaf_of(leaf));
  try {
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    auto builder = std::make_unique<LeafBuilder>(std::move(leaves));
    parser.addConstraintBuilder(std::string(leaves_keyword), builder.get());
    (void)builder.release();  // the parser's now
    parser.populateSchema(RapidJsonAdapter(*state->source), state->compiled);
  } catch (const std::exception& error) {
    return std::unexpected(refusal(Code::internal, path, std::string("schema: ") + error.what()));
  }
  return Schema(std::move(state));
}

Result<std::vector<SpecProblem>> Schema::check(const JsonValue& value) const {
  const auto unsupported = [this](std::string why) {
    return std::unexpected(refusal(Code::unsupported, state_->path, std::move(why)));
  };
  if (depth_of(value, schema_depth_max) > schema_depth_max) {
    return unsupported("values of more than 64 levels are not checked");
  }
  if (state_->has_name_patterns && has_long_name(value)) {
    return unsupported("a name of more than 256 bytes is not checked against patterns");
  }
  const auto target = converted(value);
  valijson::ValidationResults results;
  try {
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    if (validator.validate(state_->compiled, RapidJsonAdapter(*target), &results)) {
      return std::vector<SpecProblem>();
    }
  } catch (const BeyondLimits& limit) {
    return unsupported(limit.what());
  } catch (const std::exception& error) {
    return std::unexpected(refusal(Code::internal, state_->path, error.what()));
  }
  return problems_in(results, value);
}

}  // namespace untorn::registry
