/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The grammar of SMTP: addresses, commands, replies, AUTH. The framing of DATA and the machines have programs
 * of their own.
 */
#include "clr-test.h"
#include "smtp/clr-command.h"
#include "smtp/clr-reply.h"
#include "smtp/clr-sasl.h"

/* -- addresses */

static void
test_address (void)
{
  static const struct
  {
    const char *text;
    ClrAddressFlags flags;
    gboolean valid;
  } cases[] = {
    { "a@b", 0, TRUE },
    { "first.last@example.com", 0, TRUE },
    { "a+b=c/d@example.com", 0, TRUE },
    { "\"a b\"@example.com", 0, TRUE },
    { "\"a\\\"b\"@example.com", 0, TRUE },
    { "\"\"@example.com", 0, TRUE },
    { "a@[192.0.2.1]", 0, TRUE },
    { "a@[IPv6:2001:db8::1]", 0, TRUE },
    { "a@[IPv6:::1]", 0, TRUE },
    { "a@xn--mnchen-3ya.example", 0, TRUE },
    { "a", 0, FALSE },
    { "@b", 0, FALSE },
    { "a@", 0, FALSE },
    { "a@@b", 0, FALSE },
    { ".a@b", 0, FALSE },
    { "a.@b", 0, FALSE },
    { "a..b@c", 0, FALSE },
    { "a b@c", 0, FALSE },
    { "a@b c", 0, FALSE },
    { "a@-b", 0, FALSE },
    { "a@b-", 0, FALSE },
    { "a@b..c", 0, FALSE },
    { "a@.b", 0, FALSE },
    { "a@b.", 0, FALSE },
    { "a@[192.0.2.256]", 0, FALSE },
    { "a@[]", 0, FALSE },
    { "a@[IPv6:]", 0, FALSE },
    { "a@[IPv6:fe80::1%eth0]", 0, FALSE },
    { "\"a@b", 0, FALSE },
    { "\"a\nb\"@c", 0, FALSE },
    { "\"a\\\nb\"@c", 0, FALSE },
    { "a\r\n@b", 0, FALSE },
    { "a@b\r\nRCPT", 0, FALSE },
    { "a@b_c.example", 0, FALSE },
    { "a@b_c.example", CLR_ADDRESS_LENIENT, TRUE },
    { "j\xc3\xb6rg@example.com", 0, FALSE },
    { "j\xc3\xb6rg@example.com", CLR_ADDRESS_UTF8, TRUE },
    { "a@m\xc3\xbcnchen.example", CLR_ADDRESS_UTF8, TRUE },
    { "j\xf6rg@example.com", CLR_ADDRESS_UTF8, FALSE },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    if (clr_mailbox_is_valid (cases[i].text, strlen (cases[i].text), cases[i].flags) != cases[i].valid)
      g_error ("%s (flags %d) should be %s", cases[i].text, cases[i].flags,
               cases[i].valid ? "valid" : "refused");
  g_assert_false (clr_mailbox_is_valid ("a\0b@c", 5, 0));
}

static void
test_address_lengths (void)
{
  for (int n = 60; n < 70; n++)
    {
      g_autofree char *local = g_strnfill (n, 'l');
      g_autofree char *long_local = g_strdup_printf ("%s@example.com", local);
      g_autofree char *long_label = g_strdup_printf ("a@%s.com", local);

      g_assert_cmpint (clr_mailbox_is_valid (long_local, strlen (long_local), 0), ==, n <= 64);
      g_assert_cmpint (clr_mailbox_is_valid (long_label, strlen (long_label), 0), ==, n <= 63);
    }
}

static void
test_path (void)
{
  static const struct
  {
    const char *text;
    ClrAddressFlags flags;
    int read; /* 0: refused */
    const char *address;
  } cases[] = {
    { "<>", 0, 2, "" },
    { "<a@b>", 0, 5, "a@b" },
    { "<a@b> SIZE=1", 0, 5, "a@b" },
    { "<@x,@y:a@b>", 0, 11, "a@b" },
    { "<@x:a@b>", 0, 8, "a@b" },
    { "<Postmaster>", 0, 12, "Postmaster" },
    { "<\"a>b\"@c>", 0, 9, "\"a>b\"@c" },
    { "<a@b", 0, 0, NULL },
    { "a@b", 0, 0, NULL },
    { " <a@b>", 0, 0, NULL },
    { "<a@b >", 0, 0, NULL },
    { "<someone>", 0, 0, NULL },
    { "<<a@b>>", 0, 0, NULL },
    { "<@x,a@b>", 0, 0, NULL },
    { "<:a@b>", 0, 0, NULL },
    { "", 0, 0, NULL },
    { "a@b", CLR_ADDRESS_LENIENT, 3, "a@b" },
    { " <a@b>", CLR_ADDRESS_LENIENT, 6, "a@b" },
    { "< a@b >", CLR_ADDRESS_LENIENT, 7, "a@b" },
    { "scanner", CLR_ADDRESS_LENIENT, 7, "scanner" },
    { "<scanner>", CLR_ADDRESS_LENIENT, 9, "scanner" },
    { "<a@b", CLR_ADDRESS_LENIENT, 0, NULL },
    { "", CLR_ADDRESS_LENIENT, 0, NULL },
    { "<a\tb@c>", CLR_ADDRESS_LENIENT, 0, NULL },
  };
  char address[CLR_PATH_MAX + 1];

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].text);
      g_assert_cmpint (clr_path_parse (cases[i].text, strlen (cases[i].text), cases[i].flags, address), ==,
                       cases[i].read);
      if (cases[i].read)
        g_assert_cmpstr (address, ==, cases[i].address);
    }
  g_autofree char *huge = g_strnfill (1000, 'a');
  g_autofree char *path = g_strdup_printf ("<a@%s>", huge);
  g_assert_cmpint (clr_path_parse (path, strlen (path), CLR_ADDRESS_LENIENT, address), ==, 0);

  g_assert_cmpstr (clr_address_get_domain ("\"x@y\"@z"), ==, "z");
  g_assert_null (clr_address_get_domain ("postmaster"));
  g_assert_false (clr_address_is_ascii ("\xc3\xa4@b"));
}

