/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tag lists and published keys.
 */
#include "fuzz.h"
#include "auth/clr-dkim-record.h"
#include "auth/clr-dkim-tags.h"

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  const char *text = (const char *)bytes, *problem = NULL;
  ClrDkimTags tags;
  gboolean is_dkim;

  if (clr_dkim_tags_parse (&tags, text, size, &problem))
    {
      fuzz_check (tags.n_tags <= CLR_DKIM_TAGS_MOST);
      for (unsigned i = 0; i < tags.n_tags; i++)
        {
          const ClrDkimTag *tag = &tags.tags[i];
          g_autofree char *compact = clr_dkim_tag_dup_compact (tag),
                          *name = g_strndup (tag->name, tag->name_size);
          g_auto (GStrv) list = clr_dkim_tag_dup_list (tag, 20);
          gsize n;
          g_autofree uint8_t *octets = clr_dkim_tag_dup_bytes (tag, &n);
          int64_t number;

          fuzz_check (tag->name >= text && tag->name_size > 0 && tag->value + tag->value_size <= text + size);
          fuzz_check (octets == NULL || n <= tag->value_size);
          fuzz_check (!strpbrk (compact, " \t\r\n"));
          fuzz_check (clr_dkim_tags_find (&tags, name) == tag);
          if (list)
            fuzz_check (g_strv_length (list) <= 20);
          if (clr_dkim_tag_get_number (tag, &number))
            fuzz_check (number >= 0);
        }
    }
  else
    fuzz_check (problem);

  problem = NULL;
  g_autoptr (ClrDkimRecord) record = clr_dkim_record_parse (text, size, &is_dkim, &problem);
  fuzz_check ((record == NULL) == (problem != NULL));
  if (record)
    fuzz_check (record->key || record->revoked || record->kind == GNUTLS_PK_UNKNOWN);
  return 0;
}
