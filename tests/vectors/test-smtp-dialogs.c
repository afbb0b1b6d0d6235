/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Plays the public suite's SMTP sessions, which lie there as scripts, against the server machine: the codes
 * must be the scripts', the texts are ours. Where we say another code, it stands here with the reason.
 */
#include "clr-test.h"
#include "smtp/clr-server.h"
#include "vectors.h"

typedef struct
{
  ClrSmtpServer *server;
  ClrBuffer output;
  GString *content;
  GString *message; /* the last one that was accepted */
  gboolean closed;
} Play;

static ClrSmtpServerConfig config = { .hostname = "relay.example.com",
                                      .max_line = 1000,
                                      .max_message_size = 1024 * 1024,
                                      .max_recipients = 100,
                                      .max_errors = 10,
                                      .max_messages = 100,
                                      /* A script that logs in connects by TLS, which is not the machine's. */
                                      .mechanisms = CLR_SASL_OFFER_PLAIN,
                                      .auth_in_clear = TRUE,
                                      .max_failed_logins = 3 };

static void
on_mail (ClrSmtpServer *server, const ClrMailCommand *mail, void *data)
{
  clr_smtp_server_answer (server, 250, "2.1.0", "ok");
}

static void
on_rcpt (ClrSmtpServer *server, const ClrRcptCommand *rcpt, void *data)
{
  clr_smtp_server_answer (server, 250, "2.1.5", "ok");
}

static void
on_data (ClrSmtpServer *server, void *data)
{
  clr_smtp_server_answer (server, 354, NULL, "go");
}

static void
on_content (ClrSmtpServer *server, const uint8_t *bytes, size_t size, void *data)
{
  g_string_append_len (((Play *)data)->content, (const char *)bytes, size);
}

static void
on_accept (ClrSmtpServer *server, void *data)
{
  Play *play = data;

  g_string_assign (play->message, play->content->str);
  g_string_truncate (play->content, 0);
  clr_smtp_server_answer (server, 250, "2.0.0", "ok");
}

static void
on_abandon (ClrSmtpServer *server, void *data)
{
  g_string_truncate (((Play *)data)->content, 0);
}

static void
on_start_tls (ClrSmtpServer *server, void *data)
{
}

static void
on_finish (ClrSmtpServer *server, void *data)
{
  ((Play *)data)->closed = TRUE;
}

/* Nobody is known here. */
static void
on_login (ClrSmtpServer *server, const ClrSaslClaim *claim, void *data)
{
  clr_smtp_server_answer (server, 535, "5.7.8", "no");
}

static const ClrSmtpServerHandler handler = { .ask_mail = on_mail,
                                              .ask_rcpt = on_rcpt,
                                              .ask_data = on_data,
                                              .content = on_content,
                                              .ask_accept = on_accept,
                                              .abandon = on_abandon,
                                              .start_tls = on_start_tls,
                                              .finish = on_finish,
                                              .ask_login = on_login };

static void
hang_up (Play *play)
{
  g_clear_pointer (&play->server, clr_smtp_server_free);
  clr_buffer_clear (&play->output);
}

static void
connect_anew (Play *play)
{
  hang_up (play);
  play->closed = FALSE;
  g_string_truncate (play->content, 0);
  play->server = clr_smtp_server_new (&config, &handler, &play->output, play);
  clr_smtp_server_greet (play->server);
}

static void
say (Play *play, const char *octets, size_t size)
{
  while (size > 0)
    {
      size_t eaten = clr_smtp_server_feed (play->server, (const uint8_t *)octets, size);

      g_assert_cmpuint (eaten, >, 0);
      octets += eaten;
      size -= eaten;
    }
}

/* The next reply, also of several lines. Returns: its code, 0 when there is none. */
static int
take_reply (Play *play)
{
  ClrReplyReader reader;
  size_t eaten;

  clr_reply_reader_init (&reader);
  if (clr_buffer_size (&play->output) == 0
      || clr_reply_reader_feed (&reader, clr_buffer_peek (&play->output), clr_buffer_size (&play->output),
                                &eaten)
             != CLR_REPLY_DONE)
    return 0;
  clr_buffer_drop (&play->output, eaten);
  return reader.reply.code;
}

/* The scripts' octets are Python: 'text', ('text' + 'text') * 1165, their sums. */
static const char *read_sum (const char *at, GString *into);

static const char *
read_term (const char *at, GString *into)
{
  g_autoptr (GString) text = g_string_new (NULL);

  while (*at == ' ')
    at++;
  if (*at == '(')
    {
      at = read_sum (at + 1, text);
      g_assert_cmpint (*at, ==, ')');
      at++;
    }
  else
    {
      const char *end = at + 1;

      g_assert_cmpint (*at, ==, '\'');
      while (*end && *end != '\'')
        end += *end == '\\' && end[1] ? 2 : 1;
      g_autofree char *quoted = g_strndup (at + 1, end - at - 1), *octets = g_strcompress (quoted);
      g_string_append (text, octets);
      at = *end ? end + 1 : end;
    }
  while (*at == ' ')
    at++;
  unsigned times = *at == '*' ? strtoul (at + 1, (char **)&at, 10) : 1;
  for (unsigned i = 0; i < times; i++)
    g_string_append_len (into, text->str, text->len);
  while (*at == ' ')
    at++;
  return at;
}

static const char *
read_sum (const char *at, GString *into)
{
  for (at = read_term (at, into); *at == '+';)
    at = read_term (at + 1, into);
  return at;
}

