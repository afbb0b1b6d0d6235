/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ARC chains, RFC 8617 section 5.2: what makes one fail before a key is looked at, and what is shown of it.
 */
#include "auth/clr-arc.h"

#include <string.h>

#define HASH        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define SEAL(i, cv) "ARC-Seal: i=" i "; a=rsa-sha256; cv=" cv "; d=example.org; s=s; b=eHh4\r\n"
#define SIGNATURE(i)                                                                                         \
  "ARC-Message-Signature: i=" i                                                                              \
  "; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s;\r\n h=from; bh=" HASH "; b=eHh4\r\n"
#define RESULTS(i) "ARC-Authentication-Results: i=" i "; mx.example.org; spf=pass\r\n"

static void
test_structure (void)
{
  static const struct
  {
    const char *header, *verdict, *reason; /* a part of it */
  } rows[] = {
    { "From: a@b\r\n", "none", "no ARC sets" },
    { SEAL ("1", "none") SIGNATURE ("1") RESULTS ("1"), "temperror", "cannot be looked up" },
    { SEAL ("1", "None") SIGNATURE ("1") RESULTS ("1"), "temperror", "cannot be looked up" },
    { SEAL ("1", "none") SIGNATURE ("1"), "fail", "not complete" },
    { SIGNATURE ("1") RESULTS ("1"), "fail", "not complete" },
    { SEAL ("2", "pass") SIGNATURE ("2") RESULTS ("2"), "fail", "instance 1 is not complete" },
    { SEAL ("1", "none") SEAL ("1", "none") SIGNATURE ("1") RESULTS ("1"), "fail", "two fields ARC-Seal" },
    { SEAL ("1", "pass") SIGNATURE ("1") RESULTS ("1"), "fail", "cannot be at its place" },
    { SEAL ("1", "fail") SIGNATURE ("1") RESULTS ("1"), "fail", "had failed before" },
    { SEAL ("51", "pass") SIGNATURE ("51") RESULTS ("51"), "fail", "no instance" },
    { SEAL ("0", "none") SIGNATURE ("1") RESULTS ("1"), "fail", "no instance" },
    { SEAL ("1", "none") SIGNATURE ("1") "ARC-Authentication-Results: mx; i=1\r\n", "fail", "no instance" },
    { "ARC-Seal: i=1; a=rsa-sha256; cv=none; d=example.org; s=s; h=from; b=eHh4\r\n" SIGNATURE ("1")
          RESULTS ("1"),
      "fail", "a seal has no h=" },
    { SEAL ("1",
            "none") "ARC-Message-Signature: i=1; a=rsa-sha256; d=example.org; s=s; h=from:arc-seal; bh=" HASH
                    "; b=eHh4\r\n" RESULTS ("1"),
      "fail", "signs the ARC-Seal" },
    { SEAL ("1", "none") "ARC-Message-Signature: i=1; a=rsa-sha256; d=example.org; s=s; h=from; x=1; bh=" HASH
                         "; b=eHh4\r\n" RESULTS ("1"),
      "fail", "expired" },
    /* An old signature need not be valid any more. */
    { SEAL ("2", "pass") SIGNATURE ("2") RESULTS ("2")
          SEAL ("1", "none") "ARC-Message-Signature: i=1\r\n" RESULTS ("1"),
      "temperror", "cannot be looked up" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      ClrHeaderBlock header;
      const char *reason;

      clr_header_block_parse (&header, rows[i].header, strlen (rows[i].header));
      g_autoptr (ClrArc) arc = clr_arc_new (&header, 1764000000);
      ClrArcVerdict verdict = clr_arc_end (arc, &reason);
      g_test_message ("%s: %s", rows[i].header, reason);
      g_assert_cmpstr (clr_arc_verdict_get_name (verdict), ==, rows[i].verdict);
      g_assert_nonnull (strstr (reason, rows[i].reason));
      clr_header_block_clear (&header);
    }
}

static void
test_shown (void)
{
  static const char text[]
      = SEAL ("2", "pass") SIGNATURE ("2") RESULTS ("2") SEAL ("1", "none") SIGNATURE ("1") RESULTS ("1");
  ClrHeaderBlock header;
  unsigned n;

  clr_header_block_parse (&header, text, strlen (text));
  g_autoptr (ClrArc) arc = clr_arc_new (&header, 1764000000);
  g_assert_cmpuint (clr_arc_get_n_queries (arc), ==, 1);
  g_assert_cmpstr (clr_arc_get_query (arc, 0), ==, "s._domainkey.example.org");
  const ClrArcSet *sets = clr_arc_get_sets (arc, &n);
  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpstr (sets[0].chain_word, ==, "none");
  g_assert_cmpstr (sets[1].chain_word, ==, "pass");
  g_assert_cmpstr (sets[1].seal_domain, ==, "example.org");
  g_assert_cmpstr (sets[0].results, ==, "i=1; mx.example.org; spf=pass");
  clr_header_block_clear (&header);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/arc/structure", test_structure);
  g_test_add_func ("/arc/shown", test_shown);
  return g_test_run ();
}
