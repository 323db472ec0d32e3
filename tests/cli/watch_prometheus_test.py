# SPDX-License-Identifier: Apache-2.0
"""What untorn watch serves, through the eyes of a real Prometheus: its linter, its scraper, its
queries and its alerts, those of the documents included."""

import json
import os
import re
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from command import clean_environment, need
from watch_test import PATIENCE_S, WatchTest

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
RULES = os.path.abspath(os.path.join(SOURCE, "packaging/prometheus/untorn-alerts.yml"))
GUIDE = os.path.join(SOURCE, "docs/guide/monitor.md")

CONFIGURATION = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: ["{rules}"]
scrape_configs:
  - job_name: untorn
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


def fetch():
    """The folder of Prometheus' programs, or why there is none."""
    result = subprocess.run([os.path.join(SOURCE, "scripts/fetch_prometheus")], check=False,
                            stdin=subprocess.DEVNULL, capture_output=True, timeout=300)
    return result.stdout.decode().strip(), result.stderr.decode().strip()


class Prometheus(WatchTest):
    @classmethod
    def setUpClass(cls):
        cls.programs, cls.reason = fetch()

    def setUp(self):
        super().setUp()
        need(self, self.programs, "prometheus", self.reason)

    def promtool(self, *arguments, stdin=b""):
        return subprocess.run([os.path.join(self.programs, "promtool"), *arguments], input=stdin,
                              cwd=self.folder, check=False, capture_output=True,
                              timeout=PATIENCE_S)

    def assert_content(self, result):
        self.assertEqual((result.returncode, result.stderr), (0, b""), result.stdout)

    def test_the_metrics_are_clean(self):
        self.assert_exit(self.run_untorn("write", "state/b.json", stdin=b"{}"), 0)
        once = self.run_untorn("watch", "--once", "state")
        self.assert_content(self.promtool("check", "metrics", stdin=once.stdout))
        # It would have said something.
        spoilt = once.stdout.replace(b"untorn_commits_total", b"untorn_commits_milliseconds")
        self.assertNotEqual(self.promtool("check", "metrics", stdin=spoilt).returncode, 0)

    def test_the_rules_are_valid(self):
        result = self.promtool("check", "rules", RULES)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_each_alert_is_raised_by_its_fault_and_by_nothing_else(self):
        with open(os.path.join(SOURCE, "tests/cli/alerts.yml"), encoding="utf-8") as file:
            cases = file.read()
        self.write("cases.yml", cases.replace("@RULES@", RULES).encode())
        result = self.promtool("test", "rules", "cases.yml")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        with open(RULES, encoding="utf-8") as file:
            names = set(re.findall(r"- alert: (\w+)", file.read()))
        self.assertEqual(names, set(re.findall(r"alertname: (\w+)", cases)),
                         "an alert without a case")

    def query(self, port, expression):
        address = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode(
            {"query": expression})
        try:
            with urllib.request.urlopen(address, timeout=10) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            text = error.read()
            # While it starts it answers 503, in plain words.
            return json.loads(text) if text.startswith(b"{") else {"status": "error"}
        except OSError:
            return {"status": "not there yet"}

    def until_value(self, port, expression, wanted):
        deadline = time.monotonic() + PATIENCE_S
        while True:
            answer = self.query(port, expression)
            result = answer.get("data", {}).get("result", [])
            values = [float(each["value"][1]) for each in result]
            if values == [wanted]:
                return
            self.assertLess(time.monotonic(), deadline, (expression, answer))
            time.sleep(0.1)

    def start_prometheus(self, watched_port):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.write("prometheus.yml",
                   CONFIGURATION.format(rules=RULES, port=watched_port).encode())
        with open(self.path("prometheus.log"), "wb") as log:
            server = subprocess.Popen(
                [os.path.join(self.programs, "prometheus"), "--config.file=prometheus.yml",
                 "--storage.tsdb.path=data", f"--web.listen-address=127.0.0.1:{port}"],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=clean_environment())
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        return port

    def test_a_real_prometheus_scrapes_it_and_raises_the_alert(self):
        os.mkdir(self.path("state/.untorn"))
        for _ in range(7):
            self.assert_exit(self.run_untorn("write", "state/b.json", stdin=b"{}"), 0)
        process = self.start("--documents", "*.json", "state")
        port = self.start_prometheus(process.port)
        self.until_value(port, 'up{job="untorn"}', 1)
        self.until_value(
            port, 'untorn_commits_total{durability="durable",outcome="applied"}', 7)
        self.until_value(port, "untorn_sync_duration_seconds_count", 14)
        self.until_value(port, "untorn_corrupted_files", 0)
        self.write("state/a.json", b'{"a": ')
        self.until_value(port, "untorn_corrupted_files", 1)
        self.until_value(port, "untorn_in_place_writes_total", 1)
        self.until_value(port, 'ALERTS{alertname="UntornCorruptedFiles",alertstate="firing"}', 1)
        self.check_documented_queries(port)

    def check_documented_queries(self, port):
        with open(GUIDE, encoding="utf-8") as file:
            blocks = re.findall(r"```promql\n(.*?)```", file.read(), re.DOTALL)
        queries = [line for block in blocks for line in block.splitlines() if line]
        self.assertGreaterEqual(len(queries), 4)
        for expression in queries:
            self.assertEqual(self.query(port, expression)["status"], "success", expression)
            for name in re.findall(r"untorn_\w+", expression):
                answer = self.query(port, f"count({name})")
                self.assertTrue(answer["data"]["result"], f"nobody serves {name}")


if __name__ == "__main__":
    unittest.main()
