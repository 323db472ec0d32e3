# SPDX-License-Identifier: Apache-2.0
# Saves well and then fails: a run that failed proves nothing about one that works.
#
#: file settings.json json 300
#: verdict undecided
#: undecided command-failed
printf '{"generation": 2}\n' | "$UNTORN" write --quiet settings.json
exit 3
