/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The client machine: transactions.
 */
#include "smtp-client-rig.h"

#define CONTENT "S: x\r\n\r\n..dot\r\n.\r\n"
static const char *const two[] = { "a@example.net", "b@example.net", NULL };

static void
send_content (Rig *rig)
{
  g_assert_true (rig->wants_content);
  clr_smtp_client_send_content (rig->client, (const uint8_t *)"S: x\r\n\r\n.dot\r\n", 14);
  clr_smtp_client_end_content (rig->client);
}

static void
test_one_by_one (void)
{
  Rig rig = { 0 };

  rig_begin (&rig);
  greet (&rig, "250-mx\r\n250-SIZE 1000\r\n250 8BITMIME\r\n");
  g_assert_cmpuint (clr_smtp_client_get_offers (rig.client)->max_size, ==, 1000);
  g_assert_true (clr_smtp_client_get_offers (rig.client)->offers & CLR_OFFER_8BITMIME);
  begin_to (&rig, "s@example.com", two);
  exchange (&rig, "", "MAIL FROM:<s@example.com> SIZE=100\r\n");
  exchange (&rig, "250 ok\r\n", "RCPT TO:<a@example.net>\r\n");
  exchange (&rig, "250 ok\r\n", "RCPT TO:<b@example.net>\r\n");
  exchange (&rig, "550 5.1.1 no\r\n", "DATA\r\n");
  expect_told (&rig, "1 RCPT 550;");
  exchange (&rig, "354 go\r\n", "");
  send_content (&rig);
  exchange (&rig, "", CONTENT);
  exchange (&rig, "250 2.0.0 queued\r\n", "");
  expect_told (&rig, "0 end of data 250;");
  g_assert_cmpuint (rig.ready, ==, 2);
  clr_smtp_client_quit (rig.client);
  exchange (&rig, "", "QUIT\r\n");
  exchange (&rig, "221 bye\r\n", "");
  expect_told (&rig, "failed QUIT 221;");
  rig_end (&rig);
}

static void
test_pipelining (void)
{
  Rig rig = { 0 };

  rig_begin (&rig);
  greet (&rig, "250-mx\r\n250-pipelining\r\n250 SIZE\r\n");
  g_assert_cmpuint (clr_smtp_client_get_offers (rig.client)->max_size, ==, 0);
  begin_to (&rig, "", two);
  exchange (&rig, "",
            "MAIL FROM:<> SIZE=100\r\nRCPT TO:<a@example.net>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n");
  /* All replies in one piece. */
  exchange (&rig, "250 ok\r\n250 ok\r\n550 no\r\n354 go\r\n", "");
  expect_told (&rig, "1 RCPT 550;");
  send_content (&rig);
  exchange (&rig, "", CONTENT);
  exchange (&rig, "450 4.3.0 later\r\n", "");
  expect_told (&rig, "0 end of data 450;");
  g_assert_cmpuint (rig.ready, ==, 2);
  rig_end (&rig);
}

static void
test_pipelining_all_refused (void)
{
  Rig rig = { 0 };

  rig_begin (&rig);
  greet (&rig, "250-mx\r\n250 PIPELINING\r\n");
  begin_to (&rig, "s@example.com", two);
  g_free (clr_test_take_buffer (&rig.output));
  exchange (&rig, "250 ok\r\n550 no\r\n451 later\r\n503 no recipients\r\n", "");
  expect_told (&rig, "0 RCPT 550;1 RCPT 451;");
  g_assert_false (rig.wants_content);
  g_assert_cmpuint (rig.ready, ==, 2);
  /* The peer still holds a sender. */
  begin_to (&rig, "s@example.com", one);
  exchange (&rig, "", "RSET\r\nMAIL FROM:<s@example.com>\r\nRCPT TO:<a@example.net>\r\nDATA\r\n");
  exchange (&rig, "250 reset\r\n250 ok\r\n250 ok\r\n354 go\r\n", "");
  send_content (&rig);
  exchange (&rig, "", CONTENT);
  exchange (&rig, "250 ok\r\n", "");
  expect_told (&rig, "0 end of data 250;");
  rig_end (&rig);
}

