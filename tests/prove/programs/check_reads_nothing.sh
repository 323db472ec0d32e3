# SPDX-License-Identifier: Apache-2.0
# The user's check looks at no file that the run changed: its "good" says nothing, and must not be
# counted as a proof.
#
#: file settings.json json 300
#: arguments --check true
#: verdict undecided
#: undecided check-reads-nothing
printf '{"generation": 2}\n' | "$UNTORN" write --quiet settings.json
