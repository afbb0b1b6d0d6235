/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-message.h"

#include <stdatomic.h>

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

void
clr_recipient_clear (ClrRecipient *recipient)
{
  g_free (recipient->address);
  g_free (recipient->orcpt);
  g_free (recipient->lane);
  g_free (recipient->enhanced);
  g_free (recipient->text);
  g_free (recipient->host);
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
  static const char *const names[] = { "waiting", "active", "delivered", "failed", "held", "bouncing" };

  return state < G_N_ELEMENTS (names) ? names[state] : "unknown";
}

gboolean
clr_recipient_state_is_final (ClrRecipientState state)
{
  return state == CLR_RECIPIENT_DELIVERED;
}
