# SPDX-License-Identifier: Apache-2.0
# `untorn write --durability process`: nothing is promised after a power cut, and the kill engine
# alone proves what is promised.
#
#: file settings.json json 10000
#: arguments --expect atomic,parse --engine kill
#: verdict proved
#: engines kill
printf '{"generation": 2}\n' | "$UNTORN" write --quiet --durability process settings.json
