/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What EHLO is answered, xtext, and the envelope that is written for a peer with these offers.
 */
#include "fuzz.h"
#include "smtp/clr-envelope.h"
#include "smtp/clr-xtext.h"

static void
check_line (ClrBuffer *buffer)
{
  const uint8_t *line = clr_buffer_peek (buffer);
  size_t size = clr_buffer_size (buffer);

  fuzz_check (fuzz_ends_with (line, size, "\r\n") && fuzz_has_clean_lines (line, size));
  fuzz_check (memchr (line, '\n', size) == line + size - 1);
  clr_buffer_clear (buffer);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  unsigned variant = fuzz_take (&bytes, &size);
  g_autofree char *text = fuzz_dup_text (bytes, size), *word = g_strdup (text);
  ClrOffers offers = { 0 };
  ClrBuffer buffer = CLR_BUFFER_INIT;

  for (const char *line = text; *line; line += *line == '\n')
    {
      size_t length = strcspn (line, "\n");
      clr_offers_read_line (&offers, line, length);
      line += length;
    }
  if (offers.mechanisms)
    fuzz_check (!strchr (offers.mechanisms, '\n'));
  /* As addresses and parameters come out of our own parser: on one line, valid UTF-8. */
  for (char *p = word; *p; p++)
    if ((unsigned char)*p < 33 || *p == 127)
      *p = '_';
  if (g_utf8_validate (word, -1, NULL))
    {
      ClrSmtpTransaction transaction = { .sender = word,
                                         .size = size,
                                         .eight_bit = variant & 1,
                                         .smtputf8 = (variant & 2) != 0,
                                         .ret = variant % 3,
                                         .envid = variant & 4 ? "a+2B" : NULL,
                                         .n_recipients = 1 };
      ClrSmtpRecipient recipient = { word, variant >> 4, variant & 8 ? word : NULL };

      clr_envelope_write_mail (&transaction, offers.offers, &buffer);
      check_line (&buffer);
      clr_envelope_write_rcpt (&recipient, offers.offers, &buffer);
      check_line (&buffer);
      clr_xtext_append_address (&buffer, word);
      for (size_t i = 0; i < clr_buffer_size (&buffer); i++)
        fuzz_check (clr_buffer_peek (&buffer)[i] > 32 && clr_buffer_peek (&buffer)[i] < 127);
    }
  clr_buffer_clear (&buffer);
  clr_offers_clear (&offers);
  return 0;
}
