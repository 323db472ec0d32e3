// SPDX-License-Identifier: Apache-2.0
#include "report/html.h"

#include "base/escape.h"
#include "report/json.h"

namespace untorn::report {

std::string html(std::string_view text) {
  std::string out;
  for (const char c : valid_utf8(escape_controls(text))) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string_view page_style() noexcept {
  return R"(
:root { color-scheme: light dark; --text: #1c2024; --soft: #5d6570; --line: #d9dde2;
  --ground: #f6f7f9; --card: #fff; --good: #1a7f4b; --bad: #c02b33; --warn: #8f5b00; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e9ed; --soft: #9aa4b0; --line: #333a43; --ground: #14171b; --card: #1c2026;
    --good: #4ccb8a; --bad: #ff7b80; --warn: #e5b454; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif; }
header, main, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 1.75rem; }
h1 { margin: 0; font-size: 1.5rem; font-weight: 650; }
h2 { margin: 2rem 0 .5rem; font-size: 1.05rem; font-weight: 650; }
p { margin: .25rem 0; }
a { color: inherit; }
code { font: .92em/1.4 ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.soft, footer { color: var(--soft); }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .75rem;
  margin: 1.25rem 0 0; padding: 0; list-style: none; }
.cards li { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  padding: .8rem 1rem; }
.cards strong { display: block; font-size: 1.75rem; line-height: 1.2; font-weight: 600;
  font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line);
  border-radius: .5rem; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .45rem .8rem; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
td { min-width: 8rem; }
tr:last-child > * { border-bottom: 0; }
th { font-weight: 600; white-space: nowrap; }
thead th { color: var(--soft); font-size: .85em; }
.number { min-width: 0; text-align: right; font-variant-numeric: tabular-nums;
  white-space: nowrap; }
footer { margin-top: 2rem; padding-bottom: 2rem; font-size: .9em; }
)";
}

}  // namespace untorn::report
