# SPDX-License-Identifier: Apache-2.0
"""The same program, saving through `untorn write`: naive.py with another save().

    UNTORN=build/bin/untorn python3 safe.py [COUNT]
"""

import json
import os
import subprocess

import naive


def save(settings):
    text = json.dumps(settings, indent=1).encode()
    command = [os.environ.get("UNTORN", "untorn"), "write", "--quiet", str(naive.SETTINGS)]
    subprocess.run(command, input=text, check=True)


if __name__ == "__main__":
    naive.save = save
    naive.main()
