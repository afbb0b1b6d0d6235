/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-dkim-fields.h"

struct ClrDkimFields
{
  const ClrHeaderBlock *header;
  GHashTable *by_name; /* name in lower case -> GArray of field numbers from the top */
};

ClrDkimFields *
clr_dkim_fields_new (const ClrHeaderBlock *header)
{
  ClrDkimFields *fields = g_new0 (ClrDkimFields, 1);

  fields->header = header;
  fields->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
  for (unsigned i = 0; i < header->n_fields; i++)
    {
      const ClrField *field = &header->fields[i];
      g_autofree char *name = g_ascii_strdown (field->start, field->name_size);
      GArray *numbers = g_hash_table_lookup (fields->by_name, name);

      if (field->name_size == 0)
        continue;
      if (numbers == NULL)
        {
          numbers = g_array_new (FALSE, FALSE, sizeof (unsigned));
          g_hash_table_insert (fields->by_name, g_steal_pointer (&name), numbers);
        }
      g_array_append_val (numbers, i);
    }
  return fields;
}

void
clr_dkim_fields_free (ClrDkimFields *fields)
{
  g_hash_table_unref (fields->by_name);
  g_free (fields);
}

void
clr_dkim_fields_append (const ClrDkimFields *fields, char **names, const ClrField *self, ClrCanon canon,
                        GString *into)
{
  g_autoptr (GHashTable) taken = g_hash_table_new (NULL, NULL); /* GArray -> how many, from the bottom */

  for (char **word = names; *word; word++)
    {
      g_autofree char *name = g_ascii_strdown (*word, -1);
      GArray *numbers = g_hash_table_lookup (fields->by_name, name);
      unsigned used = numbers ? GPOINTER_TO_UINT (g_hash_table_lookup (taken, numbers)) : 0;

      while (numbers && used < numbers->len)
        {
          unsigned number = g_array_index (numbers, unsigned, numbers->len - ++used);
          const ClrField *field = &fields->header->fields[number];

          if (field == self)
            continue;
          clr_dkim_canon_field (canon, field->start, field->size, into);
          break;
        }
      if (numbers)
        g_hash_table_insert (taken, numbers, GUINT_TO_POINTER (used));
    }
}
