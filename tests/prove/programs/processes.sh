# SPDX-License-Identifier: Apache-2.0
# Three processes at once, each with a file of its own, in a pipeline and in the background.
#
#: arguments --expect atomic,parse,durable
#: verdict proved
#: class a.json whole
#: class b.json whole
#: class c.json whole
printf '[1]\n' | "$UNTORN" write --quiet a.json &
printf '[2]\n' | "$UNTORN" write --quiet b.json &
printf '[3]\n' | cat | "$UNTORN" write --quiet c.json
wait
