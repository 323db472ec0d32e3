// SPDX-License-Identifier: Apache-2.0
//
// Prints the row of src/prove/stack/python_layout.cpp for the CPython whose headers it is compiled
// against. CPython publishes no such table before 3.13; the fields do not move between the patch
// releases of one minor version. To re-derive a row:
//
//   gcc -DPy_BUILD_CORE -I PREFIX/include/python3.N -I PREFIX/include/python3.N/internal \
//       tools/python_offsets.c -o python_offsets && ./python_offsets
//
// From 3.13 on the interpreter carries the offsets itself (_Py_DebugOffsets), except for the one
// of _co_firsttraceable, which this prints too.
#include <Python.h>
#include <frameobject.h>
#include <stddef.h>
#include <stdio.h>

#if PY_VERSION_HEX >= 0x03090000
#include "internal/pycore_interp.h"
#include "internal/pycore_runtime.h"
#else
#include "internal/pycore_pystate.h"
#endif
#if PY_VERSION_HEX >= 0x030b0000
#include "internal/pycore_frame.h"
#endif

#define ROW(name, value) printf("    .%s = %zu,\n", name, (size_t)(value))

#if PY_VERSION_HEX >= 0x030b0000
#define THREADS threads.head
#define LINES co_linetable
#else
#define THREADS tstate_head
#if PY_VERSION_HEX >= 0x030a0000
#define LINES co_linetable
#else
#define LINES co_lnotab
#endif
#endif

static void print_frame(void) {
#if PY_VERSION_HEX >= 0x030d0000
  ROW("thread_frame", offsetof(PyThreadState, current_frame));
  ROW("frame_back", offsetof(_PyInterpreterFrame, previous));
  ROW("frame_code", offsetof(_PyInterpreterFrame, f_executable));
  ROW("frame_instruction", offsetof(_PyInterpreterFrame, instr_ptr));
  ROW("frame_owner", offsetof(_PyInterpreterFrame, owner));
#elif PY_VERSION_HEX >= 0x030b0000
  ROW("thread_frame", offsetof(PyThreadState, cframe));
  ROW("cframe_frame", offsetof(_PyCFrame, current_frame));
  ROW("frame_back", offsetof(_PyInterpreterFrame, previous));
  ROW("frame_code", offsetof(_PyInterpreterFrame, f_code));
  ROW("frame_instruction", offsetof(_PyInterpreterFrame, prev_instr));
  ROW("frame_owner", offsetof(_PyInterpreterFrame, owner));
#else
  ROW("thread_frame", offsetof(PyThreadState, frame));
  ROW("frame_back", offsetof(PyFrameObject, f_back));
  ROW("frame_code", offsetof(PyFrameObject, f_code));
  ROW("frame_instruction", offsetof(PyFrameObject, f_lasti));
#endif
}

static void print_code(void) {
  ROW("code_filename", offsetof(PyCodeObject, co_filename));
  ROW("code_name", offsetof(PyCodeObject, co_name));
  ROW("code_lines", offsetof(PyCodeObject, LINES));
  ROW("code_first_line", offsetof(PyCodeObject, co_firstlineno));
#if PY_VERSION_HEX >= 0x030b0000
  ROW("code_first_traceable", offsetof(PyCodeObject, _co_firsttraceable));
  ROW("code_instructions", offsetof(PyCodeObject, co_code_adaptive));
#endif
}

int main(void) {
  printf("{  // %s\n", PY_VERSION);
  ROW("minor", PY_MINOR_VERSION);
  ROW("interpreters_head", offsetof(_PyRuntimeState, interpreters.head));
  ROW("interpreter_next", offsetof(PyInterpreterState, next));
  ROW("interpreter_threads", offsetof(PyInterpreterState, THREADS));
  ROW("thread_next", offsetof(PyThreadState, next));
  ROW("thread_id", offsetof(PyThreadState, thread_id));
  print_frame();
  print_code();
  ROW("object_type", offsetof(PyObject, ob_type));
  ROW("unicode_length", offsetof(PyASCIIObject, length));
  ROW("unicode_state", offsetof(PyASCIIObject, state));
  ROW("ascii_data", sizeof(PyASCIIObject));
  ROW("compact_data", sizeof(PyCompactUnicodeObject));
  ROW("bytes_size", offsetof(PyVarObject, ob_size));
  ROW("bytes_data", offsetof(PyBytesObject, ob_sval));
  printf("},\n");
  return 0;
}
