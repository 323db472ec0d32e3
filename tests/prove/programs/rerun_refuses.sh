# SPDX-License-Identifier: Apache-2.0
# Guards itself with a marker that it creates first: after a kill in between, no second run gets
# past the marker.
#
#: arguments --expect rerun
#: verdict violated
#: violation engine=kill check=rerun path=* observed=rerun-failed
#: violation engine=power check=rerun path=* observed=rerun-failed
if test -e marker; then
  exit 3
fi
echo busy > marker
echo finished > result.txt
rm marker
