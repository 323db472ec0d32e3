# SPDX-License-Identifier: Apache-2.0
# `untorn write` at its default level creates a file.
#
#: arguments --expect atomic,parse,durable
#: verdict proved
#: class settings.json whole
printf '{"generation": 1}\n' | "$UNTORN" write --quiet settings.json
