# SPDX-License-Identifier: Apache-2.0
# Renames one file and removes another, and writes nothing: every state is a version.
#
#: file first.json json 300
#: file old.json json 300
#: verdict proved
#: class second.json whole
mv first.json second.json
rm old.json
