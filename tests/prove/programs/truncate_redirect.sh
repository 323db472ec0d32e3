# SPDX-License-Identifier: Apache-2.0
# Saves with the shell's `>`, which truncates in place. A shell has no source lines to name.
#
#: file settings.json json 300
#: verdict violated
#: class settings.json whole
#: violation engine=kill check=atomic path=settings.json observed=empty,short
#: violation engine=kill check=parse path=settings.json observed=unparseable,empty,short
#: violation engine=power check=atomic path=settings.json observed=empty
#: violation engine=power check=parse path=settings.json observed=unparseable,empty
printf '{"generation": 2}\n' > settings.json
