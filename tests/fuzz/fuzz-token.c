/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Answers of token and device endpoints: whatever comes, a token that is taken fits into SMTP, and words fit
 * into a line.
 */
#include "fuzz.h"
#include "oauth/clr-token-answer.h"

static void
check_text (const char *text, size_t most, gboolean is_token)
{
  size_t size = text ? strlen (text) : 0;

  fuzz_check (size <= most);
  for (size_t i = 0; i < size; i++)
    fuzz_check (text[i] == ' ' ? !is_token : (unsigned char)text[i] > 0x20 && text[i] != 0x7f);
}

static void
check_answer (ClrTokenAnswer *answer)
{
  fuzz_check ((answer->verdict == CLR_OAUTH_GOOD) == (answer->access_token != NULL));
  fuzz_check ((answer->verdict == CLR_OAUTH_GOOD) == (answer->error == NULL));
  check_text (answer->access_token, CLR_TOKEN_MOST, TRUE);
  check_text (answer->refresh_token, CLR_TOKEN_MOST, TRUE);
  check_text (answer->error, 2000, FALSE);
  clr_token_answer_clear (answer);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  static const unsigned statuses[] = { 200, 400, 401, 429, 500, 0 };
  unsigned status = statuses[fuzz_take (&bytes, &size) % G_N_ELEMENTS (statuses)];
  uint8_t *copy = g_memdup2 (bytes, size);
  ClrTokenAnswer answer;
  ClrDeviceAnswer device;

  clr_token_answer_read (&answer, status, size ? (const char *)copy : "", size);
  check_answer (&answer);
  if (clr_device_answer_read (&device, &answer, status, size ? (const char *)copy : "", size))
    {
      check_text (device.device_code, 2048, TRUE);
      check_text (device.url, 2048, TRUE);
      fuzz_check (device.interval_s >= 1 && device.interval_s <= 300 && device.expires_s <= 3600);
      clr_device_answer_clear (&device);
    }
  else
    check_answer (&answer);
  g_free (copy);
  return 0;
}
