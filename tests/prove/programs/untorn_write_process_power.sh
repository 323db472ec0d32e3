# SPDX-License-Identifier: Apache-2.0
# `untorn write --durability process` under the power model: the tool must find its own weakest
# level wanting.
#
#: file settings.json json 10000
#: arguments --expect atomic
#: verdict violated
#: clean kill
#: violation engine=power check=atomic path=settings.json observed=empty
printf '{"generation": 2}\n' | "$UNTORN" write --quiet --durability process settings.json