/* RFC 2920 section 3.1: DATA was accepted though no recipient was; an empty message ends it, nobody gets it.
 */
static void
test_pipelining_data_without_recipients (void)
{
  Rig rig = { 0 };

  rig_begin (&rig);
  greet (&rig, "250-mx\r\n250 PIPELINING\r\n");
  begin_to (&rig, "s@example.com", two);
  g_free (clr_test_take_buffer (&rig.output));
  exchange (&rig, "250 ok\r\n550 no\r\n550 no\r\n354 go\r\n", ".\r\n");
  g_assert_false (rig.wants_content);
  exchange (&rig, "554 no valid recipients\r\n", "");
  expect_told (&rig, "0 RCPT 550;1 RCPT 550;");
  g_assert_cmpuint (rig.ready, ==, 2);
  rig_end (&rig);
}

static void
test_mail_refused (void)
{
  for (int pipelining = 0; pipelining < 2; pipelining++)
    {
      Rig rig = { 0 };

      rig_begin (&rig);
      greet (&rig, pipelining ? "250-mx\r\n250 PIPELINING\r\n" : "250 mx\r\n");
      begin_to (&rig, "s@example.com", two);
      g_free (clr_test_take_buffer (&rig.output));
      /* The others' refusals say only that there is no sender: the first one is the reason. */
      exchange (&rig,
                pipelining ? "550 5.7.1 not you\r\n503 a\r\n503 b\r\n503 c\r\n" : "550 5.7.1 not you\r\n",
                "");
      expect_told (&rig, "0 MAIL 550;1 MAIL 550;");
      g_assert_cmpuint (rig.ready, ==, 2);
      rig_end (&rig);
    }
}

static void
test_all_refused_one_by_one (void)
{
  Rig rig = { 0 };

  rig_begin (&rig);
  greet (&rig, "250 mx\r\n");
  begin_to (&rig, "s@example.com", one);
  exchange (&rig, "", "MAIL FROM:<s@example.com>\r\n");
  exchange (&rig, "250 ok\r\n", "RCPT TO:<a@example.net>\r\n");
  exchange (&rig, "550 no\r\n", ""); /* DATA is not worth saying */
  expect_told (&rig, "0 RCPT 550;");
  g_assert_cmpuint (rig.ready, ==, 2);
  begin_to (&rig, "t@example.com", one);
  exchange (&rig, "", "RSET\r\n");
  exchange (&rig, "250 ok\r\n", "MAIL FROM:<t@example.com>\r\n");
  rig_end (&rig);
}

static void
test_data_refused (void)
{
  Rig rig = { 0 };

  rig_begin (&rig);
  greet (&rig, "250-mx\r\n250 PIPELINING\r\n");
  begin_to (&rig, "s@example.com", two);
  g_free (clr_test_take_buffer (&rig.output));
  exchange (&rig, "250 ok\r\n250 ok\r\n250 ok\r\n452 4.3.1 full\r\n", "");
  expect_told (&rig, "0 DATA 452;1 DATA 452;");
  begin_to (&rig, "s@example.com", one);
  exchange (&rig, "", "RSET\r\nMAIL FROM:<s@example.com>\r\nRCPT TO:<a@example.net>\r\nDATA\r\n");
  rig_end (&rig);
}

