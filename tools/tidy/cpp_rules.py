# SPDX-License-Identifier: Apache-2.0
"""Rules of the house for C++: who includes whom, who changes files, what must be looked at."""

import re
from fnmatch import fnmatch

# Which rooms a room may include. A test beside its source may include what its room may, and what
# tests share.
ROOMS = {
    "base": set(),
    "filesystem": {"base"},
    "counters": {"base", "filesystem"},
    "write": {"base", "filesystem", "counters"},
    "transaction": {"base", "filesystem", "counters", "write"},
    "line_log": {"base", "filesystem", "counters", "write"},
    "crash": {"base", "filesystem"},
    "report": {"base"},
    "settings": {"base"},
    "document": {"base", "filesystem", "counters", "write"},
    "registry": {"base", "filesystem", "counters", "write", "transaction", "document"},
    "patch": {"base"},
    "pipeline": {"base", "filesystem", "counters", "write", "transaction", "line_log", "document",
                 "registry", "patch"},
    "health": {"base", "filesystem", "counters", "write", "transaction", "line_log", "document",
               "registry", "report"},
    "languages": {"base"},
    "rules": {"base", "languages"},
    "scan": {"base", "filesystem", "write", "report", "languages", "rules", "settings"},
    "fix": {"base", "filesystem", "counters", "write", "transaction", "patch", "report",
            "languages", "rules", "scan"},
    "prove": {"base", "filesystem", "crash", "report", "settings"},
    "watch": {"base", "filesystem", "counters", "write", "document", "health", "report"},
    "c_api": {"base", "filesystem", "counters", "write", "transaction", "line_log"},
    "library": set(),
    "cli": {"base", "filesystem", "counters", "write", "transaction", "line_log", "crash",
            "document", "registry", "patch", "pipeline", "report", "health", "languages", "rules",
            "scan", "fix", "prove", "watch"},
}
# The room that implements each public header: including the header is depending on the room.
HEADERS = {
    "untorn/durability.h": "base",
    "untorn/error.h": "base",
    "untorn/filesystem.h": "filesystem",
    "untorn/counters.h": "counters",
    "untorn/replace.h": "write",
    "untorn/batch.h": "write",
    "untorn/etag.h": "write",
    "untorn/in_place.h": "write",
    "untorn/sweep.h": "write",
    "untorn/untorn.h": "c_api",
    "untorn/transaction.h": "transaction",
    "untorn/line_log.h": "line_log",
    "untorn/registry.h": "registry",
    "untorn/crash.h": "crash",
    "untorn/document.h": "document",
    "untorn/json.h": "document",
    "untorn/pipeline/code_files.h": "pipeline",
    "untorn/pipeline/line_fixer.h": "pipeline",
    "untorn/pipeline/patch_manager.h": "pipeline",
    "untorn/pipeline/pattern_store.h": "pipeline",
    "untorn/pipeline/phase_files.h": "pipeline",
    "untorn/pipeline/pipeline_state.h": "pipeline",
    "untorn/pipeline/project.h": "pipeline",
    "untorn/pipeline/role_registry.h": "pipeline",
    "untorn/pipeline/state_manager.h": "pipeline",
    "untorn/pipeline/tool_registry.h": "pipeline",
}
# Headers that cost seconds to compile, and how many files may include them: sources, never headers.
HEAVY = {r"CLI/|CLI11": 1, r"valijson/|rapidjson/": 1, r"nlohmann/": 2,
         r"toml\+\+/|toml\.hpp": 1, r"sqlite3\.h": 2}
# Rooms of the library: nothing but the standard library and the system below them.
LIBRARY_ROOMS = {"base", "filesystem", "counters", "write", "transaction", "line_log", "crash",
                 "document", "registry", "patch", "pipeline", "c_api", "library"}
NOT_IN_LIBRARY = re.compile(
    r"(fmt|CLI|nlohmann|toml\+\+|gtest|gmock|rapidcheck|elfutils)/|sqlite3\.h|libdw")

# What the header for C needs of C's own library.
C_STANDARD = {"stddef.h", "stdint.h"}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:<([^>\n]+)>|"([^"\n]+)")', re.MULTILINE)

