# SPDX-License-Identifier: Apache-2.0
# The shell's form of the same: write beside, then mv.
#
#: file settings.json json 300
#: verdict violated
#: class settings.json whole
#: clean kill
#: violation engine=power check=atomic path=settings.json observed=empty
#: violation engine=power check=parse path=settings.json observed=unparseable,empty
printf '{"generation": 2}\n' > settings.json.tmp
mv settings.json.tmp settings.json