/* -- commands */

static const ClrComplaint *
parse_mail (const char *line, ClrAddressFlags flags, ClrMailCommand *mail)
{
  ClrCommand command;

  clr_command_parse (line, strlen (line), &command);
  g_assert_cmpint (command.verb, ==, CLR_VERB_MAIL);
  return clr_command_parse_mail (&command, flags, mail);
}

static const ClrComplaint *
parse_rcpt (const char *line, ClrRcptCommand *rcpt)
{
  ClrCommand command;

  clr_command_parse (line, strlen (line), &command);
  g_assert_cmpint (command.verb, ==, CLR_VERB_RCPT);
  return clr_command_parse_rcpt (&command, 0, rcpt);
}

static void
test_command (void)
{
  static const struct
  {
    const char *line;
    ClrVerb verb;
    const char *argument;
  } cases[] = {
    { "NOOP", CLR_VERB_NOOP, "" },
    { "noop", CLR_VERB_NOOP, "" },
    { "nOoP  a b \t", CLR_VERB_NOOP, "a b" },
    { "EHLO host", CLR_VERB_EHLO, "host" },
    { "STARTTLS", CLR_VERB_STARTTLS, "" },
    { "STARTTL", CLR_VERB_UNKNOWN, "" },
    { "STARTTLSX", CLR_VERB_UNKNOWN, "" },
    { "", CLR_VERB_UNKNOWN, "" },
    { " NOOP", CLR_VERB_UNKNOWN, "NOOP" },
    { "NOOP\tx", CLR_VERB_NOOP, "x" },
    { "GET / HTTP/1.1", CLR_VERB_UNKNOWN, "/ HTTP/1.1" },
  };
  ClrCommand command;

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      clr_command_parse (cases[i].line, strlen (cases[i].line), &command);
      g_assert_cmpint (command.verb, ==, cases[i].verb);
      g_autofree char *argument = g_strndup (command.argument, command.argument_size);
      g_assert_cmpstr (argument, ==, cases[i].argument);
    }
}

