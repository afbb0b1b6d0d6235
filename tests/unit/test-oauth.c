/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clr-token.h"
#include "delivery/clr-pace.h"
#include "delivery/clr-token-box.h"
#include "oauth/clr-assertion.h"
#include "oauth/clr-token-answer.h"

#include <string.h>

static void
read_text (ClrTokenAnswer *answer, unsigned status, const char *text)
{
  clr_token_answer_read (answer, status, text, strlen (text));
}

static void
test_good (void)
{
  static const struct
  {
    const char *text;
    unsigned expires_s;
    const char *refresh;
  } cases[] = {
    { "{\"access_token\":\"a.b-c_d~e+f/g==\",\"token_type\":\"Bearer\",\"expires_in\":3599}", 3599, NULL },
    { "{\"access_token\":\"x\",\"token_type\":\"bearer\",\"expires_in\":\"60\",\"refresh_token\":\"r\"}", 60,
      "r" },
    { "{\"access_token\":\"x\"}", 3600, NULL },
    { "{\"access_token\":\"x\",\"expires_in\":-5}", 1, NULL },
    { "{\"access_token\":\"x\",\"expires_in\":1e300}", 30 * 86400, NULL },
    { "{\"access_token\":\"x\",\"expires_in\":[1]}", 3600, NULL },
    { "{\"access_token\":\"x\",\"expires_in\":\"soon\"}", 1, NULL },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      ClrTokenAnswer answer;

      read_text (&answer, 200, cases[i].text);
      g_assert_cmpint (answer.verdict, ==, CLR_OAUTH_GOOD);
      g_assert_cmpuint (answer.expires_s, ==, cases[i].expires_s);
      g_assert_cmpstr (answer.refresh_token, ==, cases[i].refresh);
      clr_token_answer_clear (&answer);
    }
}

