// SPDX-License-Identifier: Apache-2.0
//
// What a power cut may leave on btrfs. The numbers are bad states of all states in block-level
// power cuts on Linux 6.18.
//
//  B1 Names are in no order: fsync writes a log of the inode and the names that it needs, without
//     earlier changes elsewhere. An fsync of another file made no rename durable (39 of 47 lost).
//  B2 A name may come before the data behind it: after rename and fsync of the directory 44 of 51
//     states were empty, new names with a syncing neighbour 8 of 44. A rename over an existing name
//     starts writing, but nothing waits for it.
//  B3 Data is written to new space and entered when it is complete: a size that grows waits for it
//     (appends 0 of 21 and 0 of 46 bad), and a block never tears (overwrites 0 of 47 mixed).
//  B4 sync_file_range orders nothing: the extent is entered later than the wait ends. 196 of 235
//     states empty after it, a rename and an fsync of the directory.
//  B5 Several blocks of one overwrite are taken as independent although none was seen mixed: a
//     commit may fall between two of its extents.
//  B6 A rename of a file between two directories may be parted: an fsync of the new directory logs
//  the new
//     name, and only a sync of the old one, or a commit of everything, the removal of the old name.
//     7 states of 5,376 had both names; none had neither. Within one directory never parted. A
//     directory has one name.
#include "crash/models/rules.h"

namespace untorn::crash {

const Rules btrfs_rules = {
    .size_waits_for_data = true, .blocks_tear = false, .renames = Renames::parted};

}  // namespace untorn::crash
