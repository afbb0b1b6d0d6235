/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The server machine where a dialogue cannot look: what its handler sees, answers that come later, bounds.
 */
#include "clr-test.h"
#include "smtp/clr-server.h"

typedef struct
{
  ClrSmtpServerConfig config;
  ClrSmtpServer *server;
  ClrBuffer output;
  GString *log; /* what the handler was asked */
  GString *content;
  gboolean later; /* answers are given by the test */
} Rig;

static void
answer (Rig *rig, int code)
{
  if (!rig->later)
    clr_smtp_server_answer (rig->server, code, NULL, "ok");
}

static void
on_mail (ClrSmtpServer *server, const ClrMailCommand *mail, void *data)
{
  g_string_append_printf (((Rig *)data)->log, "mail %s;", mail->address);
  answer (data, 250);
}

static void
on_rcpt (ClrSmtpServer *server, const ClrRcptCommand *rcpt, void *data)
{
  g_string_append_printf (((Rig *)data)->log, "rcpt %s;", rcpt->address);
  answer (data, 250);
}

static void
on_data (ClrSmtpServer *server, void *data)
{
  g_string_append (((Rig *)data)->log, "data;");
  answer (data, 354);
}

static void
on_content (ClrSmtpServer *server, const uint8_t *bytes, size_t size, void *data)
{
  g_string_append_len (((Rig *)data)->content, (const char *)bytes, size);
}

static void
on_accept (ClrSmtpServer *server, void *data)
{
  g_string_append (((Rig *)data)->log, "accept;");
  answer (data, 250);
}

static void
on_abandon (ClrSmtpServer *server, void *data)
{
  g_string_append (((Rig *)data)->log, "abandon;");
}

static void
on_start_tls (ClrSmtpServer *server, void *data)
{
  g_string_append (((Rig *)data)->log, "tls;");
}

static void
on_finish (ClrSmtpServer *server, void *data)
{
  g_string_append (((Rig *)data)->log, "finish;");
}

static const ClrSmtpServerHandler handler
    = { on_mail, on_rcpt, on_data, on_content, on_accept, on_abandon, on_start_tls, on_finish };

static void
rig_begin (Rig *rig)
{
  ClrSmtpServerConfig *config = &rig->config;

  config->hostname = "relay.example.com";
  config->max_line = config->max_line ? config->max_line : 512;
  config->max_message_size = config->max_message_size ? config->max_message_size : 1000;
  config->max_recipients = config->max_recipients ? config->max_recipients : 100;
  config->max_errors = config->max_errors ? config->max_errors : 20;
  config->max_messages = config->max_messages ? config->max_messages : 100;
  rig->log = g_string_new (NULL);
  rig->content = g_string_new (NULL);
  rig->server = clr_smtp_server_new (config, &handler, &rig->output, rig);
}

static void
rig_end (Rig *rig)
{
  clr_smtp_server_free (rig->server);
  clr_buffer_clear (&rig->output);
  g_string_free (rig->log, TRUE);
  g_string_free (rig->content, TRUE);
}

static size_t
feed (Rig *rig, const char *words)
{
  return clr_smtp_server_feed (rig->server, (const uint8_t *)words, strlen (words));
}

/* The codes of what was replied, "250 354 ". */
static void
expect_codes (Rig *rig, const char *expected)
{
  ClrReplyReader reader;
  g_autofree char *text = clr_test_take_buffer (&rig->output);
  g_autoptr (GString) codes = g_string_new (NULL);
  size_t eaten;

  for (const char *p = text; *p; p += eaten)
    {
      clr_reply_reader_init (&reader);
      g_assert_cmpint (clr_reply_reader_feed (&reader, p, strlen (p), &eaten), ==, CLR_REPLY_DONE);
      g_string_append_printf (codes, "%d ", reader.reply.code);
    }
  g_assert_cmpstr (codes->str, ==, expected);
}

static void
expect_log (Rig *rig, const char *expected)
{
  g_assert_cmpstr (rig->log->str, ==, expected);
  g_string_truncate (rig->log, 0);
}

#define BEGIN "EHLO a\r\nMAIL FROM:<s@a>\r\nRCPT TO:<r@b>\r\nDATA\r\n"

static void
test_message (void)
{
  Rig rig = { 0 };

  rig_begin (&rig);
  clr_smtp_server_greet (rig.server);
  feed (&rig, BEGIN);
  g_assert_true (clr_smtp_server_is_receiving (rig.server));
  feed (&rig, "S: x\r\n\r\n..\r\n.\r\nQUIT\r\n");
  expect_codes (&rig, "220 250 250 250 354 250 221 ");
  expect_log (&rig, "mail s@a;rcpt r@b;data;accept;finish;");
  g_assert_cmpstr (rig.content->str, ==, "S: x\r\n\r\n.\r\n");
  rig_end (&rig);
}

