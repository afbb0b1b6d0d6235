/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/clr-injection.h"

#include "base/clr-id.h"
#include "smtp/clr-address.h"

#include <string.h>

#define PIECE (64u * 1024)

G_STATIC_ASSERT (sizeof (((ClrInjection *)NULL)->id) >= CLR_ID_TEXT);

void
clr_injection_free (ClrInjection *injection)
{
  g_free (injection->origin);
  g_free (injection->client);
  g_free (injection->sender);
  g_strfreev (injection->recipients);
  g_free (injection->device);
  g_free (injection->route);
  g_free (injection->envid);
  g_free (injection->notify);
  g_strfreev (injection->orcpt);
  if (injection->content)
    g_bytes_unref (injection->content);
  if (injection->policy)
    clr_policy_unref (injection->policy);
  g_free (injection->reply);
  g_free (injection);
}

void
clr_injection_abandon (ClrInjection *injection)
{
  g_clear_pointer (&injection->intake, clr_intake_abandon);
}

static void
answer (ClrInjection *injection, ClrIntakeResult result, int code, const char *enhanced, const char *text)
{
  injection->intake = NULL;
  injection->result = result;
  injection->reply = g_strdup_printf ("%d %s %s", code, enhanced, text);
  injection->letter.open = injection->open;
  clr_mailbox_post (injection->reply_to, &injection->letter);
}

static void
on_pause (void *data)
{
  ((ClrInjection *)data)->paused = TRUE;
}

static void
on_done (const ClrIntakeAnswer *end, void *data)
{
  ClrInjection *injection = data;
  static const char stored[] = "queued as ";

  if (end->result == CLR_INTAKE_STORED && g_str_has_prefix (end->text, stored))
    g_strlcpy (injection->id, end->text + strlen (stored), sizeof injection->id);
  answer (injection, end->result, end->code, end->enhanced, end->text);
}

/* Lone CRs and LFs become CRLF, as a listener does for a device. */
static void
write_normalized (ClrInjection *injection, const uint8_t *bytes, size_t size)
{
  static const uint8_t crlf[] = { '\r', '\n' };
  size_t start = 0;

  for (size_t i = 0; i < size; i++)
    {
      if (injection->after_cr)
        {
          injection->after_cr = FALSE;
          clr_intake_write (injection->intake, crlf, 2);
          start = bytes[i] == '\n' ? i + 1 : i;
          injection->lone += bytes[i] != '\n';
          if (bytes[i] == '\n')
            continue;
        }
      if (bytes[i] != '\r' && bytes[i] != '\n')
        continue;
      if (i > start)
        clr_intake_write (injection->intake, bytes + start, i - start);
      start = i + 1;
      if (bytes[i] == '\r')
        injection->after_cr = TRUE;
      else
        {
          clr_intake_write (injection->intake, crlf, 2);
          injection->lone++;
        }
    }
  if (size > start)
    clr_intake_write (injection->intake, bytes + start, size - start);
}

/* A message that is CRLF throughout, as most are, goes in large pieces. */
static gboolean
is_normal (const uint8_t *bytes, size_t size)
{
  const uint8_t *end = bytes + size, *p = bytes;

  for (; (p = memchr (p, '\n', end - p)); p++)
    if (p == bytes || p[-1] != '\r')
      return FALSE;
  for (p = bytes; (p = memchr (p, '\r', end - p)); p++)
    if (p + 1 == end || p[1] != '\n')
      return FALSE;
  return TRUE;
}

static void
write_on (ClrInjection *injection)
{
  static const uint8_t crlf[] = { '\r', '\n' };
  gsize size;
  const uint8_t *bytes = g_bytes_get_data (injection->content, &size);

  while (injection->written < size && !injection->paused)
    {
      size_t n = MIN (size - injection->written, PIECE);

      if (!injection->after_cr && is_normal (bytes + injection->written, n))
        clr_intake_write (injection->intake, bytes + injection->written, n);
      else
        write_normalized (injection, bytes + injection->written, n);
      injection->written += n;
    }
  if (injection->paused)
    return;
  if (injection->after_cr || (size > 0 && bytes[size - 1] != '\n'))
    clr_intake_write (injection->intake, crlf, 2);
  clr_intake_finish (injection->intake, injection->lone);
}

static void
on_resume (void *data)
{
  ClrInjection *injection = data;

  injection->paused = FALSE;
  write_on (injection);
}

static const ClrIntakeEvents events = { on_pause, on_resume, on_done };

/* Returns: NULL, or the reply that refuses. (transfer full) */
static char *
find_objection (const ClrInjection *injection)
{
  const ClrLimits *limits = clr_policy_get_limits (injection->policy);
  unsigned n = g_strv_length (injection->recipients);

  if (*injection->sender
      && !clr_mailbox_is_valid (injection->sender, strlen (injection->sender), CLR_ADDRESS_UTF8))
    return g_strdup_printf ("501 5.1.7 <%s> is no address that could send", injection->sender);
  if (n == 0)
    return g_strdup ("554 5.5.1 there is no recipient");
  if (n > limits->max_recipients)
    return g_strdup_printf ("452 4.5.3 %u recipients, this relay accepts %u", n, limits->max_recipients);
  for (unsigned i = 0; i < n; i++)
    if (!clr_mailbox_is_valid (injection->recipients[i], strlen (injection->recipients[i]), CLR_ADDRESS_UTF8))
      return g_strdup_printf ("501 5.1.3 <%s> is no address", injection->recipients[i]);
  if (g_bytes_get_size (injection->content) > limits->max_message_size)
    return g_strdup_printf ("552 5.3.4 the message is larger than %" G_GUINT64_FORMAT " octets",
                            limits->max_message_size);
  return NULL;
}

/* Worker. */
static void
open_injection (ClrLetter *letter, void *owner)
{
  ClrInjection *injection = (ClrInjection *)letter;
  /* What comes from the machine's own people is completed as a device's mail would be. */
  char *name = injection->device ? injection->device : (char *)"local";
  ClrOrigin origin = {
    .origin = injection->origin,
    .client = injection->client,
    .helo = "",
    .device = &injection->as_device,
  };

  injection->as_device = (ClrDevice){ .name = name,
                                      .label = name,
                                      .route = injection->route,
                                      .repairs = injection->keep_header ? 0 : CLR_REPAIR_HEADER };
  injection->reply = find_objection (injection);
  if (injection->reply)
    {
      injection->result = CLR_INTAKE_REFUSED;
      injection->letter.open = injection->open;
      clr_mailbox_post (injection->reply_to, &injection->letter);
      return;
    }
  injection->intake = clr_intake_begin (&injection->place, injection->policy, &origin, &events, injection);
  clr_intake_set_sender (injection->intake, injection->sender, injection->ret,
                         injection->envid ? injection->envid : "");
  for (unsigned i = 0; injection->recipients[i]; i++)
    if (clr_intake_add_recipient (injection->intake, injection->recipients[i],
                                  injection->notify ? injection->notify[i] : 0,
                                  injection->orcpt ? injection->orcpt[i] : ""))
      {
        g_autofree char *text = g_strdup_printf ("no route takes mail for <%s>", injection->recipients[i]);

        clr_intake_abandon (injection->intake);
        answer (injection, CLR_INTAKE_REFUSED, 550, "5.7.1", text);
        return;
      }
  write_on (injection);
}

void
clr_injection_post (ClrInjection *injection, const ClrIntakePlace *place, ClrPolicy *policy)
{
  injection->place = *place;
  injection->policy = clr_policy_ref (policy);
  injection->letter.open = open_injection;
  clr_mailbox_post (place->worker->mailbox, &injection->letter);
}
