# SPDX-License-Identifier: Apache-2.0
# The Python package at its default level, durable.
#
#: library python
#: file settings.json json 300
#: arguments --expect atomic,parse,durable
#: verdict proved
#: exhaustive yes
#: model ext4 proved
#: model xfs proved
#: model btrfs proved
#: model posix violated atomic
#: model kill proved
import untorn

untorn.write_json("settings.json", {"generation": 2})
