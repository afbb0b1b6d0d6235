/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-message.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

typedef struct
{
  atomic_int references;
  ClrMessage message;
} Counted;

static Counted *
counted (ClrMessage *message)
{
  return (Counted *)((char *)message - offsetof (Counted, message));
}

ClrMessage *
clr_message_new (unsigned n_recipients)
{
  Counted *self = g_new0 (Counted, 1);

  atomic_init (&self->references, 1);
  self->message.n_recipients = self->message.n_all = n_recipients;
  self->message.recipients = g_new0 (ClrRecipient, n_recipients);
  return &self->message;
}

ClrMessage *
clr_message_ref (ClrMessage *message)
{
  atomic_fetch_add_explicit (&counted (message)->references, 1, memory_order_relaxed);
  return message;
}

/* Reads the JSON string behind the quote at @p into @into (NULL: skips it). Returns: what follows. */
static const char *
read_string (const char *p, GString *into)
{
  unsigned pair = 0; /* first half of a surrogate pair */

  for (; *p && *p != '"'; p++)
    {
      static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
      unsigned u = (unsigned char)*p;

      if (*p == '\\' && p[1])
        {
          const char *known = strchr (from, *++p);

          if (known)
            u = (unsigned char)to[known - from];
          else if (*p == 'u' && strspn (p + 1, "0123456789abcdefABCDEF") >= 4)
            {
              char digits[5] = { p[1], p[2], p[3], p[4], '\0' };
              u = strtoul (digits, NULL, 16);
              p += 4;
              if (u >= 0xd800 && u < 0xdc00)
                {
                  pair = u;
                  continue;
                }
              if (u >= 0xdc00 && u < 0xe000)
                u = pair ? 0x10000 + ((pair - 0xd800) << 10) + (u - 0xdc00) : 0xfffd;
              if (into && u)
                g_string_append_unichar (into, u);
              pair = 0;
              continue;
            }
        }
      if (into)
        g_string_append_c (into, u);
    }
  return *p ? p + 1 : p;
}

char *
clr_message_dup_attribute (const ClrMessage *message, const char *name)
{
  const char *p = message->attributes ? message->attributes : "";
  size_t length = strlen (name);
  unsigned depth = 0;

  while (*p)
    switch (*p++)
      {
      case '{':
      case '[':
        depth++;
        break;
      case '}':
      case ']':
        depth--;
        break;
      case '"':
        {
          const char *key = p;

          p = read_string (p, NULL);
          /* A name of the outermost object is what a colon follows. */
          if (depth == 1 && p == key + length + 1 && memcmp (key, name, length) == 0
              && p[strspn (p, " ")] == ':')
            {
              const char *value = p + strspn (p, " ") + 1;

              value += strspn (value, " ");
              if (*value != '"')
                return NULL;
              GString *text = g_string_new (NULL);
              read_string (value + 1, text);
              return g_string_free (text, FALSE);
            }
          break;
        }
      default:
        break;
      }
  return NULL;
}

void
clr_recipient_clear (ClrRecipient *recipient)
{
  g_free (recipient->address);
  g_free (recipient->orcpt);
  g_free (recipient->lane);
  g_free (recipient->enhanced);
  g_free (recipient->text);
  g_free (recipient->host);
  g_free (recipient->who);
}

void
clr_message_unref (ClrMessage *message)
{
  if (atomic_fetch_sub_explicit (&counted (message)->references, 1, memory_order_acq_rel) != 1)
    return;
  for (unsigned i = 0; i < message->n_recipients; i++)
    clr_recipient_clear (&message->recipients[i]);
  g_free (message->recipients);
  clr_rope_clear (&message->content);
  g_free (message->sender);
  g_free (message->envid);
  g_free (message->origin);
  g_free (message->client);
  g_free (message->device);
  g_free (message->stream);
  g_free (message->campaign);
  g_free (message->tag);
  g_free (message->attributes);
  g_free (counted (message));
}

const char *
clr_recipient_state_get_name (ClrRecipientState state)
{
  static const char *const names[]
      = { "waiting", "active", "delivered", "failed", "held", "bouncing", "failed", "deleted" };

  return state < G_N_ELEMENTS (names) ? names[state] : "unknown";
}

gboolean
clr_recipient_is_final (const ClrRecipient *recipient)
{
  return (recipient->state == CLR_RECIPIENT_DELIVERED || recipient->state == CLR_RECIPIENT_GIVEN_UP)
         && recipient->report == 0;
}