/* While an answer is awaited nothing is eaten; afterwards all goes on as if it had come at once. */
static void
test_answers_later (void)
{
  static const char words[] = BEGIN "text\r\n.\r\nRSET\r\n";
  static const int answers[] = { 250, 250, 354, 250 };
  Rig rig = { .later = TRUE };
  size_t eaten = 0;

  rig_begin (&rig);
  for (unsigned i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      eaten += feed (&rig, words + eaten);
      g_assert_true (clr_smtp_server_is_waiting (rig.server));
      g_assert_cmpuint (feed (&rig, words + eaten), ==, 0);
      clr_smtp_server_answer (rig.server, answers[i], NULL, "ok");
      g_assert_false (clr_smtp_server_is_waiting (rig.server));
      clr_smtp_server_answer (rig.server, 550, NULL, "a second answer is nobody's"); /* changes nothing */
    }
  eaten += feed (&rig, words + eaten);
  g_assert_cmpuint (eaten, ==, strlen (words));
  expect_codes (&rig, "250 250 250 354 250 250 ");
  expect_log (&rig, "mail s@a;rcpt r@b;data;accept;");
  rig_end (&rig);
}

/* An answer that comes after the session has ended must do nothing. */
static void
test_goodbye_while_waiting (void)
{
  Rig rig = { .later = TRUE };

  rig_begin (&rig);
  feed (&rig, "EHLO a\r\nMAIL FROM:<s@a>\r\n");
  clr_smtp_server_goodbye (rig.server, "4.4.2", "time-out");
  clr_smtp_server_answer (rig.server, 250, NULL, "ok");
  clr_smtp_server_goodbye (rig.server, "4.4.2", "again");
  g_assert_cmpuint (feed (&rig, "NOOP\r\n"), ==, 6); /* eaten, not answered */
  expect_codes (&rig, "250 421 ");
  expect_log (&rig, "mail s@a;finish;");
  rig_end (&rig);
}

