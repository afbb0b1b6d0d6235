/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSection: one group of the settings file as a GObject whose properties are the settings. A subclass only
 * declares them (clr-sections.c); values, defaults and notification are here.
 */
#pragma once

#include "settings/clr-value.h"

G_BEGIN_DECLS

#define CLR_TYPE_SECTION (clr_section_get_type ())
G_DECLARE_DERIVABLE_TYPE (ClrSection, clr_section, CLR, SECTION, GObject)

/* Flags of a setting, beside GParamFlags. */
#define CLR_SETTING_RESTART ((GParamFlags)(1 << G_PARAM_USER_SHIFT)) /* takes effect at the next start */
#define CLR_SETTING_REQUIRED                                                                                 \
  ((GParamFlags)(1 << (G_PARAM_USER_SHIFT + 1))) /* has no default and must be there */

struct _ClrSectionClass
{
  GObjectClass parent_class;

  const char *group; /* "listener" */
  gboolean is_named; /* "[listener NAME]", any number; else once */
  const char *help;
  unsigned n_settings;
};

/* For class_init: declares one setting. */
void clr_section_class_declare (ClrSectionClass *klass, ClrValueKind kind, GParamSpec *pspec);
void clr_section_class_declare_choice (ClrSectionClass *klass, const char *choices, GParamSpec *pspec);

/**
 * clr_section_get_name:
 *
 * Returns: (nullable): the name behind the group, NULL for a group without
 */
const char *clr_section_get_name (ClrSection *self);

/**
 * clr_section_is_set:
 *
 * Returns: whether @key was given, and is not just its default
 */
gboolean clr_section_is_set (ClrSection *self, const char *key);

gboolean clr_section_get_boolean (ClrSection *self, const char *key);
gint64 clr_section_get_number (ClrSection *self, const char *key);

/**
 * clr_section_get_text:
 *
 * Returns: (nullable) (transfer none): the text
 */
const char *clr_section_get_text (ClrSection *self, const char *key);

/**
 * clr_section_get_list:
 *
 * Returns: (transfer none) (array zero-terminated=1): the words, an empty list when there are none
 */
const char *const *clr_section_get_list (ClrSection *self, const char *key);

G_END_DECLS
