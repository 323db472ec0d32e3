// SPDX-License-Identifier: Apache-2.0
//
// Which loaders answer "new" for a damaged file.
#include <gtest/gtest.h>

#include <string>

#include "languages/python/rendering_test.h"

namespace untorn::languages {
namespace {

using testing::Snippet;

class FindsLossyRecovery : public ::testing::TestWithParam<Snippet> {};

TEST_P(FindsLossyRecovery, as_written) {
  const auto facts = python().read("app.py", GetParam().source);
  ASSERT_TRUE(facts) << facts.error().reason;
  EXPECT_EQ(testing::render_flaws(*facts), GetParam().expected) << GetParam().source;
}

constexpr Snippet snippets[] = {
    {"an_empty_dictionary_for_damage", R"py(import json
def load(path):
    try:
        with open(path) as f:
            return json.load(f)
    except json.JSONDecodeError:
        return {}
)py",
     R"(6 [json.JSONDecodeError] {} for path in load
)"},
    {"a_new_object_for_damage", R"py(import json
from pathlib import Path
class State: pass
def load(path: Path):
    try:
        return State.from_dict(json.loads(path.read_text()))
    except (ValueError, KeyError) as e:
        print(e)
        return State()
)py",
     R"(7 [(ValueError, KeyError)] State() for path in load
)"},
    {"any_exception", R"py(import pickle
def load(path):
    try:
        return pickle.load(open(path, "rb"))
    except Exception:
        return []
)py",
     R"(5 [Exception] [] for path in load
)"},
    {"a_bare_except", R"py(import yaml
def load(path):
    try:
        with open(path) as f:
            return yaml.safe_load(f)
    except:
        return dict()
)py",
     R"(6 [] dict() for path in load
)"},
    {"a_missing_file_is_no_damage", R"py(import json
def load(path):
    try:
        with open(path) as f:
            return json.load(f)
    except FileNotFoundError:
        return {}
)py",
     R"()"},
    {"an_error_of_the_system_is_no_damage", R"py(import json
def load(path):
    try:
        with open(path) as f:
            return json.load(f)
    except OSError:
        return {}
)py",
     R"()"},
    {"the_second_clause", R"py(import json
def load(path):
    try:
        with open(path) as f:
            return json.load(f)
    except FileNotFoundError:
        return {}
    except ValueError:
        return {}
)py",
     R"(8 [ValueError] {} for path in load
)"},
    {"it_raises_again", R"py(import json
def load(path):
    try:
        return json.load(open(path))
    except ValueError:
        log()
        raise
)py",
     R"()"},
    {"it_raises_something_else", R"py(import json
def load(path):
    try:
        return json.load(open(path))
    except ValueError as e:
        raise StateError(path) from e
)py",
     R"()"},
    {"it_exits", R"py(import json, sys
def load(path):
    try:
        return json.load(open(path))
    except ValueError:
        sys.exit(1)
)py",
     R"()"},
    {"it_sets_the_file_aside", R"py(import json, os
def load(path):
    try:
        return json.load(open(path))
    except ValueError:
        os.replace(path, path + ".corrupt")
        return {}
)py",
     R"()"},
    {"it_sets_the_file_aside_as_a_path", R"py(import json
from pathlib import Path
def load(path: Path):
    try:
        return json.loads(path.read_text())
    except ValueError:
        path.rename(path.with_suffix(".bad"))
        return {}
)py",
     R"()"},
    {"it_restores_a_backup", R"py(import json
def load(path):
    try:
        return json.load(open(path))
    except ValueError:
        restore_backup(path)
        return {}
)py",
     R"()"},
    {"it_answers_none", R"py(import json
def load(path):
    try:
        return json.load(open(path))
    except ValueError:
        return None
)py",
     R"()"},
    {"it_answers_an_error", R"py(import json
def load(path):
    try:
        return json.load(open(path))
    except ValueError as e:
        return {"problem": str(e)}
)py",
     R"()"},
    {"it_answers_an_error_object", R"py(import json
def load(path):
    try:
        return json.load(open(path))
    except ValueError:
        return ParseError()
)py",
     R"()"},
    {"text_from_a_network", R"py(import json
def load(response):
    try:
        return json.loads(response.read())
    except ValueError:
        return {}
)py",
     R"()"},
    {"text_from_standard_input", R"py(import json, sys
def load():
    try:
        return json.load(sys.stdin)
    except ValueError:
        return {}
)py",
     R"()"},
    {"text_from_a_parameter", R"py(import json
def load(text):
    try:
        return json.loads(text)
    except ValueError:
        return {}
)py",
     R"()"},
    {"text_in_a_name", R"py(import json
def load(path):
    with open(path) as f:
        text = f.read()
    try:
        return json.loads(text)
    except ValueError:
        return {}
)py",
     R"(7 [ValueError] {} for path in load
)"},
    {"a_name_gets_a_new_value", R"py(import json
def load(path):
    try:
        data = json.load(open(path))
    except ValueError:
        data = {}
    return data
)py",
     R"(5 [ValueError] {} for path in load
)"},
    {"another_name_gets_a_new_value", R"py(import json
def load(path):
    try:
        data = json.load(open(path))
    except ValueError:
        problems = []
    return data
)py",
     R"()"},
    {"an_attribute_gets_a_new_value", R"py(import json
class Store:
    def load(self):
        try:
            self.items = json.load(open(self.path))
        except ValueError:
            self.items = {}
)py",
     R"(6 [ValueError] {} for self.path in Store.load
)"},
    {"it_passes_to_a_new_value", R"py(import json
def load(path):
    try:
        return json.load(open(path))
    except ValueError:
        pass
    return {}
)py",
     R"(5 [ValueError] {} for path in load
)"},
    {"it_passes_and_the_old_value_stays", R"py(import json
class Store:
    def load(self):
        self.items = {}
        try:
            self.items = json.load(open(self.path))
        except Exception as e:
            self.log(e)
)py",
     R"(7 [Exception] {} for self.path in Store.load
)"},
    {"it_passes_to_something_else", R"py(import json
def load(path, other):
    try:
        return json.load(open(path))
    except ValueError:
        pass
    return json.load(open(other))
)py",
     R"()"},
    {"a_damaged_item_is_left_out", R"py(import json
def load(paths):
    for path in paths:
        try:
            yield json.load(open(path))
        except ValueError:
            continue
)py",
     R"()"},
    {"a_function_of_this_file_loads", R"py(import json
def read(path):
    return json.loads(open(path).read())
def load(state_path):
    try:
        return read(state_path)
    except ValueError:
        return {}
)py",
     R"(7 [ValueError] {} for state_path in load
)"},
    {"a_method_of_this_file_loads", R"py(import json
class Store:
    def _read(self):
        with open(self.path) as f:
            return json.load(f)
    def load(self):
        try:
            return self._read()
        except Exception:
            return self._default_state()
)py",
     R"(9 [Exception] self._default_state() for self.path in Store.load
)"},
    {"a_configuration", R"py(import configparser
def load(path):
    config = configparser.ConfigParser()
    try:
        config.read(path)
    except configparser.Error:
        return configparser.ConfigParser()
    return config
)py",
     R"(6 [configparser.Error] configparser.ConfigParser() for path in load
)"},
    {"a_default_in_a_constant", R"py(import copy, json
DEFAULTS = {"a": 1}
def load(path):
    try:
        return json.load(open(path))
    except ValueError:
        return copy.deepcopy(DEFAULTS)
)py",
     R"(6 [ValueError] copy.deepcopy(DEFAULTS) for path in load
)"},
    {"exceptions_in_a_constant", R"py(import json
ERRORS = (OSError, ValueError)
def load(path):
    try:
        return json.load(open(path))
    except ERRORS:
        return {}
)py",
     R"(6 [ERRORS] {} for path in load
)"},
    {"no_file_is_loaded", R"py(def load(path):
    try:
        return int(open(path).read())
    except ValueError:
        return 0
)py",
     R"()"},
    {"an_inner_try_is_judged_by_itself", R"py(import json
def load(path):
    try:
        try:
            return json.load(open(path))
        except ValueError:
            raise
    except Exception:
        return {}
)py",
     R"()"},
    {"a_class_method_makes_a_new_one", R"py(import json
class State:
    @classmethod
    def load(cls, path):
        try:
            with path.open() as f:
                return cls(**json.load(f))
        except (OSError, EOFError, ValueError):
            return cls()
)py",
     R"(8 [(OSError, EOFError, ValueError)] cls() for path in State.load
)"},
    {"the_value_comes_from_the_old_format", R"py(import json
def load(path):
    try:
        return json.load(open(path))
    except ValueError:
        return Config(read_old_format(path))
)py",
     R"()"},
    {"it_leaves_the_object_as_it_was_made", R"py(import pickle
class State:
    def load(self):
        try:
            with open(self.path, "rb") as f:
                state = pickle.load(f)
        except Exception:
            logger.exception("starting from an empty state")
            return
        self.set_state(state)
)py",
     R"(7 [Exception] pass for self.path in State.load
)"},
    {"it_leaves_out_what_would_go_into_the_object", R"py(import pickle
class Counts:
    def __init__(self, infile):
        try:
            with open(infile, "rb") as f:
                counts, calls = pickle.load(f)
            self.update(counts, calls)
        except (OSError, EOFError, ValueError) as error:
            print("skipping", error)
)py",
     R"(8 [(OSError, EOFError, ValueError)] pass for infile in Counts.__init__
)"},
    {"a_value_that_goes_nowhere", R"py(import json
class Checker:
    def check(self, path):
        try:
            json.load(open(path))
        except ValueError:
            print("bad")
)py",
     R"()"},
};

INSTANTIATE_TEST_SUITE_P(python, FindsLossyRecovery, ::testing::ValuesIn(snippets),
                         testing::name_of_snippet);

}  // namespace
}  // namespace untorn::languages
