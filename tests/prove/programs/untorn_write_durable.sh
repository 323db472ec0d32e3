# SPDX-License-Identifier: Apache-2.0
# `untorn write` at its default level, over an existing file.
#
#: file settings.json json 10000
#: arguments --expect atomic,parse,durable
#: verdict proved
#: class settings.json whole
#: versions settings.json 2
printf '{"generation": 2}\n' | "$UNTORN" write --quiet settings.json
