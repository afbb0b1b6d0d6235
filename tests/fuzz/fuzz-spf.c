/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check_host() with any sender and any answers: lines of the input are the sender, the name in HELO, and then
 * one record after the other for whatever is asked, round and round. It always ends, within its limits.
 */
#include "fuzz.h"
#include "auth/clr-spf.h"

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  uint8_t variant = fuzz_take (&bytes, &size);
  g_autofree char *text = fuzz_dup_text (bytes, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", 64);
  unsigned n_lines = g_strv_length (lines), next = 2, n = 0;
  ClrSpfRequest request = { .limits = CLR_SPF_LIMITS };
  const ClrAuthQuestion *question;

  if (n_lines < 3)
    return 0;
  request.mail_from = lines[0];
  request.helo = lines[1];
  if (!clr_spf_address_parse (&request.address, variant & 1 ? "2001:db8::1" : "192.0.2.1"))
    abort ();
  g_autoptr (ClrSpf) spf = clr_spf_new (&request);
  while ((question = clr_spf_get_question (spf)) != NULL)
    {
      ClrAuthAnswer answer = { .status = CLR_AUTH_FOUND, .n_records = 1 };

      fuzz_check (*question->name && strlen (question->name) <= 253 && ++n < 150);
      if (g_str_equal (lines[next], "!"))
        answer = (ClrAuthAnswer){ .status = CLR_AUTH_TEMPORARY };
      else if (*lines[next] == 0)
        answer = (ClrAuthAnswer){ .status = CLR_AUTH_NO_NAME };
      else
        answer.n_records = MIN (1u + (variant >> 4), n_lines - next);
      answer.records = (const char *const *)&lines[next];
      next = next + 1 < n_lines ? next + 1 : 2;
      clr_spf_feed (spf, &answer);
    }
  const ClrSpfResult *result = clr_spf_get_result (spf);
  fuzz_check (result && result->reason);
  fuzz_check (result->n_questions == n);
  fuzz_check (result->verdict == CLR_SPF_PERMERROR
              || (result->n_terms <= request.limits.terms && result->n_voids <= request.limits.voids));
  return 0;
}
