/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The tables of history.db, and how files of former versions become like them.
 */
#pragma once

#include "queue/clr-database.h"

extern const ClrDatabaseKind clr_history_schema;