static const struct
{
  const char *file, *said; /* a pattern of what was said before */
  int code;
  const char *reason;
} differences[] = {
  { "bad_data_dot_on_message_too_big.cmy", ".", 552,
    "both are true: too large, and a lone LF; the size is told" },
  { "bad_data_dot_2.cmy", "That was a bad*", 550, "the client may go on, the message is refused for good" },
  { "bad_rcpt_to.cmy", "RCPT TO:<henry*", 553, "RFC 6531 section 3.5: without SMTPUTF8 it is 553" },
  { "bad_rcpt_to.cmy", "RCPT TO:", 501, "RFC 5321 section 4.2.4: what is wrong is the argument" },
  { "bad_mail_from.cmy", "MAIL FROM:", 501, "RFC 5321 section 4.2.4: what is wrong is the argument" },
  { "bad_rcpt_to.cmy", "RCPT LALA: <>", 501, "RFC 5321 section 4.2.4: what is wrong is the argument" },
  { "bad_mail_from.cmy", "MAIL LALA: <>", 501, "RFC 5321 section 4.2.4: what is wrong is the argument" },
  { "line_too_long.cmy", "HELO a*", 500, "RFC 5321 section 4.2.4: a line too long is 500" },
  { "wrong_proto.cmy", "GET*", 421, "a browser gets no second line" },
  { "wrong_proto.cmy", "POST*", 421, "a browser gets no second line" },
  { "wrong_proto.cmy", "CONNECT*", 421, "a browser gets no second line" },
};

static int
get_code (const char *file, const char *said, int wanted)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (differences); i++)
    if (g_str_equal (differences[i].file, file) && g_pattern_match_simple (differences[i].said, said))
      return differences[i].code;
  return wanted;
}

/* Carriage returns, and blanks behind the last line, do not count in what should have arrived. */
static char *
dup_plain (const char *text)
{
  g_auto (GStrv) pieces = g_strsplit (text, "\r", -1);

  return g_strchomp (g_strjoinv ("", pieces));
}

static void
play_script (Play *play, const char *name, const char *path)
{
  g_autofree char *text = NULL, *said = g_strdup ("");
  unsigned replies = 0;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  /* Some speak as devices do. */
  config.lenient_helo = strstr (text, "FROM: <") != NULL;
  config.leniency = config.lenient_helo ? CLR_ADDRESS_LENIENT : CLR_ADDRESS_STRICT;
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (unsigned i = 0; lines[i]; i++)
    {
      const char *line = lines[i];

      if (g_str_has_prefix (line, "c tcp_connect") || g_str_has_prefix (line, "c tls_connect"))
        {
          connect_anew (play);
          g_free (said);
          said = g_strdup ("");
        }
      else if (g_str_equal (line, "c close"))
        hang_up (play);
      else if (g_str_has_prefix (line, "c ->"))
        {
          g_free (said);
          said = g_strdup (line[4] ? line + 5 : "");
          g_autofree char *octets = g_strconcat (said, "\r\n", NULL);
          say (play, octets, strlen (octets));
        }
      else if (g_str_has_prefix (line, "c ~>"))
        {
          g_autoptr (GString) octets = g_string_new (NULL);

          g_assert_cmpint (*read_sum (line + 4, octets), ==, 0);
          say (play, octets->str, octets->len);
        }
      else if (g_str_has_prefix (line, "c <"))
        {
          const char *number = line + strcspn (line, " ") + 1;
          int code = take_reply (play), expected;

          number += strcspn (number, " ");
          expected = get_code (name, said, strtol (number, NULL, 10));
          replies++;
          if (code != expected)
            g_test_fail_printf ("%s:%u: behind \"%.60s\": %d instead of %d", name, i + 1, said, code,
                                expected);
        }
      else if (*line && *line != '#')
        g_error ("%s:%u: what is this? %s", name, i + 1, line);
    }
  g_assert_cmpuint (replies, >, 0);
}

static void
play_file (const void *data)
{
  const char *path = data;
  g_autofree char *name = g_path_get_basename (path), *wanted_path = g_strconcat (path, ".verify", NULL),
                  *wanted = NULL;
  Play play = { .content = g_string_new (NULL), .message = g_string_new (NULL) };

  play_script (&play, name, path);
  if (g_file_get_contents (wanted_path, &wanted, NULL, NULL))
    {
      g_autofree char *got = dup_plain (play.message->str), *plain = dup_plain (wanted);
      g_assert_cmpstr (got, ==, plain);
    }
  else
    g_assert_cmpuint (play.message->len, ==, 0);
  hang_up (&play);
  g_string_free (play.content, TRUE);
  g_string_free (play.message, TRUE);
}

static void
test_missing (void)
{
  g_test_skip ("PUBLIC SUITE MISSING: " VECTORS "/smtp/dialogs");
}

int
main (int argc, char *argv[])
{
  g_autofree char *folder = g_build_filename (VECTORS, "smtp/dialogs", NULL);
  GDir *dir = g_dir_open (folder, 0, NULL);
  const char *name;
  unsigned n = 0;

  g_test_init (&argc, &argv, NULL);
  while (dir && (name = g_dir_read_name (dir)))
    if (g_str_has_suffix (name, ".cmy"))
      {
        g_autofree char *test = g_strconcat ("/vectors/smtp/dialogs/", name, NULL);
        g_test_add_data_func_full (test, g_build_filename (folder, name, NULL), play_file, g_free);
        n++;
      }
  if (n == 0)
    g_test_add_func ("/vectors/smtp/dialogs", test_missing);
  g_clear_pointer (&dir, g_dir_close);
  g_print ("# smtp/dialogs: %u scripts\n", n);
  return g_test_run ();
}
