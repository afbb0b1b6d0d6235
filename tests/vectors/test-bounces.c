/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bounces as the world sends them, read by our rules. No reader agrees with another in all of them: the rates
 * are printed, and held by a floor.
 */
#include "clr-test.h"
#include "mail/clr-bounce.h"
#include "vectors.h"

/* What a reason of the public suite says about the address; those of one class are told apart by nobody. */
static const struct
{
  const char *reason;
  ClrBounceClass class;
} classes[] = {
  { "userunknown", CLR_BOUNCE_HARD },       { "hostunknown", CLR_BOUNCE_HARD },
  { "hasmoved", CLR_BOUNCE_HARD },          { "notaccept", CLR_BOUNCE_HARD },
  { "mailboxfull", CLR_BOUNCE_FULL },       { "blocked", CLR_BOUNCE_BLOCK },
  { "badreputation", CLR_BOUNCE_BLOCK },    { "requireptr", CLR_BOUNCE_BLOCK },
  { "expired", CLR_BOUNCE_SOFT },           { "networkerror", CLR_BOUNCE_SOFT },
  { "systemerror", CLR_BOUNCE_SOFT },       { "mailererror", CLR_BOUNCE_SOFT },
  { "toomanyconn", CLR_BOUNCE_SOFT },       { "speeding", CLR_BOUNCE_SOFT },
  { "suspend", CLR_BOUNCE_SOFT },           { "authfailure", CLR_BOUNCE_POLICY },
  { "policyviolation", CLR_BOUNCE_POLICY }, { "securityerror", CLR_BOUNCE_POLICY },
  { "spamdetected", CLR_BOUNCE_POLICY },    { "virusdetected", CLR_BOUNCE_POLICY },
  { "norelaying", CLR_BOUNCE_POLICY },      { "rejected", CLR_BOUNCE_POLICY },
  { "mesgtoobig", CLR_BOUNCE_POLICY },      { "exceedlimit", CLR_BOUNCE_POLICY },
  { "contenterror", CLR_BOUNCE_POLICY },    { "notcompliantrfc", CLR_BOUNCE_POLICY },
};

static struct
{
  unsigned n, parsed, address, status, n_status, hard, class, n_class;
} rates;

static char *
read_message (const char *file, size_t *size)
{
  g_autofree char *path = g_build_filename (VECTORS, "bounces", file, NULL);
  g_autofree char *text = NULL;
  g_autoptr (GString) lines = g_string_new (NULL);
  size_t n;

  g_assert_true (g_file_get_contents (path, &text, &n, NULL));
  for (size_t i = 0; i < n; i++)
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'))
      g_string_append (lines, "\r\n");
    else
      g_string_append_c (lines, text[i]);
  *size = lines->len;
  return g_string_free (g_steal_pointer (&lines), FALSE);
}

static int
find_class (const char *reason)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (classes); i++)
    if (g_str_equal (classes[i].reason, reason))
      return classes[i].class;
  return -1;
}

/* "5.0.911" is the suite's own way of saying that the message names none. */
static gboolean
is_told (const char *status)
{
  const char *detail = strrchr (status, '.');

  return detail && strlen (detail) < 4;
}

static void
check_public (JsonObject *one)
{
  JsonObject *expect = json_array_get_object_element (json_object_get_array_member (one, "expect"), 0);
  const char *reason = clr_vector_get (expect, "reason"), *status = clr_vector_get (expect, "status");
  gboolean hard = json_object_get_boolean_member (expect, "hard_bounce");
  int class = find_class (reason);
  const ClrBounceRecipient *recipient;
  ClrBounce bounce;
  size_t size;
  g_autofree char *text = read_message (clr_vector_get (one, "file"), &size);

  if (g_str_equal (reason, "vacation") || g_str_equal (reason, "feedback"))
    {
      clr_vector_expect (!clr_bounce_parse (&bounce, text, size), "%s is taken for a bounce",
                         clr_vector_get (one, "file"));
      clr_bounce_clear (&bounce);
      return;
    }
  rates.n++;
  rates.n_class += class >= 0;
  rates.n_status += is_told (status);
  if (clr_bounce_parse (&bounce, text, size))
    {
      recipient = &g_array_index (bounce.recipients, ClrBounceRecipient, 0);
      rates.parsed++;
      rates.address += recipient->address && strchr (recipient->address, '@');
      rates.status += is_told (status) && g_str_equal (status, recipient->status);
      rates.hard += hard == recipient->is_hard;
      rates.class += class >= 0 && class == (int)recipient->class;
      if (hard != recipient->is_hard || (class >= 0 && class != (int)recipient->class)
          || (is_told (status) && !g_str_equal (status, recipient->status)) || !recipient->address)
        g_test_message ("%s: %s %s %s here %s %s, <%s>: %.200s", clr_vector_get (one, "file"), status, reason,
                        hard ? "hard" : "", recipient->status, clr_reason_get_name (recipient->reason),
                        recipient->address, recipient->text);
    }
  else
    g_test_message ("%s: %s %s is not taken for a bounce", clr_vector_get (one, "file"), status, reason);
  clr_bounce_clear (&bounce);
}

static double
percent (unsigned n, unsigned all)
{
  return all ? 100.0 * n / all : 0;
}

static void
test_public (void)
{
  clr_vectors_run ("bounces/cases.json", check_public);
  if (rates.n == 0)
    return;
  g_autofree char *told
      = g_strdup_printf ("bounces: %u; parsed %.1f %%, recipient %.1f %%, status %.1f %% of %u, hard or not "
                         "%.1f %%, class %.1f %% of %u",
                         rates.n, percent (rates.parsed, rates.n), percent (rates.address, rates.n),
                         percent (rates.status, rates.n_status), rates.n_status,
                         percent (rates.hard, rates.n), percent (rates.class, rates.n_class), rates.n_class);
  g_test_message ("%s", told);
  if (g_getenv ("CLR_TEST_RATES"))
    g_printerr ("%s\n", told);
  g_assert_cmpfloat (percent (rates.parsed, rates.n), >=, 97);
  g_assert_cmpfloat (percent (rates.address, rates.n), >=, 95);
  g_assert_cmpfloat (percent (rates.status, rates.n_status), >=, 94);
  g_assert_cmpfloat (percent (rates.hard, rates.n), >=, 82);
  g_assert_cmpfloat (percent (rates.class, rates.n_class), >=, 79);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bounces/public", test_public);
  return g_test_run ();
}
