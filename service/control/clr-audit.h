/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrAudit: who changed what, and who read the content of a message, newest CLR_AUDIT_MOST entries; kept in
 * state.db. No secret ever stands in it. Main thread.
 */
#pragma once

#include "queue/clr-state.h"

#include <json-glib/json-glib.h>

#define CLR_AUDIT_LONGEST_DETAIL 4096 /* octets */

typedef struct ClrAudit ClrAudit;

/* Which entries are asked for. */
typedef struct
{
  uint64_t before;  /* the cursor: entries with a lower number; 0: begin with the newest */
  unsigned limit;   /* entries at most */
  const char *who;  /* whose; NULL: everybody's */
  const char *text; /* a part of what was done, in any case; NULL: anything */
} ClrAuditQuestion;

/* Reads what @state keeps; NULL: nothing outlives a restart. */
ClrAudit *clr_audit_new (ClrState *state, GError **error);
void clr_audit_free (ClrAudit *audit);

/* @detail: (nullable): such as a diff; cut when it is long. */
void clr_audit_note (ClrAudit *audit, const char *who, const char *what, const char *detail);
/* Newest first: {"entries": [{"number", "time", "who", "what", "detail"}], "next": the cursor, if there are
 * more}. (transfer full) */
JsonNode *clr_audit_list (ClrAudit *audit, const ClrAuditQuestion *question);
