/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What [device] sections share: the quirks a [device] may be granted, each a word of the settings, and the
 * presets, which are defaults for the other settings of a [device] by its kind. Both are tables: to add one
 * is to add a row.
 */
#pragma once

#include "settings/clr-section.h"

G_BEGIN_DECLS

/* id, word, whether it acts before a login, help */
#define CLR_QUIRKS(X)                                                                                        \
  X (BARE_NEWLINES, "bare-newlines", FALSE, "lone CR or LF are made CR LF")                                  \
  X (MISSING_BRACKETS, "missing-brackets", FALSE, "MAIL and RCPT without angle brackets")                    \
  X (SPACE_AFTER_COLON, "space-after-colon", FALSE, "a space behind MAIL FROM: and RCPT TO:")                \
  X (BAD_HELO, "bad-helo", TRUE, "HELO and EHLO without a name, or with one that is none")                   \
  X (MISSING_DATE, "missing-date", FALSE, "no Date field: it is added")                                      \
  X (MISSING_MESSAGE_ID, "missing-message-id", FALSE, "no Message-ID field: it is added")                    \
  X (MISSING_FROM, "missing-from", FALSE, "no From field: the sender is written into one")                   \
  X (NO_STARTTLS, "no-starttls", TRUE, "STARTTLS is not offered")                                            \
  X (LEGACY_TLS, "legacy-tls", TRUE, "TLS 1.0 and 1.1 with old ciphers, until legacy-tls-until")             \
  X (AUTH_IN_CLEAR, "auth-in-clear", TRUE, "AUTH is offered without TLS: passwords can be read on the wire") \
  X (CRAM_MD5, "cram-md5", TRUE, "CRAM-MD5 is offered: its passwords are kept in a form that can be read")

typedef enum
{
#define CLR_QUIRK_NUMBER(id, word, early, help) CLR_QUIRK_NUMBER_##id,
  CLR_QUIRKS (CLR_QUIRK_NUMBER)
#undef CLR_QUIRK_NUMBER
      CLR_QUIRK_COUNT
} ClrQuirkNumber;

/* A set of them, a bit each. */
typedef enum
{
#define CLR_QUIRK_BIT(id, word, early, help) CLR_QUIRK_##id = 1 << CLR_QUIRK_NUMBER_##id,
  CLR_QUIRKS (CLR_QUIRK_BIT)
#undef CLR_QUIRK_BIT
} ClrQuirks;

const char *clr_quirk_get_word (ClrQuirkNumber number);
/* The words of @quirks, with commas. (transfer full) */
char *clr_quirks_to_text (ClrQuirks quirks);
/* Those that act before a client can have logged in. */
ClrQuirks clr_quirks_get_early (void);

/* All that the settings of a [device] grant, the coarse ones (repair-headers, …) too. */
ClrQuirks clr_section_get_quirks (ClrSection *device);

/* Sets what the preset of a [device] says and the file does not. */
void clr_device_apply_preset (ClrSection *device);

/* What one setting of a [device] says about another.
 * Returns: (transfer full) (nullable): what is wrong, with the setting's name */
char *clr_device_find_problem (ClrSection *device);

G_END_DECLS
