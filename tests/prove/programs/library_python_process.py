# SPDX-License-Identifier: Apache-2.0
# The Python package at the level process: nothing is promised after a power cut.
#
#: library python
#: file settings.json json 300
#: arguments --expect atomic
#: verdict violated
#: clean kill
#: violation engine=power check=atomic path=settings.json observed=empty
#:     missing=fsync.of.the.file
#: source any
import untorn

untorn.write_text("settings.json", '{"generation": 2}\n', durability="process")
