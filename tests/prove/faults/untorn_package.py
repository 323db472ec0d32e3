# SPDX-License-Identifier: Apache-2.0
# Our own Python package.
#
#: file state.json json 300
#: library python
#: verdict proved
import untorn

untorn.write_json("state.json", {"generation": 2, "items": list(range(50))})
