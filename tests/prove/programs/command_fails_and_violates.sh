# SPDX-License-Identifier: Apache-2.0
# Truncates in place and then fails: the damage that it can do is shown all the same.
#
#: file settings.json json 300
#: verdict violated
#: undecided command-failed
#: violation engine=kill check=atomic path=settings.json observed=empty
#: violation engine=kill check=parse path=settings.json observed=unparseable,empty
#: violation engine=power check=atomic path=settings.json observed=empty
#: violation engine=power check=parse path=settings.json observed=unparseable,empty
printf '{"generation": 2}\n' > settings.json
exit 3
