/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-filter-private.h"

#include <string.h>

static gboolean
text_fits (const ClrFilterTerm *term, const char *text)
{
  g_autofree char *lower = NULL;

  if (term->whole)
    return g_ascii_strcasecmp (text ? text : "", term->text) == 0;
  lower = g_ascii_strdown (text ? text : "", -1);
  return strstr (lower, term->text) != NULL;
}

static gboolean
domain_fits (const ClrFilterTerm *term, const char *address)
{
  size_t size = strlen (address), n = strlen (term->text);

  return size > n && address[size - n - 1] == '@' && g_ascii_strcasecmp (address + size - n, term->text) == 0;
}

static gboolean
address_fits (const ClrFilterTerm *term, const char *address)
{
  const char *at = strrchr (address, '@');

  return *term->text == '@' ? at && g_ascii_strcasecmp (at, term->text) == 0 : text_fits (term, address);
}

/* Message-IDs are looked for whole only, without their brackets. */
static gboolean
message_id_fits (const ClrFilterTerm *term, const ClrMessage *message)
{
  g_autofree char *value = clr_message_dup_attribute (message, "message-id");
  g_autofree char *name = g_strconcat ("<", term->text, ">", NULL);

  return value && g_ascii_strcasecmp (value, name) == 0;
}

static gboolean
attribute_fits (const ClrFilterTerm *term, const ClrMessage *message, const char *name)
{
  g_autofree char *value = clr_message_dup_attribute (message, name);

  return text_fits (term, value);
}

static gboolean
reply_fits (const ClrFilterTerm *term, const ClrRecipient *recipient)
{
  g_autofree char *reply
      = g_strdup_printf ("%d %s %s", recipient->code, recipient->enhanced ? recipient->enhanced : "",
                         recipient->text ? recipient->text : "");

  return text_fits (term, reply);
}

static gboolean
term_fits (const ClrFilterTerm *term, const ClrMessage *message, const ClrRecipient *recipient)
{
  switch (term->word)
    {
    case CLR_FILTER_WORD_FROM:
      return address_fits (term, message->sender);
    case CLR_FILTER_WORD_TO:
      return address_fits (term, recipient->address);
    case CLR_FILTER_WORD_DOMAIN:
      return domain_fits (term, recipient->address);
    case CLR_FILTER_WORD_ADDRESS:
      return address_fits (term, message->sender) || address_fits (term, recipient->address);
    case CLR_FILTER_WORD_DEVICE:
      return text_fits (term, message->device);
    case CLR_FILTER_WORD_CLIENT:
      return text_fits (term, message->client);
    case CLR_FILTER_WORD_ROUTE:
      return text_fits (term, recipient->lane);
    case CLR_FILTER_WORD_STATE:
      return recipient->state == term->number
             || (term->number == CLR_RECIPIENT_FAILED && recipient->state == CLR_RECIPIENT_GIVEN_UP);
    case CLR_FILTER_WORD_REPLY:
      return reply_fits (term, recipient);
    case CLR_FILTER_WORD_SUBJECT:
      return attribute_fits (term, message, "subject");
    case CLR_FILTER_WORD_MESSAGE_ID:
      return attribute_fits (term, message, "message-id");
    case CLR_FILTER_WORD_HELD:
      return attribute_fits (term, message, "held");
    case CLR_FILTER_WORD_OLDER:
      return message->created_us < term->number;
    case CLR_FILTER_WORD_NEWER:
      return message->created_us >= term->number;
    case CLR_FILTER_WORD_LARGER:
      return (int64_t)message->size > term->number;
    case CLR_FILTER_WORD_SMALLER:
      return (int64_t)message->size < term->number;
    case CLR_FILTER_WORD_ID:
      return message->id == (uint64_t)term->number;
    case CLR_FILTER_WORD_ANY:
      return text_fits (term, message->sender) || text_fits (term, recipient->address)
             || (term->whole ? message_id_fits (term, message) : attribute_fits (term, message, "subject"));
    }
  g_assert_not_reached ();
}

gboolean
clr_filter_fits (const ClrFilter *filter, const ClrMessage *message, const ClrRecipient *recipient)
{
  for (unsigned i = 0; i < filter->terms->len; i++)
    {
      const ClrFilterTerm *term = &g_array_index (filter->terms, ClrFilterTerm, i);

      if (term_fits (term, message, recipient) == term->negated)
        return FALSE;
    }
  return TRUE;
}
