/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The tables of queue.db, and how a file of a former version becomes one of this.
 */
#pragma once

#include "queue/clr-database.h"

extern const ClrDatabaseKind clr_store_schema;
