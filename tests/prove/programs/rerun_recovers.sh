# SPDX-License-Identifier: Apache-2.0
# Truncates in place, but a second run repairs whatever the first one left; `rerun` asks just that.
#
#: file cache.txt text "old\n"
#: arguments --expect rerun
#: verdict proved
echo new > cache.txt
test "$(cat cache.txt)" = new
