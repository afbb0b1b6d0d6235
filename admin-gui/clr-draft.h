/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrGroups: the settings file as the service tells it, a group at a time. ClrDraft: changes to it, that are
 * sent together. Main thread.
 */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct ClrGroups ClrGroups;

/* @answer: of GET /v1/settings. NULL when it is none. (transfer full) */
ClrGroups *clr_groups_new (JsonObject *answer);
void clr_groups_free (ClrGroups *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrGroups, clr_groups_free)

const char *clr_groups_get_etag (ClrGroups *self);
/* The names of all [@group NAME], in file order. (transfer container) */
GPtrArray *clr_groups_list (ClrGroups *self, const char *group);
/* The values of one as they stand in the file, key to text; NULL when it is not there. @name: NULL for a
 * group without. */
JsonObject *clr_groups_find (ClrGroups *self, const char *group, const char *name);
/* NULL when it is not set. */
const char *clr_groups_get (ClrGroups *self, const char *group, const char *name, const char *key);

typedef struct ClrDraft ClrDraft;

ClrDraft *clr_draft_new (void);
void clr_draft_free (ClrDraft *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrDraft, clr_draft_free)

guint clr_draft_get_n (ClrDraft *self);
/* @value: NULL takes the setting out. @name: NULL for a group without. */
void clr_draft_set (ClrDraft *self, const char *group, const char *name, const char *key, const char *value);
void clr_draft_remove (ClrDraft *self, const char *group, const char *name);
/* To stand right before the group of its kind named @before. */
void clr_draft_move (ClrDraft *self, const char *group, const char *name, const char *before);
/* As PATCH /v1/settings wants it. (transfer full) */
JsonObject *clr_draft_to_body (ClrDraft *self, const char *etag);

G_END_DECLS
