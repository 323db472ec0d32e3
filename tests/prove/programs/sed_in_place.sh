# SPDX-License-Identifier: Apache-2.0
# `sed -i` writes a temporary and renames it, and syncs neither.
#
#: file notes.txt text "version 1\n"
#: verdict violated
#: class notes.txt whole
#: clean kill
#: violation engine=power check=atomic path=notes.txt observed=empty
sed -i 's/version 1/version 2/' notes.txt
