# SPDX-License-Identifier: Apache-2.0
# Level `ordered` syncs the file and not the name: whole after a power cut, perhaps the old version.
# Under durable-if-synced that is a violation by definition.
#
#: file settings.json json 10000
#: verdict violated
#: class settings.json whole
#: clean kill
#: violation engine=power check=durable-if-synced path=settings.json observed=old-after-ack
#: exhaustive yes
printf '{"generation": 2}\n' | "$UNTORN" write --quiet --durability ordered settings.json
