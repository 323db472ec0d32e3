// SPDX-License-Identifier: Apache-2.0
//
// Times as Python's datetime.now().isoformat() writes them.
#pragma once
#include <string>

namespace untorn::pipeline {

// "2024-05-17T09:30:00.123456", local time.
[[nodiscard]] std::string now_text();
// "20240517_093000", for names.
[[nodiscard]] std::string now_name();

}  // namespace untorn::pipeline
