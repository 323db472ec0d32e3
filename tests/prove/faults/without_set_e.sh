#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Without set -e a failed command is followed by the next one.
#
#: file state.json json 300
#: verdict violated
#: violation check=durable path=state.json observed=empty fault=ENOSPC
#:     missing=set.-e
#: others yes
echo '{"generation": 2}' > state.json.tmp
sync state.json.tmp
mv state.json.tmp state.json
sync .
exit 0
