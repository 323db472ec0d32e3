// SPDX-License-Identifier: Apache-2.0
#include "prove/report/html_parts.h"

namespace untorn::prove {

std::string_view report_style() noexcept {
  return R"(
:root { --old: #dbe7fb; --new: #d8f0e0; --wrong: #fbdcdd; }
@media (prefers-color-scheme: dark) { :root { --old: #20355a; --new: #17402b; --wrong: #5a2327; } }
h3 { margin: 1.25rem 0 .35rem; font-size: .95rem; font-weight: 650; }
h4 { margin: 0 0 .35rem; font-size: .85rem; font-weight: 600; }
section { scroll-margin-top: 1rem; }
section.entry { margin: 1.5rem 0; padding: .25rem 1.25rem 1.25rem; background: var(--card);
  border: 1px solid var(--line); border-radius: .5rem; }
section.entry > h2 { margin-top: 1rem; overflow-wrap: anywhere; }
section.entry .scroll { background: var(--ground); }
nav ul { margin: .5rem 0; padding-left: 1.25rem; }
a:focus-visible, [tabindex]:focus-visible { outline: 2px solid var(--text); outline-offset: 2px; }
dl { display: grid; grid-template-columns: minmax(6rem, max-content) 1fr; gap: .25rem 1rem;
  margin: .75rem 0; }
dt { color: var(--soft); } dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
.timeline td { min-width: 0; } .timeline td.call { min-width: 16rem; }
.timeline tr.lost > * { background: var(--wrong); }
.timeline tr.kept > * { background: var(--new); }
.timeline tr.later > * { color: var(--soft); }
.timeline tr.cut > * { padding: .2rem .8rem; color: var(--bad); font-weight: 650;
  text-align: center; border-bottom: 2px dashed var(--bad); }
.timeline .mark { font-weight: 650; white-space: nowrap; }
.versions { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19.5rem), 1fr));
  gap: 1rem; align-items: start; }
.versions > div { min-width: 0; padding: .6rem .8rem; border: 1px solid var(--line);
  border-radius: .4rem; overflow-x: auto; }
.versions > .crash { border-color: var(--bad); }
pre { margin: 0; font: .78em/1.5 ui-monospace, "DejaVu Sans Mono", monospace; }
pre.wrapped { white-space: pre-wrap; overflow-wrap: anywhere; }
mark { color: inherit; background: none; border-radius: .15rem; }
mark.is-old { background: var(--old); } mark.is-new { background: var(--new); }
mark.is-wrong { background: var(--wrong); font-weight: 650; }
.legend { margin-top: .5rem; font-size: .9em; }
@media print {
  :root { color-scheme: light; --text: #000; --soft: #444; --line: #999; --ground: #fff;
    --card: #fff; --good: #000; --bad: #000; --warn: #000; --old: #eee; --new: #e2e2e2;
    --wrong: #ccc; }
  body { font-size: 10pt; } header, main, footer { max-width: none; padding: 0; }
  nav { display: none; } section.entry { break-inside: avoid-page; border-color: #999; }
  .scroll, .versions > div { overflow: visible; } mark, tr { print-color-adjust: exact; }
}
)";
}

}  // namespace untorn::prove
