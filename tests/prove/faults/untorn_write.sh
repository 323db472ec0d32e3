#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Our own command.
#
#: file state.json json 300
#: verdict proved
set -e
echo '{"generation": 2}' | "$UNTORN" write state.json