/* Whatever ends a transaction without a message is told once. */
static void
test_abandon (void)
{
  static const struct
  {
    const char *words;
    const char *log;
  } cases[] = {
    { "EHLO a\r\nRSET\r\n", "" },
    { "EHLO a\r\nMAIL FROM:<s@a>\r\nRSET\r\nRSET\r\n", "mail s@a;abandon;" },
    { "EHLO a\r\nMAIL FROM:<s@a>\r\nEHLO b\r\n", "mail s@a;abandon;" },
    { "EHLO a\r\nMAIL FROM:<s@a>\r\nRCPT TO:<r@b>\r\nQUIT\r\n", "mail s@a;rcpt r@b;abandon;finish;" },
    { BEGIN "a\nb\r\n.\r\n", "mail s@a;rcpt r@b;data;abandon;" },
    { BEGIN "a\r\n.\r\nRSET\r\n", "mail s@a;rcpt r@b;data;accept;" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Rig rig = { 0 };

      rig_begin (&rig);
      feed (&rig, cases[i].words);
      expect_log (&rig, cases[i].log);
      rig_end (&rig);
    }
}

static void
test_size (void)
{
  Rig rig = { .config = { .max_message_size = 10 } };

  rig_begin (&rig);
  feed (&rig, BEGIN "12345678\r\n.\r\n"); /* just fits */
  expect_codes (&rig, "250 250 250 354 250 ");
  g_string_truncate (rig.content, 0);
  feed (&rig, BEGIN "123456789\r\nmore and more\r\n.\r\n");
  expect_codes (&rig, "250 250 250 354 552 ");
  g_assert_cmpuint (rig.content->len, <=, 10);
  feed (&rig, "MAIL FROM:<s@a> SIZE=10\r\nRSET\r\nMAIL FROM:<s@a> SIZE=11\r\n");
  expect_codes (&rig, "250 250 552 ");
  rig_end (&rig);
}

/* Memory does not grow with a line that has no end, and the session goes on behind it. */
static void
test_long_line (void)
{
  for (size_t step = 1; step <= 5000; step = step * 5)
    {
      Rig rig = { 0 };
      g_autofree char *line = g_strnfill (5000, 'x');

      rig_begin (&rig);
      for (size_t at = 0; at < 5000; at += step)
        {
          clr_smtp_server_feed (rig.server, (const uint8_t *)line + at, MIN (step, 5000 - at));
          g_assert_cmpuint (clr_buffer_size (&rig.output), ==, 0);
        }
      feed (&rig, "\r\nNOOP\r\n");
      expect_codes (&rig, "500 250 ");
      rig_end (&rig);
    }

  /* RFC 5321 section 4.5.3.1.4: 512 octets with CRLF are a line. */
  Rig rig = { 0 };
  g_autofree char *rest = g_strnfill (505, 'x');
  g_autofree char *fits = g_strdup_printf ("NOOP %s\r\n", rest);
  g_autofree char *longer = g_strdup_printf ("NOOP x%s\r\n", rest);
  g_assert_cmpuint (strlen (fits), ==, 512);
  rig_begin (&rig);
  feed (&rig, fits);
  feed (&rig, longer);
  expect_codes (&rig, "250 500 ");
  rig_end (&rig);
}

static void
test_newlines (void)
{
  Rig strict = { 0 }, normal = { .config = { .normalize = TRUE } };

  rig_begin (&strict);
  feed (&strict, BEGIN "a\nb\r\n.\r\nNOOP\nNOOP\r\n");
  expect_codes (&strict, "250 250 250 354 550 500 250 ");
  rig_end (&strict);

  rig_begin (&normal);
  feed (&normal, BEGIN "a\n.\nb\rc\r\n.\r\nNOOP\n");
  expect_codes (&normal, "250 250 250 354 250 250 ");
  g_assert_cmpstr (normal.content->str, ==, "a\r\n.\r\nb\r\nc\r\n");
  g_assert_cmpuint (clr_smtp_server_get_bare_newlines (normal.server), ==, 3);
  rig_end (&normal);
}

/* RFC 3207 section 4.2: nothing that stood in clear behind STARTTLS, and nothing that was said before, is
 * known in TLS. */
static void
test_starttls (void)
{
  Rig rig = { .config = { .offer_tls = TRUE } };
  const char *words = "EHLO evil\r\nMAIL FROM:<s@a>\r\nSTARTTLS\r\nRCPT TO:<evil@b>\r\nNOO";

  rig_begin (&rig);
  g_assert_cmpuint (feed (&rig, words), ==, strlen (words));
  expect_codes (&rig, "250 250 220 ");
  expect_log (&rig, "mail s@a;abandon;tls;");
  g_assert_cmpuint (feed (&rig, "NOOP\r\n"), ==, 0);
  clr_smtp_server_secured (rig.server);
  g_assert_cmpstr (clr_smtp_server_get_helo (rig.server), ==, "");
  g_assert_false (clr_smtp_server_is_esmtp (rig.server));
  feed (&rig, "P\r\nMAIL FROM:<s@a>\r\nSTARTTLS\r\nEHLO good\r\n");
  expect_codes (&rig, "500 503 503 250 ");
  expect_log (&rig, "");
  rig_end (&rig);
}

static void
test_helo_name (void)
{
  Rig rig = { 0 };
  g_autofree char *huge = g_strnfill (400, 'h');
  g_autofree char *line = g_strdup_printf ("EHLO %s\r\n", huge);

  rig_begin (&rig);
  feed (&rig, "EHLO a(b)<c>\x01\xff d\"\\\r\n");
  g_assert_cmpstr (clr_smtp_server_get_helo (rig.server), ==, "a?b??c????d??");
  g_assert_true (clr_smtp_server_is_esmtp (rig.server));
  feed (&rig, line);
  g_assert_cmpuint (strlen (clr_smtp_server_get_helo (rig.server)), ==, CLR_DOMAIN_MAX);
  feed (&rig, "HELO [192.0.2.1]\r\n");
  g_assert_cmpstr (clr_smtp_server_get_helo (rig.server), ==, "[192.0.2.1]");
  g_assert_false (clr_smtp_server_is_esmtp (rig.server));
  rig_end (&rig);
}

static void
test_errors (void)
{
  Rig rig = { .config = { .max_errors = 3 } };

  rig_begin (&rig);
  feed (&rig, "X\r\nNOOP\r\nY\r\nZ\r\nNOOP\r\n");
  expect_codes (&rig, "500 250 500 500 421 ");
  expect_log (&rig, "finish;");
  rig_end (&rig);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/smtp/server/message", test_message);
  g_test_add_func ("/smtp/server/answers-later", test_answers_later);
  g_test_add_func ("/smtp/server/goodbye-while-waiting", test_goodbye_while_waiting);
  g_test_add_func ("/smtp/server/abandon", test_abandon);
  g_test_add_func ("/smtp/server/size", test_size);
  g_test_add_func ("/smtp/server/long-line", test_long_line);
  g_test_add_func ("/smtp/server/newlines", test_newlines);
  g_test_add_func ("/smtp/server/starttls", test_starttls);
  g_test_add_func ("/smtp/server/helo-name", test_helo_name);
  g_test_add_func ("/smtp/server/errors", test_errors);
  return g_test_run ();
}
