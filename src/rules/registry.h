// SPDX-License-Identifier: Apache-2.0
//
// The rules, each defined in the file of its name.
#pragma once
#include "rules/rule.h"

namespace untorn::rules {

extern const Rule truncate_write_rule;
extern const Rule append_torn_rule;
extern const Rule rename_without_fsync_rule;
extern const Rule directory_not_synced_rule;
extern const Rule temp_collision_rule;
extern const Rule in_place_update_rule;
extern const Rule copy_onto_target_rule;
extern const Rule lossy_recovery_rule;

}  // namespace untorn::rules
