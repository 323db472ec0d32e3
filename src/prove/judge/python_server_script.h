// SPDX-License-Identifier: Apache-2.0
//
// The program of the interpreter that forks for each run; see python_server.h. Its arguments: how
// many places of states there are, the places, and the arguments of the program that is served.
// Requests come on descriptor 3: a length of four bytes, then the working directory and the
// environment, separated by NUL.
#pragma once

namespace untorn::prove {

inline constexpr char python_server_script[] = R"python(
import atexit, gc, importlib, os, runpy, site, sys, sysconfig, types

server = sys.modules["__main__"]
requests = 3
learning_runs = 3
count = int(sys.argv[1])
places = [os.path.realpath(place) for place in sys.argv[2 : 2 + count]]
arguments = sys.argv[2 + count :]
has_first_path = not sys.flags.isolated and not getattr(sys.flags, "safe_path", False)
search_path = sys.path[1:] if has_first_path else sys.path[:]
compiled = {}


def inside(path):
    path = os.path.realpath(path)
    return any(path == place or path.startswith(place + os.sep) for place in places)


def library_folders():
    paths = sysconfig.get_paths()
    folders = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    folders += site.getsitepackages() if hasattr(site, "getsitepackages") else []
    folders += [folder for folder in sys.path if folder.endswith("-packages")]
    return [os.path.realpath(folder) + os.sep for folder in folders if not inside(folder)]


libraries = library_folders()


def is_library(module):
    spec = getattr(module, "__spec__", None)
    origin = getattr(spec, "origin", None)
    if origin in ("built-in", "frozen"):
        return True
    if not isinstance(origin, str) or inside(origin):
        return False
    return os.path.realpath(origin).startswith(tuple(libraries))


def read_exactly(size):
    data = b""
    while len(data) < size:
        part = os.read(requests, size - len(data))
        if not part:
            os._exit(0)
        data += part
    return data


def read_all(descriptor):
    data = b""
    while True:
        part = os.read(descriptor, 65536)
        if not part:
            return data
        data += part


def source_of(path):
    with open(path, "rb") as file:
        return file.read()


def full_path(path, folder):
    # Since 3.9 the interpreter makes it absolute.
    return os.path.join(os.fsdecode(folder), path) if sys.version_info >= (3, 9) else path


def compile_script(data, path, folder):
    return compile(data, full_path(path, folder), "exec", dont_inherit=True)


def learn(names, folder):
    sys.path[:] = [path for path in search_path if not inside(path)]
    for name in names:
        try:
            module = importlib.import_module(name)
        except BaseException:
            continue
        if not is_library(module):
            sys.modules.pop(name, None)
    if arguments[0] not in ("-m", "-c"):
        try:
            data = source_of(os.path.join(folder, os.fsencode(arguments[0])))
            compiled[data] = compile_script(data, arguments[0], folder)
        except Exception:
            pass
    sys.path[:] = search_path
    if len(os.listdir("/proc/self/task")) != 1:
        os._exit(3)
    gc.collect()
    gc.freeze()


def fresh_main():
    main = types.ModuleType("__main__")
    main.__dict__["__builtins__"] = server.__dict__["__builtins__"]
    sys.modules["__main__"] = main
    return main


def set_first_path(first):
    sys.path[:] = ([first] if has_first_path else []) + search_path


def run_script(path):
    set_first_path(os.path.dirname(os.path.realpath(path)))
    try:
        data = source_of(path)
    except IsADirectoryError:
        data = b"PK"
    except OSError as error:
        print(f"{sys.executable}: can't open file {path!r}: {error}", file=sys.stderr)
        return 2
    if data.startswith(b"PK") or path.endswith(".pyc"):
        runpy.run_path(path, run_name="__main__")
        return 0
    main = fresh_main()
    full = full_path(path, os.getcwd())
    loader = importlib.machinery.SourceFileLoader("__main__", full)
    main.__dict__.update(__file__=full, __cached__=None, __loader__=loader)
    exec(compiled.get(data) or compile_script(data, path, os.getcwd()), main.__dict__)
    return 0


def run_program():
    kind = arguments[0]
    sys.argv = arguments[:]
    if kind == "-m":
        set_first_path(os.getcwd())
        sys.argv = arguments[1:]
        fresh_main()
        runpy._run_module_as_main(arguments[1])
    elif kind == "-c":
        set_first_path("")
        sys.argv = ["-c"] + arguments[2:]
        exec(compile(arguments[1], "<string>", "exec", dont_inherit=True), fresh_main().__dict__)
    else:
        return run_script(kind)
    return 0


def guarded(function):
    try:
        return function()
    except SystemExit as error:
        if error.code is None or isinstance(error.code, int):
            return (error.code or 0) & 0xFF
        print(error.code, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BaseException as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_globals is server.__dict__:
            trace = trace.tb_next
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        return 1


def end_of_interpreter():
    threading = sys.modules.get("threading")
    if threading is not None:
        threading._shutdown()
    atexit._run_exitfuncs()
    main = sys.modules.get("__main__")
    if main is not None and main is not server:
        main.__dict__.clear()
        sys.last_traceback = sys.last_value = None
        gc.collect()
    return 0


def run_in_fork(folder, environment, report):
    try:
        os.chroot("")  # tells who follows us that this fork is the run
    except OSError:
        pass
    os.setpgid(0, 0)
    os.close(requests)
    known = set(sys.modules)
    for entry in environment:
        name, _, value = entry.partition(b"=")
        os.environb[name] = value
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    try:
        os.chdir(folder)
    except OSError:
        os._exit(127)
    status = guarded(run_program)
    if report is not None:
        names = [name for name, module in list(sys.modules.items())
                 if name not in known and is_library(module)]
        os.write(report, "\n".join(names).encode()[:60000])
    guarded(end_of_interpreter)
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except Exception:
            status = status or 120
    os._exit(status)


def serve():
    runs = 0
    while True:
        size = int.from_bytes(read_exactly(4), "little")
        folder, *environment = read_exactly(size).split(b"\0")
        learns = runs < learning_runs
        runs += 1
        ours, theirs = os.pipe() if learns else (None, None)
        child = os.fork()
        if child == 0:
            run_in_fork(folder, environment, theirs)
        names = ""
        if learns:
            os.close(theirs)
            names = read_all(ours).decode()
            os.close(ours)
        os.waitpid(child, 0)
        if learns:
            learn(names.split("\n") if names else [], folder)


for module in list(sys.modules.values()):
    if inside(getattr(module, "__file__", None) or os.sep):
        os._exit(3)
os.chdir("/")
serve()
)python";

}  // namespace untorn::prove
