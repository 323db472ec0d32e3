# SPDX-License-Identifier: Apache-2.0
# Creates an empty file: it is absent or empty, and both are versions.
#
#: verdict proved
#: class marker whole
: > marker
