/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The client machine before its first transaction: greeting, offers, TLS, AUTH.
 */
#include "smtp-client-rig.h"

static void
test_greetings (void)
{
  static const struct
  {
    const char *words;
    const char *said;
    const char *told;
  } cases[] = {
    { "554 no\r\n", "", "failed greeting 554;" },
    { "421 busy\r\n", "", "failed greeting 421;" },
    { "hello\r\n", "", "failed greeting 0;" },
    { "220 mx\r\n500 what\r\n250 mx\r\n", "EHLO relay.example.com\r\nHELO relay.example.com\r\n", "" },
    { "220 mx\r\n500 what\r\n500 what\r\n", "EHLO relay.example.com\r\nHELO relay.example.com\r\n",
      "failed EHLO 500;" },
    { "220 mx\r\n421 bye\r\n", "EHLO relay.example.com\r\n", "failed EHLO 421;" },
    { "220 mx\r\n250 mx\r\n421 idle too long\r\n", "EHLO relay.example.com\r\n", "failed idle 421;" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Rig rig = { 0 };

      rig_begin (&rig);
      exchange (&rig, cases[i].words, cases[i].said);
      expect_told (&rig, cases[i].told);
      rig_end (&rig);
    }
}

/* What stands behind the 220 in clear must not be taken for the server's words inside TLS. */
static void
test_starttls_injection (void)
{
  Rig rig = { .config = { .tls = CLR_CLIENT_TLS_MAY } };

  rig_begin (&rig);
  exchange (&rig, "220 mx\r\n", "EHLO relay.example.com\r\n");
  exchange (&rig, "250-mx\r\n250-PIPELINING\r\n250 STARTTLS\r\n", "STARTTLS\r\n");
  exchange (&rig, "220 go\r\n250-evil\r\n250 SIZE 5\r\n250 ok\r\n", "");
  g_assert_true (rig.wants_tls);
  clr_smtp_client_secured (rig.client);
  exchange (&rig, "", "EHLO relay.example.com\r\n");
  g_assert_cmpuint (rig.ready, ==, 0);
  exchange (&rig, "250 mx\r\n", "");
  g_assert_cmpuint (rig.ready, ==, 1);
  g_assert_false (clr_smtp_client_get_offers (rig.client)->offers & CLR_OFFER_SIZE);
  /* What was offered in clear is forgotten. */
  begin_to (&rig, "s@example.com", one);
  exchange (&rig, "", "MAIL FROM:<s@example.com>\r\n");
  rig_end (&rig);
}

static void
test_starttls_rules (void)
{
  Rig required = { .config = { .tls = CLR_CLIENT_TLS_REQUIRED } },
      may = { .config = { .tls = CLR_CLIENT_TLS_MAY } },
      may_refused = { .config = { .tls = CLR_CLIENT_TLS_MAY } },
      refused = { .config = { .tls = CLR_CLIENT_TLS_REQUIRED } };

  rig_begin (&required);
  exchange (&required, "220 mx\r\n250 mx\r\n", "EHLO relay.example.com\r\n");
  g_assert_cmpuint (required.ready, ==, 0);
  g_assert_true (g_str_has_prefix (required.told->str, "failed"));
  rig_end (&required);

  rig_begin (&may);
  exchange (&may, "220 mx\r\n250 mx\r\n", "EHLO relay.example.com\r\n");
  g_assert_cmpuint (may.ready, ==, 1);
  rig_end (&may);

  /* A refusal is no reason to keep back what may go in clear; a farewell is one. */
  rig_begin (&may_refused);
  exchange (&may_refused, "220 mx\r\n", "EHLO relay.example.com\r\n");
  exchange (&may_refused, "250-mx\r\n250 STARTTLS\r\n", "STARTTLS\r\n");
  exchange (&may_refused, "454 not now\r\n", "");
  g_assert_cmpuint (may_refused.ready, ==, 1);
  rig_end (&may_refused);

  rig_begin (&refused);
  exchange (&refused, "220 mx\r\n", "EHLO relay.example.com\r\n");
  exchange (&refused, "250-mx\r\n250 STARTTLS\r\n", "STARTTLS\r\n");
  exchange (&refused, "454 not now\r\n", "");
  expect_told (&refused, "failed STARTTLS 454;");
  rig_end (&refused);
}

static void
test_auth_plain (void)
{
  Rig rig = { .config = { .tls = CLR_CLIENT_TLS_REQUIRED,
                          .login = { .user = "tim", .password = "tanstaaftanstaaf" } } };

  rig_begin (&rig);
  clr_smtp_client_set_secure (rig.client);
  exchange (&rig, "220 mx\r\n", "EHLO relay.example.com\r\n");
  exchange (&rig, "250-mx\r\n250 AUTH LOGIN PLAIN\r\n", "AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\r\n");
  exchange (&rig, "235 2.7.0 welcome\r\n", "");
  g_assert_cmpuint (rig.ready, ==, 1);
  rig_end (&rig);
}

static void
test_auth_login (void)
{
  Rig rig = { .config = { .tls = CLR_CLIENT_TLS_NONE, .login = { .user = "user", .password = "pass" } } };

  rig_begin (&rig);
  exchange (&rig, "220 mx\r\n", "EHLO relay.example.com\r\n");
  exchange (&rig, "250-mx\r\n250 AUTH=LOGIN\r\n", "AUTH LOGIN\r\n"); /* the form of very old servers */
  exchange (&rig, "334 VXNlcm5hbWU6\r\n", "dXNlcg==\r\n");
  exchange (&rig, "334 UGFzc3dvcmQ6\r\n", "cGFzcw==\r\n");
  exchange (&rig, "535 5.7.8 no\r\n", "");
  expect_told (&rig, "failed AUTH 535;");
  rig_end (&rig);
}

/* RFC 7628 section 4.1, but for the port, and section 3.2.3: an error is acknowledged, then refused. */
static void
test_auth_oauthbearer (void)
{
  Rig rig = { .config = { .tls = CLR_CLIENT_TLS_REQUIRED,
                          .login = { .user = "user@example.com",
                                     .token = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==",
                                     .host = "server.example.com",
                                     .port = 143 } } };

  rig_begin (&rig);
  clr_smtp_client_set_secure (rig.client);
  exchange (&rig, "220 mx\r\n", "EHLO relay.example.com\r\n");
  exchange (
      &rig, "250-mx\r\n250 AUTH PLAIN xoauth2 oauthbearer LOGIN\r\n",
      "AUTH OAUTHBEARER "
      "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxb"
      "VRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB\r\n");
  exchange (&rig, "334 eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0=\r\n", "AQ==\r\n");
  exchange (&rig, "535 5.7.8 no\r\n", "");
  expect_told (&rig, "failed AUTH 535;");
  rig_end (&rig);
}

static void
test_auth_xoauth2 (void)
{
  Rig rig = { .config = { .tls = CLR_CLIENT_TLS_REQUIRED,
                          .login = { .user = "someuser@example.com",
                                     .token = "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg" } } },
      names = { .config = { .login = { .user = "a=b,c@example.com", .token = "t" } } };

  rig_begin (&rig);
  clr_smtp_client_set_secure (rig.client);
  exchange (&rig, "220 mx\r\n", "EHLO relay.example.com\r\n");
  exchange (
      &rig, "250-mx\r\n250 AUTH LOGIN XOAUTH2\r\n",
      "AUTH XOAUTH2 "
      "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHR"
      "XVZMjl0Q2cBAQ==\r\n");
  exchange (&rig, "334 eyJzdGF0dXMiOiI0MDEifQ==\r\n", "\r\n"); /* an empty line acknowledges */
  exchange (&rig, "334 more\r\n", "*\r\n");
  exchange (&rig, "535 5.7.3 no\r\n", "");
  expect_told (&rig, "failed AUTH 535;");
  rig_end (&rig);
  rig_begin (&names); /* RFC 5801 section 4; the token is never tried as a password */
  clr_smtp_client_set_secure (names.client);
  exchange (&names, "220 mx\r\n", "EHLO relay.example.com\r\n");
  exchange (&names, "250-mx\r\n250 AUTH OAUTHBEARER\r\n",
            "AUTH OAUTHBEARER bixhPWE9M0RiPTJDY0BleGFtcGxlLmNvbSwBYXV0aD1CZWFyZXIgdAEB\r\n");
  exchange (&names, "235 2.7.0 welcome\r\n", "");
  rig_end (&names);
  Rig plain = { .config = { .login = { .user = "u", .password = "p", .token = "t" } } };
  rig_begin (&plain);
  clr_smtp_client_set_secure (plain.client);
  exchange (&plain, "220 mx\r\n", "EHLO relay.example.com\r\n");
  exchange (&plain, "250-mx\r\n250 AUTH PLAIN LOGIN\r\n", "");
  expect_told (&plain, "failed AUTH 0;");
  rig_end (&plain);
}

static void
test_auth_rules (void)
{
  Rig clear = { .config = { .tls = CLR_CLIENT_TLS_MAY, .login = { .user = "u", .password = "p" } } },
      none = { .config = { .tls = CLR_CLIENT_TLS_NONE, .login = { .user = "u", .password = "p" } } },
      odd = { .config = { .tls = CLR_CLIENT_TLS_NONE, .login = { .user = "u", .password = "p" } } },
      endless = { .config = { .tls = CLR_CLIENT_TLS_NONE, .login = { .user = "u", .password = "p" } } };

  rig_begin (&clear); /* the password does not leave in clear because STARTTLS was taken away on the way */
  exchange (&clear, "220 mx\r\n250-mx\r\n250 AUTH PLAIN\r\n", "EHLO relay.example.com\r\n");
  expect_told (&clear, "failed EHLO 0;");
  rig_end (&clear);
  rig_begin (&none);
  exchange (&none, "220 mx\r\n250 mx\r\n", "EHLO relay.example.com\r\n");
  expect_told (&none, "failed AUTH 0;");
  rig_end (&none);
  rig_begin (&odd);
  exchange (&odd, "220 mx\r\n250-mx\r\n250 AUTH CRAM-MD5\r\n", "EHLO relay.example.com\r\n");
  expect_told (&odd, "failed AUTH 0;");
  rig_end (&odd);
  rig_begin (&endless);
  exchange (&endless, "220 mx\r\n", "EHLO relay.example.com\r\n");
  exchange (&endless, "250-mx\r\n250 AUTH PLAIN\r\n", "AUTH PLAIN AHUAcA==\r\n");
  for (int i = 0; i < 10; i++)
    clr_smtp_client_feed (endless.client, (const uint8_t *)"334 \r\n", 6);
  g_assert_cmpint (clr_smtp_client_get_phase (endless.client), ==, CLR_PHASE_OVER);
  rig_end (&endless);
}

static void
test_limits (void)
{
  Rig rig = { 0 }, login = { .config = { .login = { .user = "tim", .password = "x" } } };
  const ClrOffers *offers;

  rig_begin (&rig);
  greet (&rig, "250-mx\r\n250 LIMITS RCPTMAX=20 rcptdomainmax=1 MAILMAX=5x OTHER=3\r\n");
  offers = clr_smtp_client_get_offers (rig.client);
  g_assert_cmpuint (offers->max_recipients, ==, 20);
  g_assert_cmpuint (offers->max_recipient_domains, ==, 1);
  g_assert_cmpuint (offers->max_messages, ==, 0);
  rig_end (&rig);

  /* RFC 9422 section 3: they may be others behind AUTH. */
  rig_begin (&login);
  exchange (&login, "220 mx\r\n", "EHLO relay.example.com\r\n");
  exchange (&login, "250-mx\r\n250-AUTH PLAIN\r\n250 LIMITS MAILMAX=1\r\n", "AUTH PLAIN AHRpbQB4\r\n");
  exchange (&login, "235 ok\r\n", "EHLO relay.example.com\r\n");
  exchange (&login, "250-mx\r\n250-AUTH PLAIN\r\n250 LIMITS MAILMAX=100\r\n", "");
  g_assert_cmpuint (login.ready, ==, 1);
  g_assert_cmpuint (clr_smtp_client_get_offers (login.client)->max_messages, ==, 100);
  rig_end (&login);
}

/* A server that says far more than is kept: what it offers at the end counts all the same. */
static void
test_wordy_server (void)
{
  static const char *const endings[]
      = { "250-SIZE 4711\r\n250 STARTTLS\r\n", "250-starttls \r\n250 SIZE 4711\r\n" };

  for (unsigned i = 0; i < G_N_ELEMENTS (endings); i++)
    for (unsigned step = 1; step < 3000; step = step * 7 + 3)
      {
        Rig rig = { .config = { .tls = CLR_CLIENT_TLS_REQUIRED } };
        g_autoptr (GString) words = g_string_new ("250-mx STARTTLS\r\n");

        for (unsigned n = 0; n < 50; n++)
          g_string_append_printf (words,
                                  "250-XWORD%u ever so many words, and more of them, and some more\r\n", n);
        g_assert_cmpuint (words->len, >, 3 * CLR_REPLY_TEXT_MAX);
        g_string_append (words, endings[i]);
        rig_begin (&rig);
        exchange (&rig, "220 mx\r\n", "EHLO relay.example.com\r\n");
        for (size_t at = 0; at < words->len; at += step)
          clr_smtp_client_feed (rig.client, (const uint8_t *)words->str + at, MIN (step, words->len - at));
        exchange (&rig, "", "STARTTLS\r\n");
        g_assert_cmpuint (clr_smtp_client_get_offers (rig.client)->max_size, ==, 4711);
        rig_end (&rig);
      }
}

/* The first line is a name, and what a refusal says is no offer. */
static void
test_no_offers (void)
{
  Rig rig = { 0 }, helo = { 0 };

  rig_begin (&rig);
  greet (&rig, "250-PIPELINING\r\n250 SIZE 5\r\n");
  g_assert_cmpint (clr_smtp_client_get_offers (rig.client)->offers, ==, CLR_OFFER_SIZE);
  rig_end (&rig);

  rig_begin (&helo);
  exchange (&helo, "220 mx\r\n", "EHLO relay.example.com\r\n");
  exchange (&helo, "250-mx\r\n250-PIPELINING\r\n502 no\r\n", "HELO relay.example.com\r\n");
  exchange (&helo, "250-mx\r\n250 PIPELINING\r\n", "");
  g_assert_cmpint (clr_smtp_client_get_offers (helo.client)->offers, ==, 0);
  rig_end (&helo);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/smtp/client/greetings", test_greetings);
  g_test_add_func ("/smtp/client/starttls-injection", test_starttls_injection);
  g_test_add_func ("/smtp/client/starttls-rules", test_starttls_rules);
  g_test_add_func ("/smtp/client/auth-plain", test_auth_plain);
  g_test_add_func ("/smtp/client/auth-login", test_auth_login);
  g_test_add_func ("/smtp/client/auth-oauthbearer", test_auth_oauthbearer);
  g_test_add_func ("/smtp/client/auth-xoauth2", test_auth_xoauth2);
  g_test_add_func ("/smtp/client/auth-rules", test_auth_rules);
  g_test_add_func ("/smtp/client/limits", test_limits);
  g_test_add_func ("/smtp/client/wordy-server", test_wordy_server);
  g_test_add_func ("/smtp/client/no-offers", test_no_offers);
  return g_test_run ();
}
