# SPDX-License-Identifier: Apache-2.0
"""Step 7: the code of who looks at the demonstration."""

import os
import pathlib

from demo_steps import stage
from demo_steps.stage import HOME, REPORTS, claim, printable, say, step

MOST_SHOWN = 5
WORST_FIRST = ("critical", "high", "medium", "low")


class NoSuchFolder(Exception):
    """What was asked to be scanned is not there."""


def chosen(name):
    """What DIR names, or None if nothing was asked for. Relative names start where make runs."""
    if not name:
        return None
    path = pathlib.Path(name)
    if not path.exists():
        path = path.expanduser()  # a shell may have left the tilde to us
    if not path.exists():
        raise NoSuchFolder(f"DIR names '{printable(name)}', which is not there; nothing was done")
    return path.resolve()


def scan(path):
    report, _ = stage.document("scan-yours", "scan", HOME, "--no-cache", "--exit-zero", str(path))
    summary = report["summary"]
    counts = ", ".join(f"{summary[severity]} {severity}" for severity in WORST_FIRST)
    say(f"      files: {report['files_scanned']}, skipped: {len(report['skipped'])}, write sites:"
        f" {summary['write_sites']}, lossy loaders: {summary['recovery_flaws']} ({counts})")
    counted = [finding for finding in report["findings"] if not finding["suppressed"]]
    claim(len(counted) == summary["write_sites"] + summary["recovery_flaws"],
          f"the summary counts other than the {len(counted)} findings")
    # Stable: of one severity, in the order of the report.
    counted.sort(key=lambda finding: WORST_FIRST.index(finding["severity"]))
    for finding in counted[:MOST_SHOWN]:
        say(stage.cut(
            f"        {finding['severity']:8} {printable(finding['path'])}:{finding['line']}"
            f"  {finding['code']} {finding['rule']}: {printable(finding['why'])}"))


def next_steps(path):
    step(7, f"Your own code: {printable(str(path))}" if path else "Your own code:")
    if path is not None:
        scan(path)
    say(f"      reports of this demonstration: {os.path.relpath(REPORTS, HOME)}/")
    say("      next: build/bin/untorn scan ~/your/code")
