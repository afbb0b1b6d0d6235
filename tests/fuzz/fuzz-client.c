/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The client machine against a server that says anything. Every recipient of a transaction gets one result,
 * or the connection fails once; what is sent stays in lines; a password goes out only where it may. Octet
 * 0x1e parts the input: in front of it the server falls silent.
 */
#include "fuzz.h"
#include "smtp/clr-client.h"

#define PART       0x1e
#define RECIPIENTS 4u
#define SENDER     "s@example.com"
#define PASSWORD   "c2VjcmV0" /* as it stands in AUTH LOGIN: "secret" in base64 */

static const char content[] = "Subject: test\r\n\r\n.\r\ntext\r\n";

typedef struct
{
  ClrSmtpClientConfig config;
  ClrSmtpClient *client;
  ClrBuffer output;
  unsigned n_recipients;
  unsigned transactions; /* begun */
  gboolean open;
  unsigned results[RECIPIENTS];
  gboolean secure;
  gboolean wants_tls;
  gboolean wants_content;
  gboolean is_ready;
  gboolean at_hand;      /* the content is written at once, as one chunk where that is offered */
  gboolean eager;        /* a transaction is begun inside ready */
  gboolean content_sent; /* in this transaction */
  gboolean over;
} Play;

static void
get_recipient (unsigned index, ClrSmtpRecipient *recipient, void *data)
{
  static const ClrSmtpRecipient all[]
      = { { "a@example.com", 0, NULL },
          { "b@example.com", CLR_NOTIFY_NEVER, NULL },
          { "\"c d\"@example.com", CLR_NOTIFY_SUCCESS | CLR_NOTIFY_DELAY, "rfc822;c+2Bd@example.com" },
          { "postmaster", 0, NULL } };

  fuzz_check (index < ((Play *)data)->n_recipients);
  *recipient = all[index];
}

static void
begin (Play *play)
{
  ClrSmtpTransaction transaction = { .sender = SENDER,
                                     .size = sizeof content - 1,
                                     .eight_bit = play->n_recipients % 2,
                                     .smtputf8 = play->n_recipients == 3,
                                     .ret = CLR_DSN_RET_HEADERS,
                                     .envid = "q+2B1",
                                     .exact_size = play->at_hand || play->n_recipients > 2,
                                     .at_hand = play->at_hand,
                                     .n_recipients = play->n_recipients,
                                     .get_recipient = get_recipient };

  play->is_ready = FALSE;
  if (play->transactions++ == 3)
    {
      clr_smtp_client_quit (play->client);
      return;
    }
  memset (play->results, 0, sizeof play->results);
  play->open = TRUE;
  play->content_sent = FALSE;
  clr_smtp_client_begin (play->client, &transaction);
}

static void
send_content (Play *play)
{
  play->wants_content = FALSE;
  clr_smtp_client_send_content (play->client, (const uint8_t *)content, 10);
  clr_smtp_client_send_content (play->client, (const uint8_t *)content + 10, sizeof content - 11);
  play->content_sent = TRUE;
  clr_smtp_client_end_content (play->client);
}

static void
on_start_tls (ClrSmtpClient *client, void *data)
{
  Play *play = data;

  fuzz_check (!play->secure && !play->wants_tls && play->config.tls != CLR_CLIENT_TLS_NONE);
  play->wants_tls = TRUE;
}

static void
on_ready (ClrSmtpClient *client, void *data)
{
  Play *play = data;

  fuzz_check (!play->over && !play->is_ready && clr_smtp_client_get_phase (client) == CLR_PHASE_IDLE);
  fuzz_check (play->secure || play->config.tls != CLR_CLIENT_TLS_REQUIRED);
  for (unsigned i = 0; play->open && i < play->n_recipients; i++)
    fuzz_check (play->results[i] == 1);
  play->open = FALSE;
  play->is_ready = TRUE;
  if (play->eager)
    begin (play);
}

