// SPDX-License-Identifier: Apache-2.0
#include "languages/python/rewrite.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "languages/python/call_arguments.h"
#include "languages/python/grammar.h"

namespace untorn::languages {
namespace {

SyntaxTree parsed(std::string_view source) {
  return SyntaxTree::parse(tree_sitter_python(), source);
}

std::string api_of(const SyntaxTree& tree, NodeId call) {
  const std::string_view name = called_name(tree, call);
  if (name == "write_text" || name == "write_bytes") return "pathlib.Path." + std::string(name);
  if (name != "open") return {};
  const NodeId function = tree.child(call, Grammar::get().function);
  const bool is_method =
      tree.kind(function) == Grammar::get().attribute && tree.text(function) != "io.open";
  return is_method ? "pathlib.Path.open" : std::string(tree.text(function));
}

// The last call that can be rewritten: what is nested in another stands behind it.
NodeId last_call(const SyntaxTree& tree) {
  NodeId found = NodeId::none;
  for (std::uint32_t at = 0; at < tree.size(); ++at) {
    const NodeId node{at};
    if (tree.kind(node) == Grammar::get().call && !api_of(tree, node).empty()) found = node;
  }
  return found;
}

PathFacts usual_target() {
  PathFacts facts;
  facts.certainly_path_object = true;
  facts.certainly_regular = true;
  return facts;
}

Rewrite graded(std::string_view source, const PathFacts& target = usual_target()) {
  const SyntaxTree tree = parsed(source);
  const NodeId call = last_call(tree);
  if (call == NodeId::none) return {};
  const std::string api = api_of(tree, call);
  return describe_rewrite(tree, call, {.api = api, .target = target});
}

std::string applied(std::string_view source, std::vector<Edit> edits) {
  std::stable_sort(edits.begin(), edits.end(),
                   [](const Edit& a, const Edit& b) { return a.span.begin < b.span.begin; });
  std::string result;
  std::uint32_t done = 0;
  for (const Edit& edit : edits) {
    result += source.substr(done, edit.span.begin - done);
    result += edit.text;
    done = edit.span.end;
  }
  return result + std::string(source.substr(done));
}

std::string edited(std::string_view source, const RewriteNames& names = {}) {
  const SyntaxTree tree = parsed(source);
  const NodeId call = last_call(tree);
  const std::string api = api_of(tree, call);
  const PathFacts target = usual_target();
  const Rewrite rewrite = describe_rewrite(tree, call, {.api = api, .target = target});
  std::vector<Edit> edits;
  if (!edit_call(tree, rewrite, names, edits)) return "(not edited)";
  std::string result = applied(source, edits);
  EXPECT_FALSE(parsed(result).first_error()) << result;
  return result;
}

struct GradeCase {
  std::string_view source;
  RewriteGrade grade;
  std::string_view reason = {};  // a part of it
};

class Grades : public testing::TestWithParam<GradeCase> {};

TEST_P(Grades, are_as_the_text_shows) {
  const GradeCase& each = GetParam();
  const Rewrite rewrite = graded(each.source);
  EXPECT_EQ(rewrite.grade, each.grade) << each.source << "\n" << rewrite.reason;
  EXPECT_NE(rewrite.reason.find(each.reason), std::string::npos) << each.source << "\n"
                                                                 << rewrite.reason;
  EXPECT_EQ(rewrite.reason.empty(), each.grade == RewriteGrade::safe) << each.source;
}

constexpr auto safe = RewriteGrade::safe;
constexpr auto unsafe = RewriteGrade::unsafe;
constexpr auto display = RewriteGrade::display;
constexpr auto none = RewriteGrade::none;

INSTANTIATE_TEST_SUITE_P(
    methods, Grades,
    testing::Values(GradeCase{"p.write_text(x)\n", safe}, GradeCase{"p.write_bytes(x)\n", safe},
                    GradeCase{"p.write_text(x, 'utf-8')\n", safe},
                    GradeCase{"p.write_text(x, encoding='utf-8', errors='ignore', newline='')\n",
                              safe},
                    GradeCase{"p.write_text(data=x)\n", safe},
                    GradeCase{"self.path.write_text(json.dumps(x, indent=2))\n", safe},
                    GradeCase{"(a / 'b').write_text(x)\n", safe},
                    GradeCase{"def f():\n  if x:\n    p.write_text(x)\n", safe},
                    GradeCase{"for p in q:\n  p.write_text(x)\n", safe},
                    GradeCase{"async def f():\n  p.write_text(x)\n", safe},
                    GradeCase{"n = p.write_text(x)\n", unsafe, "result"},
                    GradeCase{"def f():\n  return p.write_text(x)\n", unsafe, "result"},
                    GradeCase{"f = lambda: p.write_text(x)\n", unsafe, "result"},
                    GradeCase{"print(p.write_text(x))\n", unsafe, "result"},
                    GradeCase{"p.write_text(*x)\n", display, "no content"},
                    GradeCase{"p.write_text(x, **options)\n", unsafe, "*"},
                    GradeCase{"async def f():\n  await p.write_text(x)\n", display, "awaited"},
                    GradeCase{"p.write_text()\n", none, "no arguments"},
                    GradeCase{"print(f\"{p.write_text(x)}\")\n", display, "inside of a string"},
                    GradeCase{"p.write_text(encoding='utf-8')\n", display, "no content"},
                    GradeCase{"p.write_text(x, mode='w')\n", display, "mode"},
                    GradeCase{"p.write_text(a, b, c, d, e)\n", display, "more arguments"},
                    GradeCase{"p.write_bytes(a, b)\n", display, "more arguments"},
                    GradeCase{"p.write_bytes(a, encoding='x')\n", display, "encoding"},
                    GradeCase{"p.write_text(x for x in y)\n", none, "usual form"},
                    GradeCase{"self.write_text(x)\n", display, "class itself"},
                    GradeCase{"super().write_text(x)\n", display, "class itself"},
                    GradeCase{"Path.write_text(p, x)\n", display, "through the class"}));

INSTANTIATE_TEST_SUITE_P(
    whole_values, Grades,
    testing::Values(
        GradeCase{"with open(p, 'w') as f:\n  f.write(x)\n", safe},
        GradeCase{"with open(p, 'wb') as f:\n  f.write(x)\n", safe},
        GradeCase{"with open(p, \"wt\") as f:\n  f.write(x)\n", safe},
        GradeCase{"with open(p, mode='w', encoding='utf-8') as f:\n  json.dump(x, f)\n", safe},
        GradeCase{"with io.open(p, 'w') as f:\n  json.dump(x, f, indent=2)\n", safe},
        GradeCase{"with p.open('w') as f:\n  f.write(x)\n", safe},
        GradeCase{"with p.open(mode='w') as f:\n  yaml.safe_dump(x, f)\n", safe},
        GradeCase{"with open(p, 'wb') as f:\n  pickle.dump(x, f)\n", safe},
        GradeCase{"with open(p, 'w') as f:\n  json.dump(x, fp=f)\n", safe},
        GradeCase{"with open(p, 'w') as f:\n  dump(x, f)\n", safe},
        GradeCase{"with open(p, 'w') as f:\n  print(x, file=f)\n", safe},
        GradeCase{"with open(p, 'w') as f:\n  f.writelines([a, b])\n", safe},
        GradeCase{"with open(p, 'w', -1, 'utf-8') as f:\n  f.write(x)\n", safe},
        GradeCase{"with lock, open(p, 'w') as f:\n  f.write(x)\n", safe},
        GradeCase{"with (lock, open(p, 'w') as f):\n  f.write(x)\n", safe},
        GradeCase{"with open(a) as s, open(p, 'w') as f:\n  f.write(s.read())\n", safe},
        GradeCase{"with open(p, 'w') as f:\n  y = make()\n  f.write(y)\n", safe},
        GradeCase{"with open(p, 'w') as f:\n  f.write(x)\n  log.info('saved %s', p)\n", safe},
        GradeCase{"with open(p, 'w') as f:\n  if x:\n    f.write(x)\n", safe},
        GradeCase{"with open(p, 'w') as f:\n  f.write(x)\n  return\n", safe},
        GradeCase{"for a in b:\n  with open(p, 'w') as f:\n    f.write(x)\n", safe},
        GradeCase{"with open(p, 'w') as f:\n  o.f = 1\n  f.write(g(f=2))\n", safe}));

INSTANTIATE_TEST_SUITE_P(
    changes_that_can_be_seen, Grades,
    testing::Values(
        GradeCase{"with open(p, 'w') as f:\n  f.write(x)\n  f.write(y)\n", unsafe, "several"},
        GradeCase{"with open(p, 'w') as f:\n  for a in b:\n    f.write(a)\n", unsafe, "loop"},
        GradeCase{"with open(p, 'w') as f:\n  [f.write(a) for a in b]\n", unsafe, "loop"},
        GradeCase{"with open(p, 'w') as f:\n  f.writelines(x)\n", unsafe, "lines"},
        GradeCase{"with open(p, 'w') as f:\n  f.write(x)\n  f.flush()\n", unsafe, "flush"},
        GradeCase{"with open(p, 'w') as f:\n  f.write(x)\n  os.fsync(f.fileno())\n", unsafe,
                  "synced"},
        GradeCase{"with open(p, 'w') as f:\n  f.write(x)\n  os.fsync(f)\n", unsafe, "synced"},
        GradeCase{"with open(p, 'w') as f:\n  w = csv.writer(f)\n  w.writerow(x)\n", unsafe,
                  "rows"},
        GradeCase{"with open(p, 'w') as f:\n  shutil.copyfileobj(s, f)\n", unsafe, "copied"},
        GradeCase{"with open(p, 'w') as f:\n  config.write(f)\n", unsafe, "config.write()"},
        GradeCase{"with open(p, 'w') as f:\n  f.write(load(p))\n", unsafe, "path is used"},
        GradeCase{"with open(p, 'w') as f:\n  os.chmod(p, 0o600)\n  f.write(x)\n", unsafe,
                  "path is used"},
        GradeCase{"with p.open('w') as f:\n  f.write(p.read_text())\n", unsafe, "path is used"},
        GradeCase{"with open(p) as s, open(p, 'w') as f:\n  f.write(s.read())\n", unsafe, "twice"},
        GradeCase{"with open(p, 'w') as f:\n  f.write(x)\n  send(x)\n", unsafe, "what follows"},
        GradeCase{"with open(p, 'w') as f:\n  f.write(x)\n  raise\n", unsafe, "what follows"},
        GradeCase{"with open(p, 'w', 1) as f:\n  f.write(x)\n", unsafe, "buffering"},
        GradeCase{"with open(p, 'w', buffering=0) as f:\n  f.write(x)\n", unsafe, "buffering"},
        GradeCase{"with open(p, 'w', **o) as f:\n  f.write(x)\n", unsafe, "*"}));

INSTANTIATE_TEST_SUITE_P(
    edits_that_would_change_the_program, Grades,
    testing::Values(
        GradeCase{"with open(p, 'a') as f:\n  f.write(x)\n", display, "appends"},
        GradeCase{"with open(p, 'r+') as f:\n  f.write(x)\n", display, "in place"},
        GradeCase{"with open(p, 'w+') as f:\n  f.write(x)\n", display, "in place"},
        GradeCase{"with open(p, 'x') as f:\n  f.write(x)\n", display, "new file"},
        GradeCase{"with open(p, mode) as f:\n  f.write(x)\n", display, "mode"},
        GradeCase{"with open(p, f'{m}') as f:\n  f.write(x)\n", display, "mode"},
        GradeCase{"with open(p, b'w') as f:\n  f.write(x)\n", display, "mode"},
        GradeCase{"f = open(p, 'w')\nf.write(x)\nf.close()\n", display, "with statement"},
        GradeCase{"open(p, 'w').write(x)\n", display, "with statement"},
        GradeCase{"with closing(open(p, 'w')) as f:\n  f.write(x)\n", display, "with statement"},
        GradeCase{"s.enter_context(open(p, 'w'))\n", display, "with statement"},
        GradeCase{"with open(p, 'w') as self.f:\n  self.f.write(x)\n", display, "outside"},
        GradeCase{"with open(p, 'w') as f:\n  return f\n", display, "leaves"},
        GradeCase{"with open(p, 'w') as f:\n  self.f = f\n", display, "leaves"},
        GradeCase{"def g():\n  with open(p, 'w') as f:\n    yield f\n", display, "suspended"},
        GradeCase{"async def g():\n  with open(p, 'w') as f:\n    f.write(await h())\n", display,
                  "suspended"},
        GradeCase{"with open(p, 'w') as f:\n  render(f)\n", display, "render()"},
        GradeCase{"with open(p, 'w') as f:\n  self.dump(f)\n", display, "dump()"},
        GradeCase{"with open(p, 'w') as f:\n  run(c, stdout=f)\n", display, "process"},
        GradeCase{"with open(p, 'w') as f:\n  fcntl.flock(f, 2)\n  f.write(x)\n", display,
                  "locked"},
        GradeCase{"with open(p, 'w') as f:\n  f.seek(3)\n  f.write(x)\n", display, "seek"},
        GradeCase{"with open(p, 'w') as f:\n  os.fchmod(f.fileno(), 3)\n  f.write(x)\n", display,
                  "fileno"},
        GradeCase{"with open(p, 'w') as f:\n  g = lambda: f.write(x)\n", display, "nested"},
        GradeCase{"with open(p, 'w') as f:\n  def g():\n    f.write(x)\n", display, "nested"},
        GradeCase{"with open(p, 'w') as f:\n  while x:\n    f.write(x)\n", display, "loop runs"},
        GradeCase{"with open(p, 'w') as f:\n  for l in sys.stdin:\n    f.write(l)\n", display,
                  "stream"},
        GradeCase{"with open(p, 'wb') as f:\n  for c in r.iter_content(9):\n    f.write(c)\n",
                  display, "stream"},
        GradeCase{"with open(p, 'w') as f:\n  f = wrap(f)\n  f.write(x)\n", display, "bound"},
        GradeCase{"with open(p, 'w', opener=o) as f:\n  f.write(x)\n", display, "opener"},
        GradeCase{"with open(p, 'w', closefd=True) as f:\n  f.write(x)\n", display, "closefd"},
        GradeCase{"async with open(p, 'w') as f:\n  f.write(x)\n", display, "asynchronous"},
        GradeCase{"with open(p, 'w'):\n  pass\n", none, "nothing"},
        GradeCase{"with open(p, 'w') as f:\n  pass\n", none, "nothing"},
        GradeCase{"with open(p, 'r') as f:\n  f.read()\n", none, "writing"},
        GradeCase{"with open(p) as f:\n  f.read()\n", display, "mode"}));

TEST(RewriteGrades, unknown_functions_are_never_rewritten) {
  const SyntaxTree tree = parsed("codecs.open(p, 'w')\n");
  const PathFacts target = usual_target();
  for (const std::string_view api : {"codecs.open", "gzip.open", "os.replace", ""}) {
    const Rewrite rewrite = describe_rewrite(tree, last_call(tree), {.api = api, .target = target});
    EXPECT_EQ(rewrite.grade, none);
    EXPECT_EQ(rewrite.shape, RewriteShape::none);
  }
}

TEST(RewriteGrades, what_is_not_surely_a_regular_file_is_unsafe) {
  PathFacts target = usual_target();
  target.certainly_regular = false;
  for (const std::string_view source :
       {"p.write_text(x)\n", "with open(p, 'w') as f:\n  f.write(x)\n"}) {
    const Rewrite rewrite = graded(source, target);
    EXPECT_EQ(rewrite.grade, unsafe);
    EXPECT_NE(rewrite.reason.find("device"), std::string::npos);
  }
}

TEST(RewriteGrades, what_is_not_surely_a_path_object_is_unsafe_for_methods_alone) {
  PathFacts target = usual_target();
  target.certainly_path_object = false;
  EXPECT_EQ(graded("p.write_text(x)\n", target).grade, unsafe);
  EXPECT_EQ(graded("with p.open('w') as f:\n  f.write(x)\n", target).grade, unsafe);
  EXPECT_EQ(graded("with open(p, 'w') as f:\n  f.write(x)\n", target).grade, safe);
}

TEST(RewriteGrades, special_targets_and_descriptors_are_left_alone) {
  PathFacts special = usual_target();
  special.is_special = true;
  PathFacts descriptor = usual_target();
  descriptor.is_descriptor = true;
  for (const std::string_view source :
       {"p.write_text(x)\n", "with open(p, 'w') as f:\n  f.write(x)\n"}) {
    EXPECT_EQ(graded(source, special).grade, none);
    EXPECT_EQ(graded(source, descriptor).grade, none);
  }
}

TEST(RewriteGrades, a_mode_that_the_reader_knows_is_unsafe) {
  const SyntaxTree tree = parsed("with open(p, MODE) as f:\n  f.write(x)\n");
  const PathFacts target = usual_target();
  const auto grade = [&](std::string_view mode) {
    return describe_rewrite(tree, last_call(tree), {.api = "open", .target = target, .mode = mode})
        .grade;
  };
  EXPECT_EQ(grade("w"), unsafe);
  EXPECT_EQ(grade("a"), display);
  EXPECT_EQ(grade("r"), none);
}

TEST(RewriteGrades, parts_of_the_call_are_named) {
  const std::string_view source = "if x:\n  self.path.write_text(a, 'b')\n";
  const Rewrite rewrite = graded(source);
  const auto text = [&](Span span) { return source.substr(span.begin, span.size()); };
  EXPECT_EQ(text(rewrite.call), "self.path.write_text(a, 'b')");
  EXPECT_EQ(text(rewrite.callee), "self.path.write_text");
  EXPECT_EQ(text(rewrite.receiver), "self.path");
  EXPECT_EQ(text(rewrite.arguments), "(a, 'b')");
}

struct EditCase {
  std::string_view before;
  std::string_view after;
};

class Edits : public testing::TestWithParam<EditCase> {};

TEST_P(Edits, keep_everything_else_byte_for_byte) {
  EXPECT_EQ(edited(GetParam().before), GetParam().after);
}

INSTANTIATE_TEST_SUITE_P(
    forms, Edits,
    testing::Values(
        EditCase{"p.write_text(x)\n", "atomic_write_text(p, x, durability=\"durable\")\n"},
        EditCase{"\tself.p.write_bytes(x)\r\n",
                 "\tatomic_write_bytes(self.p, x, durability=\"durable\")\r\n"},
        EditCase{"p.write_text(data=x, encoding='a')\n",
                 "atomic_write_text(p, text=x, encoding='a', durability=\"durable\")\n"},
        EditCase{"p.write_bytes(data=x)\n",
                 "atomic_write_bytes(p, data=x, durability=\"durable\")\n"},
        EditCase{"p.write_text(\n    x,  # what\n    'utf-8',\n)\n",
                 "atomic_write_text(p,\n    x,  # what\n    'utf-8', durability=\"durable\",\n)\n"},
        EditCase{"p.write_text(x ,)\n", "atomic_write_text(p, x, durability=\"durable\" ,)\n"},
        EditCase{"p.write_text( x )\n", "atomic_write_text(p,  x, durability=\"durable\" )\n"},
        EditCase{"p.write_text(x  # why\n)\n",
                 "atomic_write_text(p, x, durability=\"durable\"  # why\n)\n"},
        EditCase{"(\n  a  # the a\n  .write_text(x)\n)\n",
                 "(\n  atomic_write_text(a  # the a\n  , x, durability=\"durable\")\n)\n"},
        EditCase{"(a\n  / b).write_text(x)\n",
                 "atomic_write_text((a\n  / b), x, durability=\"durable\")\n"},
        EditCase{"p.write_text('ü', **o)\n",
                 "atomic_write_text(p, 'ü', **o, durability=\"durable\")\n"},
        EditCase{"a = 1; p.write_text(x); b = 2\n",
                 "a = 1; atomic_write_text(p, x, durability=\"durable\"); b = 2\n"},
        EditCase{"with open(p, 'w') as f:\n\tf.write(x)\n",
                 "with atomic_open(p, 'w', durability=\"durable\") as f:\n\tf.write(x)\n"},
        EditCase{"with open( p, mode = 'w' ) as f: f.write(x)\n",
                 "with atomic_open( p, mode = 'w', durability=\"durable\" ) as f: f.write(x)\n"},
        EditCase{"with open(file=p, mode='w') as f:\n  f.write(x)\n",
                 "with atomic_open(path=p, mode='w', durability=\"durable\") as f:\n"
                 "  f.write(x)\n"},
        EditCase{"with io.open(p, 'w') as f:\n  f.write(x)\n",
                 "with atomic_open(p, 'w', durability=\"durable\") as f:\n  f.write(x)\n"},
        EditCase{"with p.open('w', encoding='ascii') as f:\n  f.write(x)\n",
                 "with atomic_open(p, 'w', encoding='ascii', durability=\"durable\") as f:\n"
                 "  f.write(x)\n"},
        EditCase{"with p.open(mode='w') as f:\n  f.write(x)\n",
                 "with atomic_open(p, mode='w', durability=\"durable\") as f:\n  f.write(x)\n"}));

TEST(RewriteEdits, a_comment_that_would_be_lost_prevents_the_edit) {
  EXPECT_EQ(edited("(p.  # here\n write_text(x))\n"), "(not edited)");
  EXPECT_EQ(edited("(p.write_text  # here\n (x))\n"), "(not edited)");
}

TEST(RewriteEdits, names_and_level_are_those_that_are_asked_for) {
  RewriteNames names;
  names.write_text = "untorn.write_text";
  names.durability = "ordered";
  names.default_encoding_is_utf8 = true;
  names.further_arguments = "other=1";
  EXPECT_EQ(edited("p.write_text(x)\n", names),
            "untorn.write_text(p, x, encoding=None, durability=\"ordered\", other=1)\n");
  EXPECT_EQ(edited("p.write_text(x, 'ascii')\n", names),
            "untorn.write_text(p, x, 'ascii', durability=\"ordered\", other=1)\n");
}

TEST(RewriteEdits, two_calls_of_one_with_statement_can_both_be_edited) {
  const std::string_view source =
      "with open(a, 'w') as f, b.open('w') as g:\n  f.write(x)\n"
      "  g.write(y)\n";
  const SyntaxTree tree = parsed(source);
  std::vector<Edit> edits;
  for (std::uint32_t at = 0; at < tree.size(); ++at) {
    const std::string api =
        tree.kind(NodeId{at}) == Grammar::get().call ? api_of(tree, NodeId{at}) : std::string();
    if (api.empty()) continue;
    const PathFacts target = usual_target();
    const Rewrite rewrite = describe_rewrite(tree, NodeId{at}, {.api = api, .target = target});
    EXPECT_TRUE(edit_call(tree, rewrite, {}, edits));
  }
  EXPECT_EQ(applied(source, edits),
            "with atomic_open(a, 'w', durability=\"durable\") as f, "
            "atomic_open(b, 'w', durability=\"durable\") as g:\n  f.write(x)\n  g.write(y)\n");
}

TEST(RewriteEdits, another_text_is_not_edited) {
  const SyntaxTree tree = parsed("p.write_text(x)\n");
  Rewrite rewrite = graded("p.write_text(x)\n");
  rewrite.call.end += 1;
  std::vector<Edit> edits;
  EXPECT_FALSE(edit_call(tree, rewrite, {}, edits));
  EXPECT_TRUE(edits.empty());
}

TEST(RewriteGrades, every_prefix_and_deep_nesting_end_without_harm) {
  const std::string source =
      "with (open(p, 'w') as f, g):\n  for a in b:\n    f.write(x)\nq.write_text(a, *b)\n";
  for (std::size_t size = 0; size <= source.size(); ++size) {
    (void)graded(std::string_view(source).substr(0, size));
  }
  const std::string deep =
      "p.write_text(" + std::string(20000, '(') + std::string(20000, ')') + ")\n";
  EXPECT_EQ(graded(deep).shape, RewriteShape::write_text);
}

}  // namespace
}  // namespace untorn::languages
