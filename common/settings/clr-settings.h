/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSettings: one settings file, read and checked as a whole. Values are raw text to the end of the line: no
 * quoting, no escapes. Problems are collected, not only the first; each names file, line, group, key and what
 * would be right.
 */
#pragma once

#include "settings/clr-sections.h"

G_BEGIN_DECLS

#define CLR_TYPE_SETTINGS (clr_settings_get_type ())
G_DECLARE_FINAL_TYPE (ClrSettings, clr_settings, CLR, SETTINGS, GObject)

#define CLR_SETTINGS_MAX_SIZE (4 * 1024 * 1024)

/**
 * clr_settings_new_from_file:
 * @file: a path
 * @problems: (out) (transfer full) (array zero-terminated=1): on failure, what is wrong, one line each
 *
 * Returns: (nullable) (transfer full): the settings, or NULL when there is any problem
 */
ClrSettings *clr_settings_new_from_file (const char *file, char ***problems);

/**
 * clr_settings_new_from_text:
 * @text: the file's text
 * @size: its octets
 * @file: the name to use in problems
 * @problems: (out) (transfer full) (array zero-terminated=1): see clr_settings_new_from_file()
 *
 * Returns: (nullable) (transfer full): the settings
 */
ClrSettings *clr_settings_new_from_text (const char *text, gsize size, const char *file, char ***problems);

const char *clr_settings_get_file (ClrSettings *self);

/**
 * clr_settings_get_section:
 * @group: a group that stands once, such as "server"
 *
 * Returns: (transfer none): the section; with its defaults when it is not in the file
 */
ClrSection *clr_settings_get_section (ClrSettings *self, const char *group);

/**
 * clr_settings_get_sections:
 * @group: a group that may stand often, such as "listener"
 *
 * Returns: (transfer none) (element-type ClrSection): its sections in file order
 */
GPtrArray *clr_settings_get_sections (ClrSettings *self, const char *group);

/**
 * clr_settings_find:
 * @group: such as "smarthost"
 * @name: its name
 *
 * Returns: (transfer none) (nullable): the section
 */
ClrSection *clr_settings_find (ClrSettings *self, const char *group, const char *name);

G_END_DECLS