# Calls that change a file, or force it to the disk.
CHANGING = (
    "creat|rename|renameat|renameat2|unlink|unlinkat|mkdir|mkdirat|rmdir|link|linkat|symlink|"
    "symlinkat|truncate|ftruncate|fallocate|posix_fallocate|write|writev|pwrite|pwritev|pwritev2|"
    "sendfile|copy_file_range|splice|vmsplice|fsync|fdatasync|sync|syncfs|sync_file_range|msync|"
    "chmod|fchmod|fchmodat|chown|fchown|lchown|fchownat|setxattr|lsetxattr|fsetxattr|removexattr|"
    "fremovexattr|lremovexattr|utime|utimes|utimensat|futimens|mknod|mknodat|mkfifo|mkfifoat|"
    "mkstemp|mkostemp|mkdtemp|tmpfile|tmpnam|mount|umount|umount2|pivot_root|freopen")
SYSTEM_CALL = re.compile(rf"(?<![\w>)\].:])(?:(::)|(std::))?({CHANGING}|remove)\s*\(")
STANDARD = re.compile(
    r"\bstd::(?:o?fstream|basic_o?fstream|ofstream)\b"
    r"|\b(?:std::filesystem|stdfs)::(?:create_director(?:y|ies)|create_symlink|create_hard_link|"
    r"create_directory_symlink|remove|remove_all|rename|copy|copy_file|copy_symlink|resize_file|"
    r"permissions|last_write_time)\s*\(")
OPENING = re.compile(r"(?<![\w>).])(?:::|std::)?(?:open|openat|openat2|fopen|fdopen)\s*\(")
OPENS_FOR_WRITING = re.compile(r"\bO_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)\b")
RAW_CALL = re.compile(
    rf"\bsyscall\s*\(\s*(SYS_(?:{CHANGING}|open|openat2?|fsopen|fsmount|move_mount|mount_setattr))"
    r"\b")
# Headers by which an unqualified call is one of the system's.
SYSTEM_HEADERS = {"unistd.h", "fcntl.h", "sys/stat.h", "sys/mount.h", "sys/xattr.h", "sys/uio.h",
                  "sys/sendfile.h", "sys/mman.h", "stdio.h", "cstdio", "stdlib.h", "cstdlib"}


def includes(source):
    """(line, name, is_system) of each include, read from the text: names are string literals."""
    for match in INCLUDE.finditer(source.text):
        if source.code[match.start():match.end()].strip():
            yield source.line_of(match.start()), match.group(1) or match.group(2), bool(match[1])


def arrows(source):
    """A room includes itself, the rooms below it, and the public headers of those."""
    room = source.room
    if source.kind != "cpp" or room is None:
        return
    if room not in ROOMS:
        yield source.finding("arrows", 1, f"room '{room}' has no place in tools/tidy/cpp_rules.py")
        return
    allowed = ROOMS[room] | {room} | ({"tests"} if source.is_test else set())
    for line, name, system in includes(source):
        if system:
            continue
        folder = name.split("/")[0]
        owner = HEADERS.get(name) if folder == "untorn" else folder
        if owner is None:
            yield source.finding("arrows", line, f"'{name}' belongs to no room that is known")
        elif owner not in allowed:
            yield source.finding("arrows", line, f"'{room}' may not include '{owner}' ('{name}')")


def public_headers(source):
    """Public headers stand alone: the standard library, each other, and an explanation."""
    if not source.is_public_header:
        return
    standard_of_c = C_STANDARD if source.path.endswith("/untorn.h") else set()
    for line, name, system in includes(source):
        foreign = "/" in name or name.endswith(".h") if system else name not in HEADERS
        foreign = foreign and name not in standard_of_c
        if foreign:
            yield source.finding("public", line, f"a public header includes '{name}'")
    head = source.text.split("#pragma once")[0].splitlines()
    if sum(line.startswith("// ") for line in head) < 3:
        yield source.finding("public", 1, "a public header begins by saying what it promises")
    callable_things = re.search(r"(?<!enum )\bclass\b|\bResult<", source.code)
    if callable_things and "// Threads:" not in source.text:
        yield source.finding("public", 1, "a public header says which thread may call it")
    # The pipeline's systems keep the names that their users know, in every language.
    synonyms = "flush|persist" if "/pipeline/" in str(source.path) else "save|flush|persist"
    for match in re.finditer(rf"\b(?:{synonyms})\w*\s*\(", source.code):
        yield source.finding("public", source.line_of(match.start()),
                             "one word an idea: replace, commit, sync, record")


def header_form(source):
    if source.is_header and source.kind == "cpp" and "\n#pragma once\n" not in source.text:
        yield source.finding("header", 1, "no #pragma once")


def dependencies(source):
    """The library depends on nothing but the system; heavy headers stay out of headers."""
    if source.kind != "cpp":
        return
    for line, name, _ in includes(source):
        if source.room in LIBRARY_ROOMS and not source.is_test and NOT_IN_LIBRARY.match(name):
            yield source.finding("dependencies", line, f"the library includes '{name}'")
        if source.is_header and any(re.match(pattern, name) for pattern in HEAVY):
            yield source.finding("dependencies", line, f"'{name}' is for sources, not for headers")


