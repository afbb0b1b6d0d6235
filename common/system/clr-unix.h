/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the Unix sides of clr-file and clr-folder share.
 */
#pragma once

#include "system/clr-file.h"

#include <sys/stat.h>

/* For open(). */
int clr_unix_flags (ClrFileOpening opening);
void clr_unix_read_facts (const struct stat *from, ClrFileFacts *facts);