static void
on_result (ClrSmtpClient *client, unsigned recipient, ClrPhase phase, const ClrSmtpReply *reply, void *data)
{
  Play *play = data;

  fuzz_check (play->open && !play->over && recipient < play->n_recipients);
  fuzz_check (++play->results[recipient] == 1);
  fuzz_check (phase >= CLR_PHASE_MAIL && phase <= CLR_PHASE_DOT && clr_phase_get_name (phase));
  /* Delivered is only what the answer to the content says so. */
  if (reply->code / 100 == 2)
    fuzz_check (phase == CLR_PHASE_DOT && play->content_sent);
}

static void
on_want_content (ClrSmtpClient *client, void *data)
{
  Play *play = data;

  fuzz_check (play->open && !play->over && !play->content_sent);
  play->wants_content = TRUE;
  if (play->at_hand)
    send_content (play);
}

static void
on_failed (ClrSmtpClient *client, ClrPhase phase, const ClrSmtpReply *reply, void *data)
{
  Play *play = data;

  fuzz_check (!play->over);
  play->over = TRUE;
}

static void
act (Play *play)
{
  if (play->wants_tls)
    {
      play->wants_tls = FALSE;
      play->secure = TRUE;
      clr_smtp_client_secured (play->client);
    }
  if (play->wants_content && !play->over)
    send_content (play);
  if (play->is_ready && !play->over)
    begin (play);
}

static void
check_output (Play *play)
{
  const char *text = (const char *)clr_buffer_peek (&play->output);
  size_t size = clr_buffer_size (&play->output);

  if (size == 0)
    return;
  fuzz_check (fuzz_has_clean_lines ((const uint8_t *)text, size));
  if (!play->secure && play->config.tls != CLR_CLIENT_TLS_NONE)
    fuzz_check (!memmem (text, size, "AUTH", 4) && !memmem (text, size, PASSWORD, strlen (PASSWORD)));
  if (!play->secure && play->config.tls == CLR_CLIENT_TLS_REQUIRED)
    fuzz_check (!memmem (text, size, "MAIL", 4));
  clr_buffer_drop (&play->output, size);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  static const ClrSmtpClientHandler handler
      = { on_start_tls, on_ready, on_result, on_want_content, on_failed };
  unsigned variant = fuzz_take (&bytes, &size);
  uint32_t seed = fuzz_take (&bytes, &size);
  Play play = { .config = { .helo = "relay.example.com",
                            .tls = variant % 4 % 3,
                            .login = { .user = variant & 4 ? "user" : NULL,
                                       .password = "secret",
                                       .token = seed & 2 ? "token" : NULL,
                                       .host = "mx.example.com",
                                       .port = 587 } },
                .n_recipients = 1 + (variant >> 3) % RECIPIENTS,
                .at_hand = (variant & 128) != 0,
                .eager = seed % 2 };

  play.client = clr_smtp_client_new (&play.config, &handler, &play.output, &play);
  if (variant & 32)
    {
      play.secure = TRUE;
      clr_smtp_client_set_secure (play.client);
    }
  while (size > 0 && !play.over)
    {
      const uint8_t *part = memchr (bytes, PART, size);
      size_t n = part ? (size_t)(part - bytes) : size;

      for (size_t at = 0, piece; at < n && !play.over && !play.wants_tls; at += piece)
        {
          piece = fuzz_piece (&seed, n - at);
          uint8_t *copy = g_memdup2 (bytes + at, piece);
          clr_smtp_client_feed (play.client, copy, piece);
          g_free (copy);
          check_output (&play);
          if (variant & 64 && !play.wants_tls)
            act (&play);
        }
      act (&play);
      check_output (&play);
      bytes += n + (part != NULL);
      size -= n + (part != NULL);
    }
  clr_smtp_client_free (play.client);
  clr_buffer_clear (&play.output);
  return 0;
}
