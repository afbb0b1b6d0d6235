/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Authentication-Results, RFC 8601: reading, forged ones, writing what is read again.
 */
#include "auth/clr-authres.h"

#include <string.h>

/* "id; method=result reason type.property=value ..." */
static char *
show (const char *value)
{
  const char *problem = NULL;
  g_autoptr (ClrAuthres) authres = clr_authres_parse (value, strlen (value), &problem);
  GString *text;

  if (authres == NULL)
    {
      g_assert_nonnull (problem);
      return NULL;
    }
  text = g_string_new (authres->id);
  for (unsigned i = 0; i < authres->results->len; i++)
    {
      ClrAuthresResult *result = g_ptr_array_index (authres->results, i);

      g_string_append_printf (text, "; %s=%s", result->method, result->result);
      if (result->reason)
        g_string_append_printf (text, " “%s”", result->reason);
      for (unsigned k = 0; k < result->properties->len; k++)
        {
          ClrAuthresProperty *property = g_ptr_array_index (result->properties, k);
          g_string_append_printf (text, " %s.%s=%s", property->type, property->property, property->value);
        }
    }
  return g_string_free (text, FALSE);
}

static void
test_reading (void)
{
  static const struct
  {
    const char *value, *shown;
  } rows[] = {
    { "mx.example.com; none", "mx.example.com" },
    { " (c) mx.example.com (a (b)) 1 (d) ; (e) none (f)\r\n", "mx.example.com" },
    { "\"mx example\"; spf=pass", "mx example; spf=pass" },
    { "a.example; spf = pass (ok; really) smtp . mailfrom = b@c.example",
      "a.example; spf=pass smtp.mailfrom=b@c.example" },
    { "a.example;dkim=pass reason=\"good; \\\"yes\\\"\" header.d=c.example header.b=\"ab/c=\"",
      "a.example; dkim=pass “good; \"yes\"” header.d=c.example header.b=ab/c=" },
    { "a.example;\r\n\tdkim/1=fail\r\n\theader.i=@c.example;\r\n dmarc=none",
      "a.example; dkim=fail header.i=@c.example; dmarc=none" },
    { "a.example; spf=pass smtp.mailfrom=\"b c\"@d.example",
      "a.example; spf=pass smtp.mailfrom=\"b c\"@d.example" },
    { "a.example; spf=pass;", "a.example; spf=pass" },
    { "a.example; iprev=pass policy.iprev=192.0.2.1", "a.example; iprev=pass policy.iprev=192.0.2.1" },
    { "", NULL },
    { "a.example", NULL },
    { "\"\"; spf=pass", NULL },
    { "a.example;", NULL },
    { "a.example; spf", NULL },
    { "a.example; spf=", NULL },
    { "a.example; =pass", NULL },
    { "a.example; spf=pass smtp.=x", NULL },
    { "a.example; spf=pass smtp.mailfrom", NULL },
    { "a.example x; spf=pass", NULL },
    { "a.example; spf=pass reason=\"open", NULL },
    { "spf=pass smtp.mailfrom=a.example; dkim=none", NULL },
    { "(only a comment", NULL },
    { "a.example; none; spf=pass", NULL },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *shown = show (rows[i].value);

      g_test_message ("%s", rows[i].value);
      g_assert_cmpstr (shown, ==, rows[i].shown);
    }
}

static void
test_forged (void)
{
  static const struct
  {
    const char *field;
    gboolean forged;
  } rows[] = {
    { "Authentication-Results: mx.example.com; spf=pass", TRUE },
    { "authentication-RESULTS : MX.Example.Com; spf=pass", TRUE },
    { "Authentication-Results: (x) \"mx.example.com\" (y) 1; spf=pass", TRUE },
    { "Authentication-Results:\r\n (a;b)\r\n mx.example.com.; none", TRUE },
    { "Authentication-Results: mx.example.com", TRUE },
    { "Authentication-Results: mx.example.com/1; dkim=pass", FALSE },
    { "Authentication-Results:", TRUE },
    { "Authentication-Results: \"\"; spf=pass", TRUE },
    { "Authentication-Results: \"mx.example.com; spf=pass", TRUE },
    { "Authentication-Results: mx2.example.com; spf=pass", FALSE },
    { "Authentication-Results: mx.example.com.evil.example; spf=pass", FALSE },
    { "X-Authentication-Results: mx.example.com; spf=pass", FALSE },
    { "ARC-Authentication-Results: i=1; mx.example.com; spf=pass", FALSE },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      ClrHeaderBlock header;
      g_autofree char *text = g_strconcat (rows[i].field, "\r\n", NULL);

      g_test_message ("%s", rows[i].field);
      clr_header_block_parse (&header, text, strlen (text));
      g_assert_cmpuint (header.n_fields, ==, 1);
      g_assert_cmpint (clr_authres_is_forged (&header.fields[0], "mx.example.com"), ==, rows[i].forged);
      clr_header_block_clear (&header);
    }
}

static void
test_writing (void)
{
  g_autoptr (GString) field = g_string_new (NULL), none = g_string_new (NULL);
  g_autofree char *shown = NULL, *long_value = g_strnfill (600, 'x');

  clr_authres_begin (field, "mx.example.com");
  clr_authres_add_result (field, "spf", "pass", "it (really) is\r\nX-Evil: 1");
  clr_authres_add_property (field, "smtp", "mailfrom", "a@example.com");
  clr_authres_add_property (field, "smtp", "helo", "odd; name=\"x\"\r\n");
  clr_authres_add_result (field, "dkim", "fail", NULL);
  clr_authres_add_property (field, "header", "d", NULL);
  clr_authres_add_property (field, "header", "b", "ab+/cd==");
  clr_authres_add_property (field, "header", "s", long_value);
  clr_authres_end (field);
  g_test_message ("%s", field->str);
  g_assert_true (g_str_has_suffix (field->str, "\r\n"));
  g_assert_null (strstr (field->str, "\nX-Evil"));
  g_auto (GStrv) lines = g_strsplit (field->str, "\r\n", -1);
  for (char **line = lines + 1; **line; line++)
    g_assert_true (**line == ' ' && strlen (*line) < 998);
  shown = show (field->str + strlen ("Authentication-Results:"));
  g_assert_nonnull (shown);
  g_assert_true (g_str_has_prefix (shown, "mx.example.com; spf=pass smtp.mailfrom=a@example.com "
                                          "smtp.helo=odd; name=\"x\"; dkim=fail header.b=ab+/cd=="));

  clr_authres_begin (none, "mx.example.com");
  clr_authres_end (none);
  g_assert_cmpstr (none->str, ==, "Authentication-Results: mx.example.com; none\r\n");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/authres/reading", test_reading);
  g_test_add_func ("/authres/forged", test_forged);
  g_test_add_func ("/authres/writing", test_writing);
  return g_test_run ();
}
