#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What json.dump writes comes back byte for byte.

Random values, written by this Python in every layout that json.dump has, go through the reader and
the writer of the library. The seed is fixed; UNTORN_SEED and UNTORN_DOCUMENTS try others.
"""

import json
import math
import os
import random
import struct
import subprocess
import sys
import unittest

ECHO = os.environ["UNTORN_JSON_ECHO"]
SEED = int(os.environ.get("UNTORN_SEED", "1"))
DOCUMENTS = int(os.environ.get("UNTORN_DOCUMENTS", "3000"))

INDENTS = [None, None, 0, 1, 2, 3, 4, 5, 6, 7, 8, "\t", " \t"]
SEPARATORS = [None, None, (",", ":"), (", ", ": "), (" , ", " : "), (",", ": "), (",  ", ":\t")]
FLOATS = [0.0, -0.0, 0.1, 1e16, 1e15, 123456789012345.6, 1e-4, 1e-5, 5e-324,
          1.7976931348623157e308, math.nan, math.inf, -math.inf, 1e22, 1e23, 2.0**53, 100000.0,
          3.14, -2.5e-7]
INTEGERS = [0, 1, -1, 2**63 - 1, -2**63, 2**63, 2**64, 10**30, -10**400]
CHARACTERS = ['"', "\\", "/", "\b", "\f", "\n", "\r", "\t", "\0", "\x1f", "\x7f", "\x80", "é",
              "ß", "\u2028", "\ufeff", "\uffff", "𝄞", "\U0010ffff", "\ud800", "\udfff", "{", "]",
              ",", ":"]


def random_text(rng):
    if rng.random() < 0.6:
        return "".join(rng.choice("abcdefghij_ ") for _ in range(rng.randrange(12)))
    return "".join(
        rng.choice(CHARACTERS) if rng.random() < 0.5 else chr(rng.randrange(0x110000))
        for _ in range(rng.randrange(10)))


def random_number(rng):
    kind = rng.randrange(6)
    if kind == 0:
        return rng.choice(FLOATS)
    if kind == 1:
        return rng.choice(INTEGERS)
    if kind == 2:
        return struct.unpack("<d", rng.randbytes(8))[0]
    if kind == 3:
        return rng.randrange(-10**25, 10**25)
    return rng.randrange(-1000, 1000) if kind == 4 else rng.random()


def random_value(rng, depth=0):
    kind = rng.randrange(8 if depth < 6 else 5)
    if kind == 0:
        return rng.choice([None, True, False])
    if kind in (1, 2):
        return random_number(rng)
    if kind in (3, 4):
        return random_text(rng)
    size = rng.choice([0, 1, 2, 3, 8])
    if kind == 5:
        return [random_value(rng, depth + 1) for _ in range(size)]
    return {random_text(rng): random_value(rng, depth + 1) for _ in range(size)}


def has_surrogate(text):
    return any(0xD800 <= ord(c) < 0xE000 for c in text)


def random_document(rng):
    """A text of json.dumps, as bytes."""
    text = json.dumps(random_value(rng), indent=rng.choice(INDENTS),
                      separators=rng.choice(SEPARATORS), sort_keys=rng.random() < 0.2,
                      ensure_ascii=rng.random() < 0.5)
    if rng.random() < 0.3:
        text += "\n"
    if has_surrogate(text):  # no strict encoder writes it; what Python can write is this
        return text.encode("utf-8", "surrogatepass")
    return text.encode("utf-8")


def echo(requests):
    data = b"".join(kind.encode() + struct.pack("<I", len(text)) + text for kind, text in requests)
    done = subprocess.run([ECHO], input=data, stdout=subprocess.PIPE, timeout=60, check=True)
    answers, at = [], 0
    while at < len(done.stdout):
        (size,) = struct.unpack_from("<I", done.stdout, at + 1)
        answers.append((chr(done.stdout[at]), done.stdout[at + 5:at + 5 + size]))
        at += 5 + size
    assert len(answers) == len(requests), "the program ended early"
    return answers



class JsonPythonTest(unittest.TestCase):
    maxDiff = 2000

    def check(self, requests):
        for (kind, text), (status, answer) in zip(requests, echo(requests)):
            self.assertEqual(status, "o", (kind, text, answer))
            self.assertEqual(answer, text, kind)

    def test_what_python_writes_comes_back_byte_for_byte(self):
        rng = random.Random(SEED)
        texts = [random_document(rng) for _ in range(DOCUMENTS)]
        self.check([(kind, text) for text in texts for kind in "sw"])

    def test_values_made_again_are_written_as_python_writes_them(self):
        rng = random.Random(SEED + 1)
        texts = [json.dumps(random_value(rng), indent=rng.choice(INDENTS)).encode()
                 for _ in range(DOCUMENTS)]
        self.check([("b", text) for text in texts])

    def test_plain_text_is_written_plain(self):
        rng = random.Random(SEED + 2)
        requests = []
        while len(requests) < DOCUMENTS // 4:
            text = json.dumps(random_value(rng), ensure_ascii=False)
            # Without a character beyond ASCII the style cannot be known.
            if not text.isascii() and not has_surrogate(text):
                requests.append(("b", text.encode()))
        self.check(requests)

    def test_every_float_that_repr_writes_is_written_alike(self):
        rng = random.Random(SEED + 3)
        numbers = [struct.unpack("<d", rng.randbytes(8))[0] for _ in range(20000)] + FLOATS
        numbers += [m * 10.0**e for m in (1, 5, 9.99) for e in range(-30, 30)]
        self.check([("b", json.dumps(numbers).encode())])

    def test_what_python_refuses_is_refused(self):
        """Random damage: wherever json.loads gives an error, so does the reader, and no more."""
        rng = random.Random(SEED + 4)
        requests, expected = [], []
        for _ in range(DOCUMENTS):
            text = bytearray(random_document(rng))
            for _ in range(rng.randrange(1, 3)):
                at = rng.randrange(len(text) + 1)
                text[at:at + rng.randrange(3)] = rng.choice(
                    [b"", b",", b'"', b"}", b"]", b"0", b"-", b"e", b".", b" ", b"\\", b"\0",
                     b"\t"])
            try:
                decoded = bytes(text).decode("utf-8", "surrogatepass")
            except UnicodeDecodeError:
                continue
            try:
                json.loads(decoded)
                expected.append(True)
            except json.JSONDecodeError:
                expected.append(False)
            except ValueError:  # an integer of more digits than this Python converts
                continue
            requests.append(("w", bytes(text)))
        for (_, text), (status, answer), accepted in zip(requests, echo(requests), expected):
            self.assertEqual(status == "o", accepted, (text, answer))
        self.assertGreater(expected.count(True), 100)
        self.assertGreater(expected.count(False), 100)

    def test_every_cut_of_a_document_is_corrupt_and_none_unsupported(self):
        rng = random.Random(SEED + 5)
        requests = []
        while len(requests) < DOCUMENTS:
            value = {"a": [random_value(rng)], "b": random_value(rng)}
            text = json.dumps(value, indent=rng.choice(INDENTS), ensure_ascii=rng.random() < 0.5)
            data = text.encode("utf-8", "surrogatepass")
            requests += [("w", data[:rng.randrange(len(data))]) for _ in range(20)]
        for (_, text), (status, answer) in zip(requests, echo(requests)):
            self.assertEqual(status, "c", (text, answer))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
