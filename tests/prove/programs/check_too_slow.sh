# SPDX-License-Identifier: Apache-2.0
# The user's check never ends: it is stopped after its time and counts as a refusal.
#
#: file settings.json json 300
#: arguments --check 'cat settings.json; sleep 1000'
#: verdict undecided
#: undecided check-rejects-baseline
printf '{"generation": 2}\n' | "$UNTORN" write --quiet settings.json
