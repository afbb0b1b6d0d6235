/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A whole session at the server machine. The handler is a model of what a transaction is and says what it
 * asks to be so; the session is played in one piece and in many, with answers at once and late, and must be
 * the same. Octet 0x1e parts the input: what follows a STARTTLS is dropped up to there.
 */
#include "fuzz.h"
#include "smtp/clr-server.h"

#define PART 0x1e

typedef enum
{
  MODEL_NONE,
  MODEL_MAIL,
  MODEL_RCPT,
  MODEL_DATA,
  MODEL_OVER,
} Model;

typedef struct
{
  ClrSmtpServerConfig config;
  ClrSmtpServer *server;
  ClrBuffer output;
  ClrBuffer content; /* of the open transaction */
  GString *story;    /* what happened, for comparison */
  Model model;
  unsigned recipients;
  int late; /* the answer that waits, 0: none */
  gboolean answers_late;
  gboolean wants_tls;
} Play;

static void
give (Play *play, int code)
{
  fuzz_check (play->late == 0);
  if (play->answers_late)
    play->late = code;
  else
    clr_smtp_server_answer (play->server, code, NULL, "said\nso");
}

/* Refusals hang on what is asked, so that they are the same however it came. */
static int
decide (const char *text, int yes)
{
  unsigned n = g_str_hash (text) % 16;

  return n == 0 ? 550 : n == 1 ? 451 : yes;
}

static void
on_mail (ClrSmtpServer *server, const ClrMailCommand *mail, void *data)
{
  Play *play = data;
  int code = decide (mail->address, 250);

  fuzz_check (play->model == MODEL_NONE && clr_smtp_server_is_waiting (server));
  fuzz_check (fuzz_is_line (mail->address) && mail->size <= play->config.max_message_size);
  g_string_append_printf (play->story, "mail %s\n", mail->address);
  if (code == 250)
    play->model = MODEL_MAIL;
  play->recipients = 0;
  give (play, code);
}

static void
on_rcpt (ClrSmtpServer *server, const ClrRcptCommand *rcpt, void *data)
{
  Play *play = data;
  int code = decide (rcpt->address, 250);

  fuzz_check (play->model == MODEL_MAIL || play->model == MODEL_RCPT);
  fuzz_check (fuzz_is_line (rcpt->address) && play->recipients < play->config.max_recipients);
  g_string_append_printf (play->story, "rcpt %s\n", rcpt->address);
  if (code == 250)
    {
      play->model = MODEL_RCPT;
      play->recipients++;
    }
  give (play, code);
}

static void
on_data (ClrSmtpServer *server, void *data)
{
  Play *play = data;

  fuzz_check (play->model == MODEL_RCPT && play->recipients > 0);
  play->model = MODEL_DATA;
  clr_buffer_clear (&play->content);
  give (play, 354);
}

static void
on_content (ClrSmtpServer *server, const uint8_t *bytes, size_t size, void *data)
{
  Play *play = data;

  fuzz_check (play->model == MODEL_DATA && size > 0);
  clr_buffer_append (&play->content, bytes, size);
  fuzz_check (clr_buffer_size (&play->content) <= play->config.max_message_size);
}

static void
on_accept (ClrSmtpServer *server, void *data)
{
  Play *play = data;
  const uint8_t *content = clr_buffer_peek (&play->content);
  size_t size = clr_buffer_size (&play->content);
  g_autofree char *hash
      = g_compute_checksum_for_data (G_CHECKSUM_MD5, size ? content : (const uint8_t *)"", size);

  fuzz_check (play->model == MODEL_DATA);
  if (size > 0)
    fuzz_check (!memchr (content, 0, size) && fuzz_has_clean_lines (content, size)
                && fuzz_ends_with (content, size, "\r\n"));
  if (!play->config.normalize)
    fuzz_check (clr_smtp_server_get_bare_newlines (server) == 0);
  g_string_append_printf (play->story, "content %s\n", hash);
  play->model = MODEL_NONE;
  give (play, decide (hash, 250));
}

static void
on_abandon (ClrSmtpServer *server, void *data)
{
  Play *play = data;

  fuzz_check (play->model == MODEL_MAIL || play->model == MODEL_RCPT || play->model == MODEL_DATA);
  g_string_append (play->story, "abandon\n");
  play->model = MODEL_NONE;
}

static void
on_start_tls (ClrSmtpServer *server, void *data)
{
  Play *play = data;

  fuzz_check (play->model == MODEL_NONE && play->config.offer_tls);
  fuzz_check (
      fuzz_ends_with (clr_buffer_peek (&play->output), clr_buffer_size (&play->output), "go ahead\r\n"));
  play->wants_tls = TRUE;
}