static void
test_mail_parameters (void)
{
  ClrMailCommand mail;
  ClrRcptCommand rcpt;

  g_assert_null (parse_mail ("MAIL FROM:<a@b> SIZE=1234 body=8bitmime RET=hdrs ENVID=QQ+2B", 0, &mail));
  g_assert_cmpstr (mail.address, ==, "a@b");
  g_assert_cmpuint (mail.size, ==, 1234);
  g_assert_true (mail.eight_bit);
  g_assert_cmpint (mail.ret, ==, CLR_DSN_RET_HEADERS);
  g_assert_cmpstr (mail.envid, ==, "QQ+2B");

  g_assert_null (parse_mail ("mail from:<>", 0, &mail));
  g_assert_cmpstr (mail.address, ==, "");
  g_assert_cmpuint (mail.size, ==, 0);
  g_assert_cmpint (mail.ret, ==, CLR_DSN_RET_NONE);

  /* More than a 64-bit number holds is still only too large. */
  g_assert_null (parse_mail ("MAIL FROM:<a@b> SIZE=99999999999999999999", 0, &mail));
  g_assert_cmpuint (mail.size, ==, UINT64_MAX);
  g_assert_null (parse_mail ("MAIL FROM: a@b", CLR_ADDRESS_LENIENT, &mail));
  g_assert_cmpstr (mail.address, ==, "a@b");

  g_assert_null (parse_rcpt ("RCPT TO:<a@b> NOTIFY=SUCCESS,delay ORCPT=rfc822;a+40b", &rcpt));
  g_assert_cmpint (rcpt.notify, ==, CLR_NOTIFY_SUCCESS | CLR_NOTIFY_DELAY);
  g_assert_cmpstr (rcpt.orcpt, ==, "rfc822;a+40b");
  g_assert_null (parse_rcpt ("RCPT TO:<a@b> NOTIFY=NEVER", &rcpt));
  g_assert_cmpint (rcpt.notify, ==, CLR_NOTIFY_NEVER);
}

