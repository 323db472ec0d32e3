# SPDX-License-Identifier: Apache-2.0
# Writes the next number over the old one and cuts the file to its length: between the two calls
# there is a number with a tail.
#
#: file counter.json text "{\"count\": 9999}\n"
#: verdict violated
#: class counter.json in-place
#: judged counter.json parse
#: violation engine=kill check=parse path=counter.json observed=unparseable
#: violation engine=power check=parse path=counter.json observed=unparseable lost=@truncates
#: others yes
import json
import os

counter = os.open("counter.json", os.O_RDWR)
count = json.loads(os.read(counter, 100))["count"]
text = json.dumps({"count": count - 9990}).encode() + b"\n"
os.pwrite(counter, text, 0)
os.ftruncate(counter, len(text))  # line: truncates
os.fsync(counter)
