# SPDX-License-Identifier: Apache-2.0
# Reads a number, adds one, writes it back in place: the counter of every home-made script.
#
#: file counter text "41\n"
#: verdict violated
#: class counter whole
#: violation engine=kill check=atomic path=counter observed=empty
#: violation engine=power check=atomic path=counter observed=empty
number=$(cat counter)
echo $((number + 1)) > counter
