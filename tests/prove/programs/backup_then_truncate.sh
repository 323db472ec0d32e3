# SPDX-License-Identifier: Apache-2.0
# Keeps a backup before it truncates in place. The name itself is still torn by a crash.
#
#: file settings.json json 300
#: verdict violated
#: class settings.json whole
#: violation engine=kill check=atomic path=settings.json.bak observed=empty,short
#: violation engine=kill check=parse path=settings.json observed=unparseable,empty,short
#: violation engine=kill check=atomic path=settings.json observed=empty,short
#: violation engine=power check=atomic path=settings.json.bak observed=empty,short,zeros
#: violation engine=power check=atomic path=settings.json observed=empty
#: violation engine=power check=parse path=settings.json observed=unparseable,empty
cp settings.json settings.json.bak
printf '{"generation": 2}\n' > settings.json
