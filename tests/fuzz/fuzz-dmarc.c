/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * DMARC with any author, identifiers and records: the first lines of the input are the author, a domain that
 * passed SPF and one that passed DKIM, the others answer what is asked, round and round. It always ends.
 */
#include "fuzz.h"
#include "auth/clr-dmarc.h"

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  g_autofree char *text = fuzz_dup_text (bytes, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", 40);
  unsigned n_lines = g_strv_length (lines), next = 3, n = 0;
  const ClrAuthQuestion *question;

  if (n_lines < 4)
    return 0;
  const char *spf[] = { lines[1], NULL }, *dkim[] = { lines[2], lines[0], NULL };
  ClrDmarcRequest request = { .author_domain = lines[0], .spf_domains = spf, .dkim_domains = dkim };
  g_autoptr (ClrDmarc) dmarc = clr_dmarc_new (&request);
  while ((question = clr_dmarc_get_question (dmarc)) != NULL)
    {
      ClrAuthAnswer answer = { .status = CLR_AUTH_FOUND, .n_records = 1 };

      fuzz_check (fuzz_is_line (question->name) && strlen (question->name) <= 260 && ++n < 40);
      if (g_str_equal (lines[next], "!"))
        answer = (ClrAuthAnswer){ .status = CLR_AUTH_TEMPORARY };
      else if (*lines[next] == 0)
        answer = (ClrAuthAnswer){ .status = CLR_AUTH_NO_NAME };
      answer.records = (const char *const *)&lines[next];
      next = next + 1 < n_lines ? next + 1 : 3;
      clr_dmarc_feed (dmarc, &answer);
    }
  const ClrDmarcResult *result = clr_dmarc_get_result (dmarc);
  fuzz_check (result && fuzz_is_line (result->reason) && g_utf8_validate (result->reason, -1, NULL));
  fuzz_check (result->policy <= result->published);
  fuzz_check (result->verdict != CLR_DMARC_PASS || result->spf_aligned || result->dkim_aligned);
  return 0;
}