/* A 250 to DATA, or a 354 to anything else: who does so is out of step, and nothing has been delivered. */
static void
test_out_of_step (void)
{
  static const struct
  {
    const char *replies;
    const char *told;
  } cases[] = {
    { "250 ok\r\n250 ok\r\n550 no\r\n250 taken\r\n", "1 RCPT 550;failed DATA 0;" },
    { "250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n", "failed RCPT 0;" },
    { "354 go\r\n250 ok\r\n250 ok\r\n354 go\r\n", "failed MAIL 0;" },
    { "250 ok\r\n250 ok\r\n250 ok\r\n334 go\r\n", "failed DATA 0;" },
    /* It would take the empty message that ends a DATA without recipients to these. */
    { "451 no\r\n250 ok\r\n250 ok\r\n354 go\r\n", "0 MAIL 451;1 MAIL 451;failed DATA 0;" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Rig rig = { 0 };

      rig_begin (&rig);
      greet (&rig, "250-mx\r\n250 PIPELINING\r\n");
      begin_to (&rig, "s@example.com", two);
      g_free (clr_test_take_buffer (&rig.output));
      clr_smtp_client_feed (rig.client, (const uint8_t *)cases[i].replies, strlen (cases[i].replies));
      expect_told (&rig, cases[i].told);
      rig_end (&rig);
    }
}

/* Three messages on one connection, no RSET where the former went through. */
static void
test_many_transactions (void)
{
  Rig rig = { 0 };

  rig_begin (&rig);
  greet (&rig, "250-mx\r\n250 PIPELINING\r\n");
  for (unsigned i = 0; i < 3; i++)
    {
      begin_to (&rig, "s@example.com", one);
      exchange (&rig, "", "MAIL FROM:<s@example.com>\r\nRCPT TO:<a@example.net>\r\nDATA\r\n");
      exchange (&rig, "250 ok\r\n250 ok\r\n354 go\r\n", "");
      send_content (&rig);
      exchange (&rig, "", CONTENT);
      exchange (&rig, "250 ok\r\n", "");
      expect_told (&rig, "0 end of data 250;");
      g_assert_cmpuint (rig.ready, ==, i + 2);
    }
  rig_end (&rig);
}

static void
test_farewell (void)
{
  static const struct
  {
    const char *words; /* after the whole plan went out */
    const char *told;
  } cases[] = {
    { "421 bye\r\n", "failed MAIL 421;" },
    { "250 ok\r\n250 ok\r\n421 bye\r\n250 more\r\n", "failed RCPT 421;" },
    { "250 ok\r\n550 no\r\n250 ok\r\n421 4.3.2 bye\r\n", "0 RCPT 550;failed DATA 421;" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Rig rig = { 0 };

      rig_begin (&rig);
      greet (&rig, "250-mx\r\n250 PIPELINING\r\n");
      begin_to (&rig, "s@example.com", two);
      g_free (clr_test_take_buffer (&rig.output));
      exchange (&rig, cases[i].words, "");
      expect_told (&rig, cases[i].told);
      g_assert_cmpint (clr_smtp_client_get_phase (rig.client), ==, CLR_PHASE_OVER);
      rig_end (&rig);
    }
}

/* 421 to the content is an answer about the message, and an end of the connection. */
static void
test_farewell_after_content (void)
{
  Rig rig = { 0 };

  rig_begin (&rig);
  greet (&rig, "250 mx\r\n");
  begin_to (&rig, "s@example.com", one);
  g_free (clr_test_take_buffer (&rig.output));
  clr_smtp_client_feed (rig.client, (const uint8_t *)"250 ok\r\n", 8);
  clr_smtp_client_feed (rig.client, (const uint8_t *)"250 ok\r\n", 8);
  clr_smtp_client_feed (rig.client, (const uint8_t *)"354 ok\r\n", 8);
  send_content (&rig);
  clr_smtp_client_feed (rig.client, (const uint8_t *)"421 bye\r\n", 9);
  expect_told (&rig, "0 end of data 421;failed end of data 421;");
  rig_end (&rig);
}

/* RFC 3461 section 5.2.1: what the client asked for goes on, to a peer that knows it. */
static void
test_dsn (void)
{
  static const char *const odd[] = { "a+b=c@example.net", NULL };
  static const char *const utf8[] = { "gr\xc3\xbc\xc3\x9f@example.net", NULL };
  ClrSmtpTransaction transaction = { .sender = "s@example.com",
                                     .ret = CLR_DSN_RET_HEADERS,
                                     .envid = "QQ+2B1",
                                     .n_recipients = 1,
                                     .get_recipient = get_recipient };
  Rig rig = { .recipients = odd, .notify = CLR_NOTIFY_SUCCESS | CLR_NOTIFY_DELAY };

  rig_begin (&rig);
  greet (&rig, "250-mx\r\n250-DSN\r\n250 PIPELINING\r\n");
  clr_smtp_client_begin (rig.client, &transaction);
  exchange (
      &rig, "",
      "MAIL FROM:<s@example.com> RET=HDRS ENVID=QQ+2B1\r\n"
      "RCPT TO:<a+b=c@example.net> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb+3Dc@example.net\r\nDATA\r\n");
  exchange (&rig, "250 ok\r\n550 no\r\n503 no\r\n", "");

  rig.notify = CLR_NOTIFY_NEVER;
  rig.orcpt = "rfc822;x@example.org";
  transaction.ret = CLR_DSN_RET_FULL;
  transaction.envid = NULL;
  clr_smtp_client_begin (rig.client, &transaction);
  exchange (&rig, "",
            "RSET\r\nMAIL FROM:<s@example.com> RET=FULL\r\n"
            "RCPT TO:<a+b=c@example.net> NOTIFY=NEVER ORCPT=rfc822;x@example.org\r\nDATA\r\n");
  exchange (&rig, "250 ok\r\n250 ok\r\n550 no\r\n503 no\r\n", "");

  /* RFC 6533 section 3 */
  rig.notify = 0;
  rig.orcpt = NULL;
  rig.recipients = utf8;
  clr_smtp_client_begin (rig.client, &transaction);
  exchange (&rig, "",
            "RSET\r\nMAIL FROM:<s@example.com> RET=FULL\r\n"
            "RCPT TO:<gr\xc3\xbc\xc3\x9f@example.net> ORCPT=utf-8;gr\\x{FC}\\x{DF}@example.net\r\nDATA\r\n");
  exchange (&rig, "250 ok\r\n250 ok\r\n550 no\r\n503 no\r\n", "");

  rig.orcpt = "utf-8;\xc3\xbc@example.org";
  clr_smtp_client_begin (rig.client, &transaction);
  g_autofree char *said = clr_test_take_buffer (&rig.output);
  g_assert_nonnull (strstr (said, " ORCPT=utf-8;\\x{FC}@example.org\r\n"));
  rig_end (&rig);
}

/* A peer that does not know DSN and SMTPUTF8 hears nothing of them. */
static void
test_parameters_not_offered (void)
{
  ClrSmtpTransaction transaction = { .sender = "s@example.com",
                                     .ret = CLR_DSN_RET_HEADERS,
                                     .envid = "QQ",
                                     .smtputf8 = TRUE,
                                     .eight_bit = TRUE,
                                     .n_recipients = 1,
                                     .get_recipient = get_recipient };
  Rig rig = { .recipients = one, .notify = CLR_NOTIFY_NEVER };

  rig_begin (&rig);
  greet (&rig, "250 mx\r\n");
  clr_smtp_client_begin (rig.client, &transaction);
  exchange (&rig, "", "MAIL FROM:<s@example.com>\r\n");
  exchange (&rig, "250 ok\r\n", "RCPT TO:<a@example.net>\r\n");
  rig_end (&rig);

  rig = (Rig){ .recipients = one };
  rig_begin (&rig);
  greet (&rig, "250-mx\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n");
  clr_smtp_client_begin (rig.client, &transaction);
  exchange (&rig, "", "MAIL FROM:<s@example.com> BODY=8BITMIME SMTPUTF8\r\n");
  rig_end (&rig);
}

#define BODY "S: x\r\n\r\n.dot\r\n"

static void
begin_chunk (Rig *rig, const char *const *recipients, gboolean at_hand)
{
  ClrSmtpTransaction transaction = { .sender = "s@example.com",
                                     .size = strlen (BODY),
                                     .exact_size = TRUE,
                                     .at_hand = at_hand,
                                     .n_recipients = g_strv_length ((char **)recipients),
                                     .get_recipient = get_recipient };

  rig->recipients = recipients;
  rig->content = BODY;
  clr_smtp_client_begin (rig->client, &transaction);
}

/* RFC 3030 section 4.2 and RFC 2920: envelope and content in one flight; dots are not doubled. */
static void
test_chunk_in_flight (void)
{
  Rig rig = { 0 };

  rig_begin (&rig);
  greet (&rig, "250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
  begin_chunk (&rig, two, TRUE);
  exchange (&rig, "",
            "MAIL FROM:<s@example.com>\r\nRCPT TO:<a@example.net>\r\nRCPT TO:<b@example.net>\r\n"
            "BDAT 14 LAST\r\n" BODY);
  g_assert_cmpint (clr_smtp_client_get_phase (rig.client), ==, CLR_PHASE_MAIL);
  exchange (&rig, "250 ok\r\n250 ok\r\n", "");
  g_assert_cmpint (clr_smtp_client_get_phase (rig.client), ==, CLR_PHASE_RCPT);
  exchange (&rig, "550 5.1.1 no\r\n", "");
  expect_told (&rig, "1 RCPT 550;");
  g_assert_cmpint (clr_smtp_client_get_phase (rig.client), ==, CLR_PHASE_DOT);
  exchange (&rig, "250 2.0.0 queued\r\n", "");
  expect_told (&rig, "0 end of data 250;");
  g_assert_cmpuint (rig.ready, ==, 2);

  /* All refused: the chunk is refused too, and what MAIL began is forgotten first. */
  begin_chunk (&rig, one, TRUE);
  exchange (&rig, "", "MAIL FROM:<s@example.com>\r\nRCPT TO:<a@example.net>\r\nBDAT 14 LAST\r\n" BODY);
  exchange (&rig, "250 ok\r\n550 no\r\n503 5.5.1 no recipients\r\n", "");
  expect_told (&rig, "0 RCPT 550;");
  begin_chunk (&rig, one, TRUE);
  exchange (&rig, "",
            "RSET\r\nMAIL FROM:<s@example.com>\r\nRCPT TO:<a@example.net>\r\nBDAT 14 LAST\r\n" BODY);
  /* The sender refused: nothing is open, nothing to forget. */
  exchange (&rig, "250 ok\r\n550 no\r\n503 no\r\n503 no\r\n", "");
  expect_told (&rig, "0 MAIL 550;");
  begin_chunk (&rig, one, TRUE);
  exchange (&rig, "", "MAIL FROM:<s@example.com>\r\nRCPT TO:<a@example.net>\r\nBDAT 14 LAST\r\n" BODY);
  /* The content refused: RFC 3030 section 2 wants a RSET. */
  exchange (&rig, "250 ok\r\n250 ok\r\n451 later\r\n", "");
  expect_told (&rig, "0 end of data 451;");
  begin_chunk (&rig, one, TRUE);
  g_autofree char *said = clr_test_take_buffer (&rig.output);
  g_assert_true (g_str_has_prefix (said, "RSET\r\nMAIL"));
  exchange (&rig, "250 ok\r\n250 ok\r\n250 ok\r\n421 going\r\n", "");
  expect_told (&rig, "0 end of data 421;failed end of data 421;");
  rig_end (&rig);
}

/* A large content waits for the recipients. */
static void
test_chunk_behind_recipients (void)
{
  static const char *const offers[]
      = { "250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n", "250-mx\r\n250 CHUNKING\r\n" };

  for (unsigned i = 0; i < 2; i++)
    {
      Rig rig = { 0 };
      const char *mail = "MAIL FROM:<s@example.com>\r\n", *rcpt = "RCPT TO:<a@example.net>\r\n";
      g_autofree char *both = g_strconcat (mail, rcpt, NULL);
      g_autofree char *after_reset = g_strconcat ("RSET\r\n", both, NULL);

      rig_begin (&rig);
      greet (&rig, offers[i]);
      begin_chunk (&rig, one, i == 1); /* at hand is not enough without PIPELINING */
      exchange (&rig, "", i == 0 ? both : mail);
      exchange (&rig, "250 ok\r\n", i == 0 ? "" : rcpt);
      exchange (&rig, "250 ok\r\n", "BDAT 14 LAST\r\n" BODY);
      g_assert_cmpint (clr_smtp_client_get_phase (rig.client), ==, CLR_PHASE_DOT);
      exchange (&rig, "250 queued\r\n", "");
      expect_told (&rig, "0 end of data 250;");

      begin_chunk (&rig, one, i == 1);
      exchange (&rig, "", i == 0 ? both : mail);
      exchange (&rig, "250 ok\r\n", i == 0 ? "" : rcpt);
      exchange (&rig, "550 no\r\n", "");
      expect_told (&rig, "0 RCPT 550;");
      g_assert_cmpuint (rig.ready, ==, 3);

      begin_chunk (&rig, one, i == 1);
      exchange (&rig, "", i == 0 ? after_reset : "RSET\r\n");
      exchange (&rig, "250 ok\r\n", i == 0 ? "" : mail);
      exchange (&rig, i == 0 ? "550 no\r\n503 no\r\n" : "550 no\r\n", "");
      expect_told (&rig, "0 MAIL 550;");
      g_assert_cmpuint (rig.ready, ==, 4);
      rig_end (&rig);
    }
}

/* What is there and what was promised differ: the peer must not get a whole message. */
static void
test_chunk_of_wrong_size (void)
{
  Rig rig = { 0 };

  rig_begin (&rig);
  greet (&rig, "250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
  begin_chunk (&rig, one, FALSE);
  rig.content = "S: x\r\n";
  exchange (&rig, "250 ok\r\n250 ok\r\n",
            "MAIL FROM:<s@example.com>\r\nRCPT TO:<a@example.net>\r\nBDAT 14 LAST\r\nS: x\r\n");
  expect_told (&rig, "failed content 0;");
  rig_end (&rig);
}

static void
test_phases (void)
{
  for (ClrPhase phase = 0; phase <= CLR_PHASE_OVER; phase++)
    {
      g_assert_nonnull (clr_phase_get_name (phase));
      g_assert_cmpuint (clr_phase_get_wait (phase), <, CLR_N_WAITS);
    }
  g_assert_cmpuint (clr_phase_get_wait (CLR_PHASE_DOT), ==, CLR_WAIT_FINAL);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/smtp/client/one-by-one", test_one_by_one);
  g_test_add_func ("/smtp/client/pipelining", test_pipelining);
  g_test_add_func ("/smtp/client/pipelining-all-refused", test_pipelining_all_refused);
  g_test_add_func ("/smtp/client/pipelining-data-without-recipients",
                   test_pipelining_data_without_recipients);
  g_test_add_func ("/smtp/client/mail-refused", test_mail_refused);
  g_test_add_func ("/smtp/client/all-refused-one-by-one", test_all_refused_one_by_one);
  g_test_add_func ("/smtp/client/data-refused", test_data_refused);
  g_test_add_func ("/smtp/client/out-of-step", test_out_of_step);
  g_test_add_func ("/smtp/client/many-transactions", test_many_transactions);
  g_test_add_func ("/smtp/client/farewell", test_farewell);
  g_test_add_func ("/smtp/client/farewell-after-content", test_farewell_after_content);
  g_test_add_func ("/smtp/client/dsn", test_dsn);
  g_test_add_func ("/smtp/client/parameters-not-offered", test_parameters_not_offered);
  g_test_add_func ("/smtp/client/chunk/in-flight", test_chunk_in_flight);
  g_test_add_func ("/smtp/client/chunk/behind-recipients", test_chunk_behind_recipients);
  g_test_add_func ("/smtp/client/chunk/of-wrong-size", test_chunk_of_wrong_size);
  g_test_add_func ("/smtp/client/phases", test_phases);
  return g_test_run ();
}
