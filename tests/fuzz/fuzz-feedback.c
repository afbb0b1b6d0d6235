/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any message as a feedback report.
 */
#include "fuzz.h"
#include "mail/clr-feedback.h"

static void
check_list (const GPtrArray *list)
{
  fuzz_check (list->len <= CLR_FEEDBACK_VALUES_MOST);
  for (unsigned i = 0; i < list->len; i++)
    fuzz_check (fuzz_is_line (g_ptr_array_index (list, i)));
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  ClrFeedback feedback;
  gboolean found;

  if (!fuzz_has_clean_lines (bytes, size))
    return 0;
  found = clr_feedback_parse (&feedback, (const char *)bytes, size);
  fuzz_check (!found || (feedback.type && fuzz_is_line (feedback.type)));
  check_list (feedback.recipients);
  check_list (feedback.uris);
  check_list (feedback.results);
  clr_feedback_clear (&feedback);
  return 0;
}
