/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A transcript of any dialogue: the same whole and octet by octet, printable, and without what logs in.
 */
#include "fuzz.h"
#include "smtp/clr-transcript.h"

#include <string.h>

#define SECRET "c2VjcmV0LXNlY3JldA"

static void
on_line (ClrSpeaker speaker, const char *line, void *data)
{
  fuzz_check (g_utf8_validate (line, -1, NULL));
  for (const char *p = line; *p; p++)
    fuzz_check ((unsigned char)*p >= ' ');
  g_string_append_printf (data, "%d %s\n", speaker, line);
}

/* A zero octet hands the word over; the client begins. */
static char *
play (const uint8_t *bytes, size_t size, unsigned flags, gboolean octet_by_octet)
{
  GString *text = g_string_new (NULL);
  ClrTranscript *transcript = clr_transcript_new (flags & 1, (flags & 2) != 0, on_line, text);
  static const char begin[] = "EHLO x\r\nAUTH PLAIN " SECRET "\r\n";
  gboolean is_server = FALSE;

  clr_transcript_feed_client (transcript, (const uint8_t *)begin, sizeof begin - 1);
  while (size > 0)
    {
      const uint8_t *end = memchr (bytes, 0, size);
      size_t n = end ? (size_t)(end - bytes) : size, step = octet_by_octet ? 1 : n;

      for (size_t i = 0; i < n; i += step)
        if (is_server)
          clr_transcript_feed_server (transcript, bytes + i, step);
        else
          clr_transcript_feed_client (transcript, bytes + i, step);
      bytes += n + (end != NULL);
      size -= n + (end != NULL);
      is_server = !is_server;
    }
  clr_transcript_end (transcript);
  clr_transcript_free (transcript);
  return g_string_free (text, FALSE);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  unsigned flags = fuzz_take (&bytes, &size);
  g_autofree char *whole = play (bytes, size, flags, FALSE), *pieces = play (bytes, size, flags, TRUE);

  fuzz_check (g_str_equal (whole, pieces));
  fuzz_check (memmem (bytes, size, SECRET, strlen (SECRET)) || strstr (whole, SECRET) == NULL);
  return 0;
}
