// SPDX-License-Identifier: Apache-2.0
//
// Starting the traced program.
#pragma once
#include <signal.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "prove/sandbox/descriptor.h"
#include "prove/trace/trace.h"

namespace untorn::prove {

struct Child {
  pid_t process = -1;
  Descriptor output;   // reading end of its standard output, non-blocking
  Descriptor errors;   // the same for the standard error; not valid: it is the inherited one
  Descriptor failure;  // an errno can be read here if the program could not be started
};

// Why the program could not be started after all; 0 if it was. Ask after its end.
[[nodiscard]] int start_failure(const Child& child);

// Finds the program as the shell would, in the PATH that it will have.
[[nodiscard]] Result<std::string> find_program(const TraceOptions& options,
                                               const std::string& working_directory);

// Whether a program of this name is in the PATH that it will have.
[[nodiscard]] bool is_in_path(const std::string& name, const TraceOptions& options);

// Forks, seizes the child, and lets it run into its program. Its calls are traced from execve on.
// `signals` is the mask that the program starts with.
[[nodiscard]] Result<Child> start_child(const std::string& program, const TraceOptions& options,
                                        const std::string& working_directory,
                                        const sigset_t& signals);

}  // namespace untorn::prove
