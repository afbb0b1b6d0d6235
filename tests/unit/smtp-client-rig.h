/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A rig for the client machine: after each piece of a scripted server's words, what must have been said
 * stands in the script.
 */
#pragma once

#include "clr-test.h"
#include "smtp/clr-client.h"

typedef struct
{
  ClrSmtpClient *client;
  ClrSmtpClientConfig config;
  ClrBuffer output;
  GString *told; /* results and failures, as text */
  const char *const *recipients;
  unsigned notify;
  const char *orcpt;
  const char *content; /* written as soon as it is wanted; NULL: the test does it */
  unsigned ready;
  gboolean wants_content;
  gboolean wants_tls;
} Rig;

static void
on_start_tls (ClrSmtpClient *client, void *data)
{
  ((Rig *)data)->wants_tls = TRUE;
}

static void
on_ready (ClrSmtpClient *client, void *data)
{
  ((Rig *)data)->ready++;
}

static void
on_result (ClrSmtpClient *client, unsigned recipient, ClrPhase phase, const ClrSmtpReply *reply, void *data)
{
  g_string_append_printf (((Rig *)data)->told, "%u %s %d;", recipient, clr_phase_get_name (phase),
                          reply->code);
}

static void
on_want_content (ClrSmtpClient *client, void *data)
{
  Rig *rig = data;

  rig->wants_content = TRUE;
  if (rig->content)
    {
      clr_smtp_client_send_content (client, (const uint8_t *)rig->content, strlen (rig->content));
      clr_smtp_client_end_content (client);
    }
}

static void
on_failed (ClrSmtpClient *client, ClrPhase phase, const ClrSmtpReply *reply, void *data)
{
  g_string_append_printf (((Rig *)data)->told, "failed %s %d;", clr_phase_get_name (phase), reply->code);
}

static const ClrSmtpClientHandler handler = { on_start_tls, on_ready, on_result, on_want_content, on_failed };

static void
rig_begin (Rig *rig)
{
  rig->config.helo = "relay.example.com";
  rig->told = g_string_new (NULL);
  rig->client = clr_smtp_client_new (&rig->config, &handler, &rig->output, rig);
}

static void
rig_end (Rig *rig)
{
  clr_smtp_client_free (rig->client);
  clr_buffer_clear (&rig->output);
  g_string_free (rig->told, TRUE);
}

/* The server says @words; then exactly @expected must have been said. */
static void
exchange (Rig *rig, const char *words, const char *expected)
{
  clr_smtp_client_feed (rig->client, (const uint8_t *)words, strlen (words));
  g_autofree char *said = clr_test_take_buffer (&rig->output);
  g_assert_cmpstr (said, ==, expected);
}

static void
expect_told (Rig *rig, const char *expected)
{
  g_assert_cmpstr (rig->told->str, ==, expected);
  g_string_truncate (rig->told, 0);
}

static void
get_recipient (unsigned index, ClrSmtpRecipient *recipient, void *data)
{
  Rig *rig = data;

  *recipient = (ClrSmtpRecipient){ rig->recipients[index], rig->notify, rig->orcpt };
}

static void
begin_to (Rig *rig, const char *sender, const char *const *recipients)
{
  ClrSmtpTransaction transaction = { .sender = sender,
                                     .size = 100,
                                     .n_recipients = g_strv_length ((char **)recipients),
                                     .get_recipient = get_recipient };

  rig->recipients = recipients;
  rig->wants_content = FALSE;
  clr_smtp_client_begin (rig->client, &transaction);
}

static const char *const one[] = { "a@example.net", NULL };

static void
greet (Rig *rig, const char *offers)
{
  exchange (rig, "220 mx ESMTP\r\n", "EHLO relay.example.com\r\n");
  exchange (rig, offers, "");
  g_assert_cmpuint (rig->ready, ==, 1);
}
