/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSettingRow: the row of one setting, made from its declaration: label, help, kind, range and default come
 * from there, and a wrong value is told beside the field while it is typed.
 */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define CLR_TYPE_SETTING_ROW (clr_setting_row_get_type ())
G_DECLARE_FINAL_TYPE (ClrSettingRow, clr_setting_row, CLR, SETTING_ROW, AdwActionRow)

/* Signal: "changed". */

/* @pspec: of a ClrSection. @text: the value as it stands in the file, NULL when it does not. */
GtkWidget *clr_setting_row_new (GParamSpec *pspec, const char *text);
/* "address" */
const char *clr_setting_row_get_key (ClrSettingRow *self);
const char *clr_setting_row_get_label (ClrSettingRow *self);
gboolean clr_setting_row_is_changed (ClrSettingRow *self);
/* The value as it would stand in the file, NULL for its default. (transfer full) */
char *clr_setting_row_dup_text (ClrSettingRow *self);
/* As a person would type it. */
void clr_setting_row_set_text (ClrSettingRow *self, const char *text);
/* What it was before. */
const char *clr_setting_row_get_former (ClrSettingRow *self);
/* (nullable): why the value is not one. */
const char *clr_setting_row_get_problem (ClrSettingRow *self);

G_END_DECLS
