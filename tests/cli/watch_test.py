# SPDX-License-Identifier: Apache-2.0
"""untorn watch: the real command, with real files, clients and signals."""

import fcntl
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time
import unittest

from command import COMMAND, CommandTest, clean_environment, need

LEFT = ".untorn-tmp-0123456789abcdef0123456789abcdef"
PATIENCE_S = 60
F_SETPIPE_SZ = 1031  # fcntl names it from Python 3.10 on


def numbers(text):
    """{series: value} of a page of metrics."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines}


class WatchTest(CommandTest):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("state"))
        self.write("state/a.json", b"{}")

    def start(self, *arguments, listen="127.0.0.1:0", before=()):
        """Starts the command; answers when it serves, with the port."""
        process = subprocess.Popen(
            [*before, COMMAND, "watch", "--listen", listen, *arguments], cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=clean_environment())
        for stream in (process.stdout, process.stderr):
            self.addCleanup(stream.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        first = process.stderr.readline().decode()
        found = re.search(r"listening on http://[^ ]*:(\d+)/", first)
        self.assertTrue(found, first + process.stderr.read1(4096).decode() if not found else "")
        process.port = int(found.group(1))
        return process

    def ask(self, process, path, method="GET", headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=PATIENCE_S)
        self.addCleanup(connection.close)
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        response.text = response.read().decode()
        return response

    def metrics(self, process):
        return numbers(self.ask(process, "/metrics").text)

    def until(self, process, holds):
        """The metrics as soon as it holds."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            now = self.metrics(process)
            if holds(now):
                return now
            self.assertLess(time.monotonic(), deadline, now)
            time.sleep(0.05)

    def stop(self, process, number, code):
        process.send_signal(number)
        self.assertEqual(process.wait(PATIENCE_S), code)


class Serving(WatchTest):
    def test_there_are_three_pages_and_nothing_else(self):
        process = self.start("state")
        page = self.ask(process, "/")
        self.assertEqual(page.status, 200)
        self.assertTrue(page.getheader("Content-Type").startswith("text/html"))
        self.assertIn("default-src 'none'", page.getheader("Content-Security-Policy"))
        self.assertIn("Healthy", page.text)
        health = self.ask(process, "/health")
        document = json.loads(health.text)
        self.assertEqual(next(iter(document)), "schema")
        self.assertEqual(document["schema"], "untorn.health/1")
        self.assertEqual(document["status"], "ok")
        self.assertEqual(set(document["problems"].values()), {0})
        self.assertTrue(document["last_look"]["complete"])
        self.assertTrue(self.ask(process, "/metrics").getheader("Content-Type")
                        .startswith("text/plain; version=0.0.4"))
        for path in ("/x", "/metrics/", "/../../etc/passwd", "/%2e%2e/etc/passwd", "//etc/passwd",
                     "/state/a.json"):
            self.assertEqual(self.ask(process, path).status, 404, path)

    def test_only_get_and_head_are_answered(self):
        process = self.start("state")
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
            refused = self.ask(process, "/metrics", method)
            self.assertEqual(refused.status, 405, method)
            self.assertEqual(refused.getheader("Allow"), "GET, HEAD")
        head = self.ask(process, "/", "HEAD")
        self.assertEqual((head.status, head.text), (200, ""))
        self.assertGreater(int(head.getheader("Content-Length")), 500)

    def test_a_name_that_others_pointed_here_is_refused(self):
        process = self.start("state")
        self.assertEqual(self.ask(process, "/", headers={"Host": "evil.example"}).status, 421)
        self.assertEqual(self.ask(process, "/", headers={"Host": "localhost:1"}).status, 200)

    def test_ctrl_c_ends_it_with_130_although_clients_hang_on(self):
        process = self.start("state")
        clients = [socket.create_connection(("127.0.0.1", process.port)) for _ in range(80)]
        clients[0].sendall(b"GET / HT")
        self.assertEqual(self.ask(process, "/health").status, 200)
        self.stop(process, signal.SIGINT, 130)
        for client in clients:
            client.close()

    def test_a_service_that_is_told_to_end_ends_with_0(self):
        self.stop(self.start("state"), signal.SIGTERM, 0)

    def test_a_port_that_is_taken_is_an_error(self):
        process = self.start("state")
        second = self.run_untorn("watch", "--listen", f"127.0.0.1:{process.port}", "state")
        self.assert_exit(second, 2)
        self.assertIn(b"Address already in use", second.stderr)

    def test_the_address_is_said_first_and_then_what_is_wrong(self):
        self.write("state/a.json", b"{")
        process = self.start("--documents", "*.json", "state")
        self.assertIn(b"problem: a.json: corrupt-document", process.stderr.readline())

    def test_another_address_is_served_when_it_is_asked_for(self):
        process = self.start("state", listen="[::1]:0") if socket.has_ipv6 and ipv6() else None
        need(self, process is not None, "ipv6", "this machine has no ::1")
        with socket.create_connection(("::1", process.port)) as client:
            client.sendall(b"GET /health HTTP/1.0\r\n\r\n")
            self.assertTrue(client.recv(65536).startswith(b"HTTP/1.1 200 OK"))

    def test_arguments_that_make_no_sense_are_refused(self):
        for arguments, reason in (
                (["--listen", "example.org:80"], b"expected ADDRESS:PORT"),
                (["--listen", ":9464"], b"expected ADDRESS:PORT"),
                (["--listen", "127.0.0.1:70000"], b"from 0 to 65535"),
                (["--listen", "none"], b"nobody hears"),
                (["--interval", "never"], b"--interval"),
                (["--interval", "1ms"], b"--interval"),
                (["missing"], b"missing")):
            result = self.run_untorn("watch", *arguments, environment={})
            self.assert_exit(result, 2)
            self.assertIn(reason, result.stderr)
            document = self.document(
                self.run_untorn("watch", "--format", "json", *arguments))
            self.assertEqual(document["schema"], "untorn.watch/1")
            self.assertEqual(set(document["error"]), {"code", "step", "outcome", "advice",
                                                      "message", "path"})


def ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


class Seeing(WatchTest):
    def test_a_document_written_in_place_is_counted_and_its_replacement_is_not(self):
        process = self.start("--documents", "*.json", "state")
        for _ in range(3):
            self.assert_exit(self.run_untorn("write", "state/a.json", stdin=b'{"a": 1}'), 0)
        self.write("state/a.json", b'{"a": 2}')
        now = self.until(process, lambda now: now["untorn_in_place_writes_total"] > 0)
        self.assertEqual(now["untorn_in_place_writes_total"], 1)
        self.assertIn("a.json", self.ask(process, "/").text)
        self.assertNotIn("a.json", self.ask(process, "/metrics").text)

    def test_a_document_that_stops_parsing_is_seen_and_so_is_its_end(self):
        process = self.start("--documents", "*.json", "state")
        self.write("state/a.json", b'{"a": ')
        self.until(process, lambda now: now["untorn_corrupted_files"] == 1)
        document = json.loads(self.ask(process, "/health").text)
        self.assertEqual((document["status"], document["problems"]["corrupt-document"]),
                         ("problems", 1))
        self.assert_exit(self.run_untorn("write", "state/a.json", stdin=b"{}"), 0)
        self.until(process, lambda now: now["untorn_corrupted_files"] == 0)
        self.assertEqual(json.loads(self.ask(process, "/health").text)["status"], "ok")

    def test_the_numbers_are_those_of_writers_that_were_killed(self):
        os.mkdir(self.path("state/.untorn"))
        process = self.start("state")
        for _ in range(5):
            self.assert_exit(self.run_untorn("write", "state/done", stdin=b"12345"), 0)
        for number in range(20):
            writer = self.start_untorn("write", f"state/cut{number}")
            writer.stdin.write(b"half")
            writer.stdin.flush()
            deadline = time.monotonic() + PATIENCE_S
            while sum(name.startswith(".untorn-tmp-") and
                      os.path.getsize(self.path(f"state/{name}")) == 4
                      for name in os.listdir(self.path("state"))) <= number:
                self.assertLess(time.monotonic(), deadline, "the writer made no temporary")
                time.sleep(0.005)
            writer.kill()
            writer.wait()
        now = self.until(process, lambda now: now["untorn_stale_temporaries"] == 20)
        self.assertEqual(now["untorn_stale_temporary_bytes"], 80)
        applied = 'untorn_commits_total{durability="durable",outcome="applied"}'
        self.assertEqual(now[applied], 5)
        self.assertEqual(now["untorn_commit_duration_seconds_count"], 5)
        self.assertEqual(now['untorn_commit_duration_seconds_bucket{le="+Inf"}'], 5)
        self.assertEqual(now["untorn_sync_duration_seconds_count"], 10)
        self.assertEqual(now["untorn_written_bytes_total"], 25)
        self.assert_exit(self.run_untorn("doctor", "--repair", "state"), 0)
        self.until(process, lambda now: now["untorn_stale_temporaries"] == 0)

    def test_it_ends_when_told_to_although_nobody_reads_its_messages(self):
        process = self.start("--documents", "*.json", "state")
        fcntl.fcntl(process.stderr, F_SETPIPE_SZ, 4096)
        # Far more than the pipe holds.
        name = "state/" + "n" * 200 + ".json"
        for number in range(1, 61):
            self.write(name, b"{}")
            self.until(process, lambda now, number=number:
                       now["untorn_in_place_writes_total"] >= number)
        self.assertIn(b"written in place: nnn", process.stderr.readline())
        self.write(name, b"{}")
        self.assertIn(b" messages were left out", process.stderr.readline())
        self.stop(process, signal.SIGINT, 130)

    def test_nothing_is_changed(self):
        os.mkdir(self.path("state/.untorn"))
        self.assert_exit(self.run_untorn("write", "state/b.json", stdin=b"{}"), 0)
        self.write("state/" + LEFT, b"left")
        self.write("state/c.json", b"{")

        def tree():
            found = []
            for folder, _, files in os.walk(self.path("state")):
                for path in [folder] + [os.path.join(folder, name) for name in files]:
                    status = os.stat(path)
                    found.append((path, status.st_ino, status.st_size, status.st_mtime_ns,
                                  status.st_ctime_ns, status.st_mode))
            return sorted(found)

        before = tree()
        process = self.start("--documents", "*.json", "state")
        self.ask(process, "/")
        self.metrics(process)
        self.stop(process, signal.SIGINT, 130)
        self.assert_exit(self.run_untorn("watch", "--once", "state"), 0)
        self.assertEqual(tree(), before)

    def test_without_watches_it_says_so_and_looks_from_time_to_time(self):
        limit = "/proc/sys/user/max_inotify_watches"
        alone = ["unshare", "--user", "--map-root-user", "sh", "-c"]
        works = subprocess.run([*alone, f"echo 2 > {limit}"], check=False,
                               stderr=subprocess.DEVNULL).returncode == 0
        need(self, works, "namespaces", "no user namespace whose limits can be set")
        for name in ("b", "c", "d"):
            os.mkdir(self.path(f"state/{name}"))
        process = self.start("--documents", "*.json", "--interval", "1s", "state",
                             before=[*alone, f'echo 2 > {limit} && exec "$@"', "sh"])
        self.assertIn(b"2 folders are not watched: the limit of watches", process.stderr.readline())
        for name in ("b", "c", "d"):
            self.write(f"state/{name}/x.json", b"{")
        now = self.until(process, lambda now: now["untorn_corrupted_files"] == 3)
        self.assertEqual(now["untorn_watched_folders"], 2)
        self.assertEqual(now["untorn_unwatched_folders"], 2)
        self.assertIn("not watched", self.ask(process, "/").text)

    def test_who_may_not_read_everything_is_told_that_it_is_not_all(self):
        need(self, os.geteuid() == 0, "root", "only root can become somebody else")
        os.chmod(self.folder, 0o755)
        os.chmod(self.path("state"), 0o755)
        os.mkdir(self.path("state/locked"), 0o700)
        result = subprocess.run(
            ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", COMMAND,
             "watch", "--once", "state"], cwd=self.folder, capture_output=True, check=False,
            timeout=PATIENCE_S, env=clean_environment())
        if b"Permission denied" in result.stderr and not result.stdout:
            self.skipTest("the command itself may not be run by others")
        self.assert_exit(result, 2)
        self.assertIn(b"locked: Permission denied", result.stderr)
        self.assertEqual(numbers(result.stdout.decode())["untorn_last_look_complete"], 0)


