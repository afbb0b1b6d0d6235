/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a dialogue looks like as a transcript: each case whole, and octet by octet. No secret is in it, nor
 * any content that was not asked for.
 */
#include "clr-test.h"
#include "smtp/clr-transcript.h"

#include <string.h>

/* Turns: "C" what the client sends, "S" the server; what the transcript says, line by line. */
typedef struct
{
  const char *name;
  const char *turns[24]; /* "C...", "S...", NULL */
  const char *expected;
  gboolean with_content, not_ours;
} Case;

static const Case cases[] = {
  { "plain",
    { "S220 relay ESMTP\r\n", "CEHLO a.test\r\n", "S250-relay\r\n250 AUTH PLAIN\r\n",
      "CAUTH PLAIN AHVzZXIAc2VjcmV0\r\n", "S235 2.7.0 welcome\r\n", "CQUIT\r\n", "S221 2.0.0 bye\r\n" },
    "server 220 relay ESMTP\nclient EHLO a.test\nserver 250-relay\nserver 250 AUTH PLAIN\n"
    "client AUTH PLAIN [16 octets, not recorded]\nserver 235 2.7.0 welcome\nclient QUIT\n"
    "server 221 2.0.0 bye\n" },
  { "login",
    { "CAUTH LOGIN\r\n", "S334 VXNlcm5hbWU6\r\n", "CdXNlcg==\r\n", "S334 UGFzc3dvcmQ6\r\n", "Cc2VjcmV0\r\n",
      "S535 5.7.8 no\r\n", "CNOOP\r\n", "S250 ok\r\n" },
    "client AUTH LOGIN\nserver 334 [challenge: 12 octets, not recorded]\n"
    "client [answer of AUTH: 8 octets, not recorded]\nserver 334 [challenge: 12 octets, not recorded]\n"
    "client [answer of AUTH: 8 octets, not recorded]\nserver 535 5.7.8 no\nclient NOOP\nserver 250 ok\n" },
  /* One that does not wait for the server: what is behind AUTH is no command before the reply is known, nor
   * when it refuses. */
  { "login-in-one",
    { "CAUTH LOGIN\r\ndXNlcg==\r\nc2VjcmV0\r\nQUIT\r\n", "S538 5.7.11 needs TLS\r\n", "S500 what\r\n",
      "S500 what\r\n", "S221 bye\r\n" },
    "client AUTH LOGIN\nserver 538 5.7.11 needs TLS\n"
    "client [no command that is known: 8 octets, not recorded]\n"
    "client [no command that is known: 8 octets, not recorded]\nclient QUIT\n"
    "server 500 what\nserver 500 what\nserver 221 bye\n" },
  { "login-in-one-taken",
    { "CAUTH LOGIN\r\ndXNlcg==\r\nc2VjcmV0\r\n", "S334 x\r\n", "S334 y\r\n", "S235 ok\r\n" },
    "client AUTH LOGIN\nserver 334 [challenge: 1 octets, not recorded]\n"
    "client [answer of AUTH: 8 octets, not recorded]\nserver 334 [challenge: 1 octets, not recorded]\n"
    "client [answer of AUTH: 8 octets, not recorded]\nserver 235 ok\n" },
  { "odd-spaces",
    { "C  auth\tPLAIN  c2VjcmV0\r\n", "S501 no\r\n", "CAUTH c2VjcmV0c2VjcmV0c2VjcmV0\r\n", "S504 no\r\n",
      "CAUTH=PLAIN c2VjcmV0\r\n", "S500 no\r\n" },
    "client AUTH PLAIN [8 octets, not recorded]\nserver 501 no\nclient AUTH  [24 octets, not recorded]\n"
    "server 504 no\nclient [no command that is known: 19 octets, not recorded]\nserver 500 no\n" },
  { "token",
    { "CAUTH XOAUTH2 dXNlcj1hAWF1dGg9QmVhcmVyIGFiYwEB\r\n", "S334 eyJzdGF0dXMiOiI0MDEifQ==\r\n", "C\r\n",
      "S535 5.7.3 no\r\n" },
    "client AUTH XOAUTH2 [32 octets, not recorded]\nserver 334 [challenge: 24 octets, not recorded]\n"
    "client [answer of AUTH: 0 octets, not recorded]\nserver 535 5.7.3 no\n" },
  { "cancel",
    { "CAUTH PLAIN\r\n", "S334 \r\n", "C*\r\n", "S501 cancelled\r\n" },
    "client AUTH PLAIN\nserver 334 [challenge: 0 octets, not recorded]\nclient *\nserver 501 cancelled\n" },
  { "data",
    { "CMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n", "S250 ok\r\n250 ok\r\n354 go\r\n",
      "CSubject: secret\r\n\r\nline\r\n..\r\n", "C.\r\n", "S250 queued\r\n", "CQUIT\r\n", "S221 bye\r\n" },
    "client MAIL FROM:<a@b.test>\nclient RCPT TO:<c@d.test>\nclient DATA\nserver 250 ok\nserver 250 ok\n"
    "server 354 go\nnote [content: 32 octets, not recorded]\nserver 250 queued\nclient QUIT\n"
    "server 221 bye\n" },
  { "data-shown",
    { "CDATA\r\n", "S354 go\r\n", "CSubject: x\r\n\r\nline\r\n.\r\nQUIT\r\n", "S250 queued\r\n221 bye\r\n" },
    "client DATA\nserver 354 go\ncontent Subject: x\ncontent \ncontent line\ncontent .\nclient QUIT\n"
    "server 250 queued\nserver 221 bye\n",
    TRUE },
  /* Content sent without waiting, and refused: the server takes it for commands, people do not see it. */
  { "data-refused",
    { "CDATA\r\nSubject: secret\r\nmail of mine\r\n.\r\n", "S503 no\r\n" },
    "client DATA\nserver 503 no\nclient [no command that is known: 15 octets, not recorded]\n"
    "client [no command that is known: 12 octets, not recorded]\n"
    "client [no command that is known: 1 octets, not recorded]\n" },
  /* A content that ends with bare newlines: our server took it, its reply says so. */
  { "data-bare",
    { "CDATA\n", "S354 go\r\n", "Cx\n.\n", "S250 queued\r\n", "CQUIT\n", "S221 bye\r\n" },
    "client DATA\nserver 354 go\nnote [content: 4 octets, not recorded]\nserver 250 queued\nclient QUIT\n"
    "server 221 bye\n" },
  /* A next hop that refuses before the end: what we still send is content. */
  { "data-early",
    { "CDATA\r\n", "S354 go\r\n", "Chalf\r\n", "S552 too large\r\n", "Csecret half\r\n.\r\n", "CQUIT\r\n" },
    "client DATA\nserver 354 go\nserver 552 too large\nnote [content: 22 octets, not recorded]\nclient "
    "QUIT\n",
    FALSE,
    TRUE },
  { "bdat",
    { "CBDAT 8\r\nQUIT\r\n\r\nBDAT 4 LAST\r\nabcdRSET\r\n", "S250 ok\r\n250 ok\r\n250 ok\r\n" },
    "client BDAT 8\nnote [content: 8 octets, not recorded]\nclient BDAT 4 LAST\n"
    "note [content: 4 octets, not recorded]\nclient RSET\nserver 250 ok\nserver 250 ok\nserver 250 ok\n" },
  { "starttls",
    { "CSTARTTLS\r\nMAIL FROM:<injected@a.test>\r\n", "S220 go\r\n" },
    "client STARTTLS\nserver 220 go\nclient MAIL FROM:<injected@a.test>\n" },
  { "unknown",
    { "CPOST / HTTP/1.1\r\nAuthorization: Basic c2VjcmV0\r\nXYZ\r\n" },
    "client POST [11 octets, not recorded]\nclient [no command that is known: 29 octets, not recorded]\n"
    "client XYZ\n" },
  { "control-characters", { "CEHLO a\x1b[2J\x01\xff\r\n" }, "client EHLO a\\x1b[2J\\x01\\xff\n" },
  { "no-end", { "CPASSWORD", "S25" }, "client [a line without an end: 8 octets, not recorded]\nserver 25\n" },
};