static void
on_finish (ClrSmtpServer *server, void *data)
{
  Play *play = data;

  fuzz_check (play->model == MODEL_NONE);
  play->model = MODEL_OVER;
}

static void
feed (Play *play, const uint8_t *bytes, size_t size, uint32_t *seed)
{
  unsigned idle = 0;

  for (size_t at = 0; at < size && !play->wants_tls;)
    {
      size_t piece = fuzz_piece (seed, size - at), eaten;
      uint8_t *copy = g_memdup2 (bytes + at, piece);

      eaten = clr_smtp_server_feed (play->server, copy, piece);
      g_free (copy);
      fuzz_check (eaten <= piece);
      at += eaten;
      if (play->late)
        {
          int code = play->late;

          fuzz_check (clr_smtp_server_is_waiting (play->server));
          play->late = 0;
          clr_smtp_server_answer (play->server, code, NULL, "said\nso");
          idle = 0;
        }
      else
        {
          /* It goes on, or it waits for an answer that comes. */
          idle = eaten ? 0 : idle + 1;
          fuzz_check (idle < 2);
        }
    }
}

static void
check_output (const ClrBuffer *output)
{
  const uint8_t *bytes = clr_buffer_peek (output);
  size_t size = clr_buffer_size (output);

  fuzz_check (fuzz_has_clean_lines (bytes, size) && fuzz_ends_with (bytes, size, "\r\n")
              && !memchr (bytes, 0, size));
  for (size_t at = 0; at < size; at = (const uint8_t *)memchr (bytes + at, '\n', size - at) + 1 - bytes)
    fuzz_check (size - at >= 4 && bytes[at] >= '2' && bytes[at] <= '5' && g_ascii_isdigit (bytes[at + 1])
                && g_ascii_isdigit (bytes[at + 2]) && (bytes[at + 3] == ' ' || bytes[at + 3] == '-'));
}

static void
play_all (Play *play, const uint8_t *bytes, size_t size, uint32_t seed)
{
  static const ClrSmtpServerHandler handler
      = { on_mail, on_rcpt, on_data, on_content, on_accept, on_abandon, on_start_tls, on_finish };

  play->story = g_string_new (NULL);
  play->server = clr_smtp_server_new (&play->config, &handler, &play->output, play);
  clr_smtp_server_greet (play->server);
  while (size > 0)
    {
      const uint8_t *part = memchr (bytes, PART, size);
      size_t n = part ? (size_t)(part - bytes) : size;

      feed (play, bytes, n, &seed);
      if (play->wants_tls)
        clr_smtp_server_secured (play->server);
      play->wants_tls = FALSE;
      bytes += n + (part != NULL);
      size -= n + (part != NULL);
    }
  fuzz_check (strlen (clr_smtp_server_get_helo (play->server)) <= CLR_DOMAIN_MAX);
  fuzz_check (fuzz_is_line (clr_smtp_server_get_helo (play->server)));
  clr_smtp_server_goodbye (play->server, "4.3.2", "the end");
  fuzz_check (play->model == MODEL_OVER);
  check_output (&play->output);
  clr_smtp_server_free (play->server);
  clr_buffer_clear (&play->content);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  unsigned variant = fuzz_take (&bytes, &size);
  uint32_t seed = fuzz_take (&bytes, &size) + 1u;
  ClrSmtpServerConfig config = { .hostname = "relay.example.com",
                                 .max_line = 512,
                                 .max_message_size = variant & 16 ? 100 : 100000,
                                 .max_recipients = variant & 32 ? 3 : 100,
                                 .max_errors = variant & 64 ? 3 : 1000,
                                 .max_messages = variant & 128 ? 2 : 1000,
                                 .offer_tls = (variant & 12) != 0,
                                 .require_tls = (variant & 12) == 12,
                                 .normalize = variant & 1,
                                 .leniency = variant & 2 ? CLR_ADDRESS_LENIENT : 0,
                                 .lenient_helo = (variant & 2) != 0 };
  Play whole = { .config = config }, pieces = { .config = config, .answers_late = TRUE };

  play_all (&whole, bytes, size, 0);
  play_all (&pieces, bytes, size, seed);
  fuzz_check (g_string_equal (whole.story, pieces.story));
  fuzz_check (clr_buffer_size (&whole.output) == clr_buffer_size (&pieces.output)
              && memcmp (clr_buffer_peek (&whole.output), clr_buffer_peek (&pieces.output),
                         clr_buffer_size (&whole.output))
                     == 0);
  clr_buffer_clear (&whole.output);
  clr_buffer_clear (&pieces.output);
  g_string_free (whole.story, TRUE);
  g_string_free (pieces.story, TRUE);
  return 0;
}