static void
test_mail_complaints (void)
{
  static const struct
  {
    const char *line;
    int code;
    const char *enhanced;
  } cases[] = {
    { "MAIL", 501, "5.5.4" },
    { "MAIL <a@b>", 501, "5.5.4" },
    { "MAIL FROM", 501, "5.5.4" },
    { "MAIL FROM:", 501, "5.5.4" },
    { "MAIL FROM:a@b", 501, "5.5.4" },
    { "MAIL FROM: <a@b>", 501, "5.5.4" },
    { "MAIL TO:<a@b>", 501, "5.5.4" },
    { "MAIL FROM:<a b@c>", 501, "5.1.7" },
    { "MAIL FROM:<a@b", 501, "5.1.7" },
    { "MAIL FROM:<a@b>x", 501, NULL },
    { "MAIL FROM:<a@b> FOO", 555, "5.5.4" },
    { "MAIL FROM:<a@b> FOO=1", 555, "5.5.4" },
    { "MAIL FROM:<a@b> NOTIFY=NEVER", 555, "5.5.4" },
    { "MAIL FROM:<a@b> SIZE", 501, "5.5.4" },
    { "MAIL FROM:<a@b> SIZE=", 501, "5.5.4" },
    { "MAIL FROM:<a@b> SIZE=-1", 501, "5.5.4" },
    { "MAIL FROM:<a@b> SIZE=1x", 501, "5.5.4" },
    { "MAIL FROM:<a@b> SIZE=123456789012345678901", 501, "5.5.4" },
    { "MAIL FROM:<a@b> SIZE=1 SIZE=1", 501, "5.5.4" },
    { "MAIL FROM:<a@b> BODY=9BIT", 501, "5.5.4" },
    { "MAIL FROM:<a@b> RET=SOME", 501, "5.5.4" },
    { "MAIL FROM:<a@b> ENVID=", 501, "5.5.4" },
    { "MAIL FROM:<a@b> ENVID=a+4", 501, "5.5.4" },
    { "MAIL FROM:<a@b> ENVID=a=b", 501, "5.5.4" },
    { "MAIL FROM:<a@b> =", 555, "5.5.4" },
    { "RCPT TO:<>", 501, "5.1.3" },
    { "RCPT TO:<a@>", 501, "5.1.3" },
    { "RCPT FROM:<a@b>", 501, "5.5.4" },
    { "RCPT TO:<a@b> SIZE=1", 555, "5.5.4" },
    { "RCPT TO:<a@b> NOTIFY=", 501, "5.5.4" },
    { "RCPT TO:<a@b> NOTIFY", 501, "5.5.4" },
    { "RCPT TO:<a@b> NOTIFY=NEVER,DELAY", 501, "5.5.4" },
    { "RCPT TO:<a@b> NOTIFY=DELAY,", 501, "5.5.4" },
    { "RCPT TO:<a@b> NOTIFY=,DELAY", 501, "5.5.4" },
    { "RCPT TO:<a@b> ORCPT=rfc822", 501, "5.5.4" },
    { "RCPT TO:<a@b> ORCPT=;a@b", 501, "5.5.4" },
    { "RCPT TO:<a@b> ORCPT=rfc822;", 501, "5.5.4" },
    { "RCPT TO:<a@b> ORCPT=rfc822;a=b", 501, "5.5.4" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      ClrMailCommand mail;
      ClrRcptCommand rcpt;
      const ClrComplaint *complaint
          = *cases[i].line == 'M' ? parse_mail (cases[i].line, 0, &mail) : parse_rcpt (cases[i].line, &rcpt);

      g_test_message ("%s", cases[i].line);
      g_assert_nonnull (complaint);
      g_assert_cmpint (complaint->code, ==, cases[i].code);
      if (cases[i].enhanced)
        g_assert_cmpstr (complaint->enhanced, ==, cases[i].enhanced);
    }

  g_autofree char *envid = g_strnfill (101, 'e'), *orcpt = g_strnfill (500, 'o');
  g_autofree char *mail_line = g_strdup_printf ("MAIL FROM:<a@b> ENVID=%s", envid);
  g_autofree char *rcpt_line = g_strdup_printf ("RCPT TO:<a@b> ORCPT=rfc822;%s", orcpt);
  ClrMailCommand mail;
  ClrRcptCommand rcpt;
  g_assert_cmpint (parse_mail (mail_line, 0, &mail)->code, ==, 501);
  g_assert_cmpint (parse_rcpt (rcpt_line, &rcpt)->code, ==, 501);
}

/* -- replies */

static void
test_reply_read (void)
{
  static const struct
  {
    const char *wire;
    int code;
    const char *enhanced;
    const char *text;
  } cases[] = {
    { "250 ok\r\n", 250, "", "ok" },
    { "250\r\n", 250, "", "" },
    { "250 \r\n", 250, "", "" },
    { "250 2.1.5 fine\r\n", 250, "2.1.5", "fine" },
    { "550 5.1.1\r\n", 550, "5.1.1", "" },
    { "550-5.1.1 no\r\n550 5.1.1 such user\r\n", 550, "5.1.1", "no\nsuch user" },
    { "250-a\r\n250-b\r\n250 c\r\n", 250, "", "a\nb\nc" },
    { "250 ok\n", 250, "", "ok" }, /* a sloppy server is still understood */
    { "550 2.1.1 the class does not fit\r\n", 550, "", "2.1.1 the class does not fit" },
    { "550 5.1.1234 no code\r\n", 550, "", "5.1.1234 no code" },
    { "354 go\r\n", 354, "", "go" },
    { "421-a\r\n421 b\r\n", 421, "", "a\nb" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    for (size_t step = 1; step <= strlen (cases[i].wire); step++)
      {
        ClrReplyReader reader;
        ClrReplyStatus status = CLR_REPLY_MORE;
        const char *p = cases[i].wire, *end = p + strlen (p);
        size_t eaten;

        clr_reply_reader_init (&reader);
        while (p < end)
          {
            g_assert_cmpint (status, ==, CLR_REPLY_MORE);
            status = clr_reply_reader_feed (&reader, p, MIN (step, (size_t)(end - p)), &eaten);
            p += eaten;
          }
        g_assert_cmpint (status, ==, CLR_REPLY_DONE);
        g_assert_cmpint (reader.reply.code, ==, cases[i].code);
        g_assert_cmpstr (reader.reply.enhanced, ==, cases[i].enhanced);
        g_assert_cmpstr (reader.reply.text, ==, cases[i].text);
      }
}

static void
test_reply_garbage (void)
{
  static const char *const cases[] = { "\r\n",       "25 ok\r\n",    "600 x\r\n",  "199 x\r\n",
                                       "2x0 ok\r\n", "HTTP/1.1\r\n", "250_ok\r\n", "250-a\r\nnonsense\r\n" };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      ClrReplyReader reader;
      size_t eaten;

      clr_reply_reader_init (&reader);
      g_assert_cmpint (clr_reply_reader_feed (&reader, cases[i], strlen (cases[i]), &eaten), ==,
                       CLR_REPLY_GARBAGE);
    }
}

/* A server may talk without end; memory does not grow, and the sense stays. */
static void
test_reply_bounds (void)
{
  ClrReplyReader reader;
  g_autofree char *big = g_strnfill (100000, 'x');
  g_autofree char *line = g_strdup_printf ("550 5.7.1 %s\r\n", big);
  ClrReplyStatus status = CLR_REPLY_MORE;
  size_t eaten;

  clr_reply_reader_init (&reader);
  g_assert_cmpint (clr_reply_reader_feed (&reader, line, strlen (line), &eaten), ==, CLR_REPLY_DONE);
  g_assert_cmpuint (eaten, ==, strlen (line));
  g_assert_cmpint (reader.reply.code, ==, 550);
  g_assert_cmpstr (reader.reply.enhanced, ==, "5.7.1");
  g_assert_cmpuint (strlen (reader.reply.text), ==, CLR_REPLY_TEXT_MAX);

  clr_reply_reader_init (&reader);
  for (int i = 0; i < 150; i++)
    {
      g_assert_cmpint (status, ==, CLR_REPLY_MORE);
      status = clr_reply_reader_feed (&reader, "250-more and more\r\n", 19, &eaten);
    }
  g_assert_cmpint (clr_reply_reader_feed (&reader, "250 end\r\n", 9, &eaten), ==, CLR_REPLY_DONE);
  clr_reply_reader_init (&reader);
  for (int i = 0; i < 100000 && status != CLR_REPLY_GARBAGE; i++)
    status = clr_reply_reader_feed (&reader, "250-more\r\n", 10, &eaten);
  g_assert_cmpint (status, ==, CLR_REPLY_GARBAGE);
}

static void
test_reply_write (void)
{
  ClrBuffer buffer = CLR_BUFFER_INIT;
  ClrSmtpReply reply;

  clr_reply_write (&buffer, 250, NULL, "ok");
  clr_reply_write (&buffer, 550, "5.7.1", "first\nsecond");
  clr_reply_write (&buffer, 354, "", "");
  g_autofree char *text = clr_test_take_buffer (&buffer);
  g_assert_cmpstr (text, ==, "250 ok\r\n550-5.7.1 first\r\n550 5.7.1 second\r\n354 \r\n");
  clr_buffer_clear (&buffer);

  clr_smtp_reply_set (&reply, 550, "5.1.1", "no\nuser");
  g_autofree char *own = clr_smtp_reply_to_text (&reply);
  g_assert_cmpstr (own, ==, "5.1.1 no user"); /* nobody said a code */
  reply.is_own = FALSE;
  g_autofree char *one = clr_smtp_reply_to_text (&reply);
  g_assert_cmpstr (one, ==, "550 5.1.1 no user");
  clr_smtp_reply_set (&reply, 0, NULL, "connection refused");
  g_autofree char *local = clr_smtp_reply_to_text (&reply);
  g_assert_cmpstr (local, ==, "connection refused");
}

/* -- AUTH */

static void
test_sasl (void)
{
  g_assert_cmpint (clr_sasl_choose ("CRAM-MD5 LOGIN PLAIN"), ==, CLR_SASL_PLAIN);
  g_assert_cmpint (clr_sasl_choose ("login XOAUTH2"), ==, CLR_SASL_LOGIN);
  g_assert_cmpint (clr_sasl_choose ("CRAM-MD5 PLAINTEXT"), ==, CLR_SASL_NONE);
  g_assert_cmpint (clr_sasl_choose (""), ==, CLR_SASL_NONE);

  char *plain = clr_sasl_respond (CLR_SASL_PLAIN, 0, "tim", "tanstaaftanstaaf");
  g_assert_cmpstr (plain, ==, "AHRpbQB0YW5zdGFhZnRhbnN0YWFm"); /* RFC 4616 section 4 */
  clr_sasl_wipe (plain);
  g_assert_null (clr_sasl_respond (CLR_SASL_PLAIN, 1, "u", "p"));
  g_assert_null (clr_sasl_respond (CLR_SASL_LOGIN, 0, "u", "p"));
  char *user = clr_sasl_respond (CLR_SASL_LOGIN, 1, "user", "pass"),
       *password = clr_sasl_respond (CLR_SASL_LOGIN, 2, "user", "pass");
  g_assert_cmpstr (user, ==, "dXNlcg==");
  g_assert_cmpstr (password, ==, "cGFzcw==");
  clr_sasl_wipe (user);
  clr_sasl_wipe (password);
  g_assert_null (clr_sasl_respond (CLR_SASL_LOGIN, 3, "u", "p"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/smtp/address/grammar", test_address);
  g_test_add_func ("/smtp/address/lengths", test_address_lengths);
  g_test_add_func ("/smtp/address/path", test_path);
  g_test_add_func ("/smtp/command/verbs", test_command);
  g_test_add_func ("/smtp/command/parameters", test_mail_parameters);
  g_test_add_func ("/smtp/command/complaints", test_mail_complaints);
  g_test_add_func ("/smtp/reply/read", test_reply_read);
  g_test_add_func ("/smtp/reply/garbage", test_reply_garbage);
  g_test_add_func ("/smtp/reply/bounds", test_reply_bounds);
  g_test_add_func ("/smtp/reply/write", test_reply_write);
  g_test_add_func ("/smtp/sasl", test_sasl);
  return g_test_run ();
}
