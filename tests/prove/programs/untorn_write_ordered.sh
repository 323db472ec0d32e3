# SPDX-License-Identifier: Apache-2.0
# `untorn write --durability ordered`: whole after a power cut, and nothing more is claimed.
#
#: file settings.json json 10000
#: arguments --expect atomic,parse
#: verdict proved
#: class settings.json whole
printf '{"generation": 2}\n' | "$UNTORN" write --quiet --durability ordered settings.json
