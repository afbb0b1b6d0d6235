/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The words in which settings are declared, for the files that do.
 */
#pragma once

#include "settings/clr-sections.h"

#include "settings/clr-settings.h"

#include <glib/gi18n-lib.h>
#include <stdint.h>

#define FLAGS  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS)
#define MINUTE 60
#define HOUR   3600
#define DAY    86400
#define KIB    1024
#define MIB    (1024 * 1024)
#define GIB    (INT64_C (1024) * 1024 * 1024)

#define DEFINE_SECTION(Name, name)                                                                           \
  struct _Clr##Name##Section                                                                                 \
  {                                                                                                          \
    ClrSection parent_instance;                                                                              \
  };                                                                                                         \
  G_DEFINE_FINAL_TYPE (Clr##Name##Section, clr_##name##_section, CLR_TYPE_SECTION)                           \
  static void clr_##name##_section_init (Clr##Name##Section *self)                                           \
  {                                                                                                          \
  }                                                                                                          \
  static void clr_##name##_section_class_init (Clr##Name##SectionClass *klass)

#define SECTION(word, named, text)                                                                           \
  ClrSectionClass *section = CLR_SECTION_CLASS (klass);                                                      \
  section->group = word;                                                                                     \
  section->is_named = named;                                                                                 \
  section->help = text

#define TEXT(kind, key, label, help, initial, flags)                                                         \
  clr_section_class_declare (section, CLR_VALUE_##kind,                                                      \
                             g_param_spec_string (key, label, help, initial, FLAGS | flags))
#define LIST(kind, key, label, help, flags)                                                                  \
  clr_section_class_declare (section, CLR_VALUE_##kind,                                                      \
                             g_param_spec_boxed (key, label, help, G_TYPE_STRV, FLAGS | flags))
#define NUMBER(kind, key, label, help, least, most, initial, flags)                                          \
  clr_section_class_declare (section, CLR_VALUE_##kind,                                                      \
                             g_param_spec_int64 (key, label, help, least, most, initial, FLAGS | flags))
#define BOOLEAN(key, label, help, initial, flags)                                                            \
  clr_section_class_declare (section, CLR_VALUE_BOOLEAN,                                                     \
                             g_param_spec_boolean (key, label, help, initial, FLAGS | flags))
#define CHOICE(choices, key, label, help, initial, flags)                                                    \
  clr_section_class_declare_choice (section, choices,                                                        \
                                    g_param_spec_string (key, label, help, initial, FLAGS | flags))