class Writing(WatchTest):
    def test_once_prints_the_metrics_and_ends(self):
        self.write("state/a.json", b"{")
        result = self.run_untorn("watch", "--once", "--documents", "*.json", "state")
        self.assert_exit(result, 0)
        self.assertEqual(numbers(result.stdout.decode())["untorn_corrupted_files"], 1)
        self.assertEqual(result.stderr, b"")

    def test_once_as_a_document(self):
        self.write("state/a.json", b"{")
        document = self.document(self.run_untorn("watch", "--once", "--format", "json",
                                                 "--documents", "*.json", "state"))
        self.assertEqual(next(iter(document)), "schema")
        self.assertEqual(document["schema"], "untorn.watch/1")
        self.assertEqual(document["root"], self.path("state"))
        self.assertEqual([problem["path"] for problem in document["problems"]], ["a.json"])
        self.assertEqual(document["counts"]["corrupt-document"], 1)

    def test_the_textfile_is_whole_readable_by_all_and_instead_of_stdout(self):
        old = os.umask(0o077)
        self.addCleanup(os.umask, old)
        result = self.run_untorn("watch", "--once", "--textfile", "out.prom", "state")
        self.assert_exit(result, 0)
        self.assertEqual(result.stdout, b"")
        self.assertEqual(os.stat(self.path("out.prom")).st_mode & 0o777, 0o644)
        text = self.read("out.prom").decode()
        self.assertEqual(numbers(text)["untorn_corrupted_files"], 0)
        self.assertTrue(text.endswith("\n"))

    def test_the_textfile_is_replaced_again_and_again_and_never_seen_in_part(self):
        process = subprocess.Popen(
            [COMMAND, "watch", "--listen", "none", "--textfile", "out.prom", "state"],
            cwd=self.folder, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=clean_environment())
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertIn(b"watching", process.stderr.readline())
        first = os.stat(self.path("out.prom")).st_ino
        deadline = time.monotonic() + PATIENCE_S
        while os.stat(self.path("out.prom")).st_ino == first:
            self.assertIn("untorn_build_info", numbers(self.read("out.prom").decode()).__repr__())
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        self.stop(process, signal.SIGTERM, 0)
        self.assertEqual(self.names(), ["out.prom", "state"])

    def test_a_textfile_that_cannot_be_written_is_an_error_at_once(self):
        result = self.run_untorn("watch", "--once", "--textfile", "missing/out.prom", "state")
        self.assert_exit(result, 2)
        self.assertIn(b"missing/out.prom", result.stderr)


if __name__ == "__main__":
    unittest.main()
