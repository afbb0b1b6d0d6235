/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/clr-rewrite.h"

#include "mail/clr-address-list.h"
#include "mail/clr-header-block.h"

#include <string.h>

#define AUTHORS_MOST 100

/* What cannot be read is not allowed. */
static gboolean
is_allowed (const ClrField *field, const ClrDevice *device)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func (g_free);
  size_t size;
  const char *value = clr_field_get_value (field, &size);

  if (!clr_address_list_parse (value, size, AUTHORS_MOST, addresses) || addresses->len == 0)
    return FALSE;
  for (unsigned i = 0; i < addresses->len; i++)
    {
      const char *at = strrchr (g_ptr_array_index (addresses, i), '@');

      if (at == NULL || !clr_device_allows_from (device, at + 1))
        return FALSE;
    }
  return TRUE;
}

static GString *
write_anew (const ClrHeaderBlock *block, const GString *header, const ClrDevice *device)
{
  gboolean replies = clr_header_block_find (block, "Reply-To") != NULL;
  GString *into = g_string_sized_new (header->len + 100);

  g_string_append_printf (into, "From: <%s>\r\n", device->rewrite_sender);
  for (unsigned i = 0; i < block->n_fields; i++)
    {
      const ClrField *field = &block->fields[i];

      if (!clr_field_is (field, "From"))
        g_string_append_len (into, field->start, field->size);
      else if (!replies)
        {
          /* The first one: two of them are no Reply-To. */
          g_string_append (into, "Reply-To");
          g_string_append_len (into, field->start + field->name_size, field->size - field->name_size);
          replies = TRUE;
        }
    }
  g_string_append_len (into, header->str + block->size, header->len - block->size);
  return into;
}

ClrAuthor
clr_rewrite_author (GString *header, const ClrDevice *device)
{
  ClrHeaderBlock block;
  ClrAuthor author = CLR_AUTHOR_ALLOWED;

  if (device->from_domains == NULL && device->rewrite_sender == NULL)
    return author;
  clr_header_block_parse (&block, header->str, header->len);
  if (clr_header_block_count (&block, "From") != 1)
    author = CLR_AUTHOR_REFUSED; /* RFC 5322 section 3.6: exactly one */
  for (unsigned i = 0; i < block.n_fields; i++)
    if (clr_field_is (&block.fields[i], "From") && !is_allowed (&block.fields[i], device))
      author = CLR_AUTHOR_REFUSED;
  if (author == CLR_AUTHOR_REFUSED && device->rewrite_sender)
    {
      GString *anew = write_anew (&block, header, device);

      g_string_truncate (header, 0);
      g_string_append_len (header, anew->str, anew->len);
      g_string_free (anew, TRUE);
      author = CLR_AUTHOR_REWRITTEN;
    }
  clr_header_block_clear (&block);
  return author;
}