static void
on_line (ClrSpeaker speaker, const char *line, void *data)
{
  g_string_append_printf (data, "%s %s\n", clr_speaker_get_name (speaker), line);
}

static void
feed (ClrTranscript *transcript, const char *turn, size_t size)
{
  if (*turn == 'C')
    clr_transcript_feed_client (transcript, (const uint8_t *)turn + 1, size);
  else
    clr_transcript_feed_server (transcript, (const uint8_t *)turn + 1, size);
}

static void
play (const Case *test, gboolean octet_by_octet)
{
  g_autoptr (GString) text = g_string_new (NULL);
  ClrTranscript *transcript = clr_transcript_new (test->with_content, !test->not_ours, on_line, text);

  for (unsigned i = 0; test->turns[i]; i++)
    {
      const char *turn = test->turns[i];
      size_t size = strlen (turn) - 1;

      if (!octet_by_octet)
        feed (transcript, turn, size);
      for (size_t k = 0; octet_by_octet && k < size; k++)
        {
          char one[2] = { *turn, turn[1 + k] };
          feed (transcript, one, 1);
        }
    }
  clr_transcript_end (transcript);
  clr_transcript_free (transcript);
  g_assert_cmpstr (text->str, ==, test->expected);
  g_assert_null (strstr (text->str, "c2VjcmV0"));
}

static void
test_case (const void *data)
{
  play (data, FALSE);
  play (data, TRUE);
}

/* Lines and what is held are bounded, whatever comes. */
static void
test_bounds (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  ClrTranscript *transcript = clr_transcript_new (FALSE, TRUE, on_line, text);
  g_autofree char *long_line = g_strnfill (5000, 'x');

  feed (transcript, "CEHLO ", 5);
  clr_transcript_feed_client (transcript, (const uint8_t *)long_line, 5000);
  feed (transcript, "C\r\n", 2);
  g_assert_nonnull (strstr (text->str, "[and 4007 octets more]"));
  feed (transcript, "CDATA\r\n", 6);
  for (unsigned i = 0; i < 100; i++)
    clr_transcript_feed_client (transcript, (const uint8_t *)long_line, 5000);
  feed (transcript, "S250 ok\r\n503 no\r\n", 16);
  feed (transcript, "CMAIL FROM:<a@b.test>\r\n", 22);
  g_assert_nonnull (strstr (text->str, "as all that follows: 500000 octets, not recorded]"));
  g_assert_null (strstr (text->str, "MAIL"));
  clr_transcript_end (transcript);
  clr_transcript_free (transcript);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/transcript/%s", cases[i].name);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/transcript/bounds", test_bounds);
  return g_test_run ();
}