static void
test_errors (void)
{
  static const struct
  {
    unsigned status;
    const char *text;
    ClrOauthVerdict verdict;
    const char *advice; /* a part of it; NULL: none */
  } cases[] = {
    { 400, "{\"error\":\"invalid_grant\"}", CLR_OAUTH_LOGIN, "log in again" },
    { 400, "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS700082: expired\"}", CLR_OAUTH_LOGIN,
      "log in" },
    { 400, "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS65001: no consent\"}",
      CLR_OAUTH_SETTINGS, "consent is missing" },
    { 400, "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS53003: blocked\"}", CLR_OAUTH_SETTINGS,
      "Conditional Access" },
    { 401, "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000222: x\"}", CLR_OAUTH_SETTINGS,
      "expired" },
    { 401, "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: x\"}", CLR_OAUTH_SETTINGS,
      "its value" },
    { 401, "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS70002151: x\"}", CLR_OAUTH_SETTINGS,
      "id, secret or certificate" },
    { 400, "{\"error\":\"authorization_pending\"}", CLR_OAUTH_PENDING, NULL },
    { 400, "{\"error\":\"slow_down\"}", CLR_OAUTH_SLOW_DOWN, NULL },
    { 400, "{\"error\":\"expired_token\"}", CLR_OAUTH_LOGIN, "begin again" },
    { 403, "{\"error\":\"admin_policy_enforced\"}", CLR_OAUTH_SETTINGS, "Admin console" },
    { 400, "{\"error\":\"something_new\"}", CLR_OAUTH_SETTINGS, NULL },
    { 503, "{\"error\":\"invalid_grant\"}", CLR_OAUTH_TEMPORARY, NULL },
    { 429, "{\"error\":\"invalid_request\"}", CLR_OAUTH_TEMPORARY, NULL },
    { 400, "{\"error\":\"temporarily_unavailable\"}", CLR_OAUTH_TEMPORARY, NULL },
    { 500, "<html>", CLR_OAUTH_TEMPORARY, NULL },
    { 200, "", CLR_OAUTH_TEMPORARY, NULL },
    { 200, "[]", CLR_OAUTH_TEMPORARY, NULL },
    { 400, "{\"access_token\":\"x\"}", CLR_OAUTH_TEMPORARY, NULL },
    { 200, "{\"access_token\":\"x y\"}", CLR_OAUTH_TEMPORARY, NULL },
    { 200, "{\"access_token\":\"x\\u0001y\"}", CLR_OAUTH_TEMPORARY, NULL },
    { 200, "{\"access_token\":\"x\\u0000y\"}", CLR_OAUTH_TEMPORARY, NULL },
    { 200, "{\"access_token\":\"\303\244\"}", CLR_OAUTH_TEMPORARY, NULL },
    { 200, "{\"access_token\":\"x\",\"refresh_token\":\"\"}", CLR_OAUTH_TEMPORARY, NULL },
    { 200, "{\"access_token\":\"x\",\"token_type\":\"mac\"}", CLR_OAUTH_TEMPORARY, NULL },
    { 200, "{\"error\":\"invalid_grant\",\"access_token\":\"x\"}", CLR_OAUTH_LOGIN, "log in again" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      ClrTokenAnswer answer;

      read_text (&answer, cases[i].status, cases[i].text);
      g_assert_cmpint (answer.verdict, ==, cases[i].verdict);
      g_assert_null (answer.access_token);
      g_assert_nonnull (answer.error);
      g_assert_true (cases[i].advice ? strstr (answer.advice, cases[i].advice) != NULL
                                     : answer.advice == NULL);
      clr_token_answer_clear (&answer);
    }
}

static void
test_words_are_fit (void)
{
  ClrTokenAnswer answer;

  read_text (&answer, 400, "{\"error\":\"a\\nb\\u001b[31m\\u0085\"}");
  g_assert_null (strpbrk (answer.error, "\n\033"));
  clr_token_answer_clear (&answer);
  g_autofree char *long_word = g_strnfill (5000, 'x');
  g_autofree char *text = g_strdup_printf ("{\"error\":\"%s\"}", long_word);
  read_text (&answer, 400, text);
  g_assert_cmpuint (strlen (answer.error), <=, 600);
  clr_token_answer_clear (&answer);
}

static void
test_device (void)
{
  static const char good[]
      = "{\"device_code\":\"d\",\"user_code\":\"AB\\nCD\",\"verification_url\":\"https://x.example/\","
        "\"expires_in\":1800,\"interval\":0}",
      bare[] = "{\"device_code\":\"d\",\"verification_uri\":\"https://x.example/\"}",
      refused[] = "{\"error\":\"invalid_client\"}";
  ClrDeviceAnswer device;
  ClrTokenAnswer answer;

  g_assert_true (clr_device_answer_read (&device, &answer, 200, good, strlen (good)));
  g_assert_cmpstr (device.user_code, ==, "AB CD");
  g_assert_cmpuint (device.expires_s, ==, 1800);
  g_assert_cmpuint (device.interval_s, ==, 1);
  clr_device_answer_clear (&device);
  g_assert_false (clr_device_answer_read (&device, &answer, 200, bare, strlen (bare)));
  g_assert_nonnull (answer.error);
  clr_token_answer_clear (&answer);
  g_assert_false (clr_device_answer_read (&device, &answer, 401, refused, strlen (refused)));
  g_assert_cmpint (answer.verdict, ==, CLR_OAUTH_SETTINGS);
  clr_token_answer_clear (&answer);
}

static void
test_base64url (void)
{
  /* RFC 7515 appendix C */
  static const uint8_t bytes[] = { 3, 236, 255, 224, 193 };
  g_autofree char *text = clr_base64url (bytes, sizeof bytes), *none = clr_base64url ("", 0);

  g_assert_cmpstr (text, ==, "A-z_4ME");
  g_assert_cmpstr (none, ==, "");
}

static void
test_pace (void)
{
  const int64_t second = G_USEC_PER_SEC;
  ClrPace pace, none;

  clr_pace_init (&pace, 3);
  clr_pace_init (&none, 0);
  clr_pace_note (&none, 100, 0);
  g_assert_cmpint (clr_pace_get_next (&none, 5), ==, 5);
  g_assert_cmpint (clr_pace_get_next (&pace, 0), ==, 0);
  clr_pace_note (&pace, 2, 0);
  clr_pace_note (&pace, 1, 10 * second);
  g_assert_cmpint (clr_pace_get_next (&pace, 11 * second), ==, 60 * second);
  clr_pace_note (&pace, 1, 60 * second);
  g_assert_cmpint (clr_pace_get_next (&pace, 60 * second), ==, 60 * second);
  clr_pace_note (&pace, 1, 60 * second);
  g_assert_cmpint (clr_pace_get_next (&pace, 60 * second), ==, 70 * second);
  clr_pace_note (&pace, 1000, 70 * second); /* more at once than a minute may have: a minute's pause */
  g_assert_cmpint (clr_pace_get_next (&pace, 71 * second), ==, 130 * second);
  clr_pace_clear (&pace);
  clr_pace_clear (&none);
}

static void
test_token_box (void)
{
  ClrTokenBox *box = clr_token_box_new ();
  ClrToken *found;

  g_assert_cmpint (clr_token_box_look (box, "a", 0, &found), ==, CLR_TOKEN_AWAITED);
  clr_token_box_put (box, clr_token_new ("a", CLR_TOKEN_GOOD, 1, "t", 100, NULL));
  g_assert_cmpint (clr_token_box_look (box, "a", 99, &found), ==, CLR_TOKEN_GOOD);
  g_assert_cmpint (clr_token_box_look (box, "b", 99, &found), ==, CLR_TOKEN_AWAITED);
  g_assert_cmpint (clr_token_box_look (box, "a", 100, &found), ==, CLR_TOKEN_AWAITED);
  g_autoptr (ClrToken) first = clr_token_ref (found);
  clr_token_box_put (box, clr_token_new ("a", CLR_TOKEN_GOOD, 2, "u", 200, NULL));
  clr_token_box_refuse (box, first); /* a former one: says nothing of this */
  g_assert_cmpint (clr_token_box_look (box, "a", 0, &found), ==, CLR_TOKEN_GOOD);
  g_autoptr (ClrToken) second = clr_token_ref (found);
  clr_token_box_refuse (box, second);
  g_assert_cmpint (clr_token_box_look (box, "a", 0, &found), ==, CLR_TOKEN_AWAITED);
  clr_token_box_put (box, clr_token_new ("a", CLR_TOKEN_DEAD, 2, NULL, 0, "why"));
  g_assert_cmpint (clr_token_box_look (box, "a", 0, &found), ==, CLR_TOKEN_DEAD);
  g_assert_cmpstr (found->why, ==, "why");
  clr_token_box_free (box);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/oauth/answer/good", test_good);
  g_test_add_func ("/oauth/answer/errors", test_errors);
  g_test_add_func ("/oauth/answer/words-are-fit", test_words_are_fit);
  g_test_add_func ("/oauth/answer/device", test_device);
  g_test_add_func ("/oauth/base64url", test_base64url);
  g_test_add_func ("/delivery/pace", test_pace);
  g_test_add_func ("/delivery/token-box", test_token_box);
  return g_test_run ();
}
