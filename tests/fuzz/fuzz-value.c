/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The text of every setting: what is taken is written so that it is taken again, as the same.
 */
#include "fuzz.h"
#include "settings/clr-sections.h"

static GPtrArray *
list_settings (void)
{
  static GPtrArray *all;
  unsigned n_types;

  if (all)
    return all;
  all = g_ptr_array_new ();
  const GType *types = clr_sections_get_types (&n_types);
  for (unsigned i = 0; i < n_types; i++)
    {
      GObjectClass *klass = g_type_class_ref (types[i]);
      guint n;
      g_autofree GParamSpec **pspecs = g_object_class_list_properties (klass, &n);

      for (guint j = 0; j < n; j++)
        if (pspecs[j]->owner_type == types[i])
          g_ptr_array_add (all, pspecs[j]);
    }
  return all;
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  GPtrArray *all = list_settings ();
  GParamSpec *pspec = g_ptr_array_index (all, fuzz_take (&bytes, &size) % all->len);
  g_auto (GValue) value = G_VALUE_INIT, again = G_VALUE_INIT;
  g_autofree char *text = fuzz_dup_text (bytes, size), *why = NULL, *why_again = NULL, *written = NULL;

  if (!clr_value_parse (pspec, text, &value, &why))
    {
      fuzz_check (why && *why);
      return 0;
    }
  written = clr_value_to_text (pspec, &value);
  fuzz_check (clr_value_parse (pspec, written, &again, &why_again));
  g_autofree char *rewritten = clr_value_to_text (pspec, &again);
  fuzz_check (g_str_equal (written, rewritten));
  if (G_VALUE_HOLDS_INT64 (&value))
    fuzz_check (g_value_get_int64 (&value) == g_value_get_int64 (&again));
  return 0;
}