def heavy_headers(sources):
    for pattern, allowed in HEAVY.items():
        users = [source for source in sources
                 if source.kind == "cpp" and source.room
                 and not source.is_header and not source.is_test
                 and any(re.match(pattern, name) for _, name, _ in includes(source))]
        for source in users[allowed:]:
            yield source.finding(
                "dependencies", 1,
                f"'{pattern}' is included by {len(users)} files; {allowed} at most")


def changing_calls(source):
    """(line, call) of each call that changes a file, as far as the text shows it."""
    code = source.statements
    system = any(name in SYSTEM_HEADERS for _, name, _ in includes(source))
    for match in SYSTEM_CALL.finditer(code):
        qualified = match.group(1) or match.group(2)
        if match.group(3) == "remove" and not qualified:
            continue
        if qualified or system and is_call(code, match.start()):
            yield source.line_of(match.start()), match.group(3)
    for match in STANDARD.finditer(code):
        yield source.line_of(match.start()), match.group().rstrip("( ")
    for match in RAW_CALL.finditer(code):
        yield source.line_of(match.start()), match.group(1)
    for match in OPENING.finditer(code):
        arguments = code[match.start():closing_parenthesis(code, match.end())]
        mode = source.text[match.start():match.start() + len(arguments)]
        if OPENS_FOR_WRITING.search(arguments) or re.search(r'"r?b?[wa+][be+x]*"', mode):
            yield source.line_of(match.start()), match.group().rstrip("( ").lstrip(":")


def is_call(code, start):
    """Not a declaration: what stands before is no type but an operator, a keyword or nothing."""
    before = code[:start].rstrip()
    return re.search(r"(?:^|[;{}(),=!|?:&]|\b(?:return|else|do|co_return))$", before) is not None \
        and not re.search(r"[\w>]\s*[&*]$", before)


def closing_parenthesis(code, opened):
    depth = 1
    for at in range(opened, len(code)):
        depth += {"(": 1, ")": -1}.get(code[at], 0)
        if depth == 0:
            return at + 1
    return len(code)


def seam(sources, allowed):
    """Only src/filesystem changes files. Exceptions are listed with their reason, each used."""
    used = set()
    for source in sources:
        if source.kind != "cpp" or source.is_test or source.room in (None, "filesystem"):
            continue
        for line, call in changing_calls(source):
            exceptions = {(pattern, name) for pattern, name in allowed
                          if name == call and fnmatch(source.path, pattern)}
            used |= exceptions
            if not exceptions:
                yield source.finding(
                    "seam", line, f"'{call}' changes a file; only src/filesystem does that")
    for pattern, call in sorted(set(allowed) - used):
        yield allowed[pattern, call].finding(
            "seam", 1, f"the exception '{call}' of {pattern} is not needed any more")


RETURNS_RESULT = re.compile(r"\b(?:Result|SystemResult|(?:std::)?expected)<")
# Closing and unlocking end a handle whatever they answer, and a write-back that was not started is
# only slower: their result is for those who want it.
MAY_BE_DISCARDED = {"close", "unlock", "start_writeback"}


def nodiscard(source):
    """Every function in a header that answers a Result says [[nodiscard]].

    Overrides need not: they are called through the interface that says it.
    """
    if not source.is_header:
        return
    code = source.code
    for match in RETURNS_RESULT.finditer(code):
        end = closing_angle(code, match.end())
        name = re.match(r"\s+([A-Za-z_]\w*)\s*\(", code[end:])
        if not name or name.group(1) in MAY_BE_DISCARDED:
            continue
        start = max(code.rfind(mark, 0, match.start()) for mark in ";{}")
        declaration = code[start + 1:match.start()]
        rest = re.match(r"[^;{]*", code[end:]).group()
        if re.search(r"\boverride\b", rest) or "using " in declaration:
            continue
        if "[[nodiscard]]" not in declaration:
            yield source.finding("nodiscard", source.line_of(match.start()),
                                 f"{name.group(1)} answers a Result without [[nodiscard]]")


def closing_angle(code, opened):
    depth = 1
    for at in range(opened, len(code)):
        depth += {"<": 1, ">": -1}.get(code[at], 0)
        if depth == 0:
            return at + 1
    return len(code)


EACH_FILE = [arrows, public_headers, header_form, dependencies, nodiscard]
WHOLE_TREE = [heavy_headers]
