/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The settings file as text: one setting is changed, all else stays as it stands: comments, order, spaces,
 * line ends. Pure; whether the outcome is valid is for clr-settings to say.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

G_BEGIN_DECLS

#define CLR_SETTINGS_BOM "\xef\xbb\xbf" /* with which some editors begin a file in UTF-8 */

/* One change. @before: the group moves, to stand right before the group of its kind with that name; comments
 * above it go along. Else @key NULL: the whole group goes. @value NULL: the setting goes, and its default
 * counts. */
typedef struct
{
  char *group;
  char *name; /* NULL for a group without */
  char *key;
  char *value;
  char *before;
} ClrSettingChange;

void clr_setting_change_free (ClrSettingChange *change);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrSettingChange, clr_setting_change_free)

/* Reads "server.hostname" or "listener:office.address" ("listener office.address" too), or a group alone.
 * Returns: (transfer full): a change without a value; NULL with @error. */
ClrSettingChange *clr_setting_change_new_from_place (const char *place, GError **error);
/* (transfer full) */
char *clr_setting_change_to_place (const ClrSettingChange *change);

/* Replaces the value where it stands; else adds the setting behind its commented-out default, or at the end
 * of its group; else adds the group behind the last of its kind, or at the end.
 * Returns: (transfer full): the new text; NULL with @error when there is nothing to take out, or a part would
 * not stay on its line. */
char *clr_settings_text_change (const char *text, const ClrSettingChange *change, GError **error);

/* The raw value; NULL when it is not there. (transfer full) */
char *clr_settings_text_get (const char *text, const ClrSettingChange *place);

G_END_DECLS
