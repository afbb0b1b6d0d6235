/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrGuesses: failed logins, counted by subject (an address or a login), and what follows: a wait that grows,
 * then a ban that grows with each further one. Pure, time is a parameter (microseconds since 1970); bounded:
 * whoever failed longest ago is forgotten first.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct
{
  unsigned guesses;   /* failures, then a ban; 0: never one, and no wait */
  int64_t forget_us;  /* failures older than this count no more */
  int64_t ban_us;     /* the first ban; each further one is twice as long */
  int64_t longest_us; /* but no longer than this */
} ClrGuessRule;

typedef struct
{
  char *subject; /* "address 192.0.2.1", "login office" */
  unsigned failures;
  unsigned bans; /* so far */
  int64_t last_us;
  int64_t until_us; /* no attempt is looked at before; 0: all are */
  gboolean banned;  /* until then; else it is a wait between attempts */
  gboolean began;   /* the ban began with the last failure that was noted */
  uint64_t tag;     /* of the last wrong password, 0: unknown */
} ClrGuess;

typedef struct ClrGuesses ClrGuesses;

ClrGuesses *clr_guesses_new (const ClrGuessRule *rule, unsigned most);
void clr_guesses_free (ClrGuesses *guesses);
void clr_guesses_set_rule (ClrGuesses *guesses, const ClrGuessRule *rule);

/* A login has failed. @tag: what stands for the password that was tried; the same one again is not counted.
 * 0: counts always. Returns: the subject's state */
const ClrGuess *clr_guesses_note (ClrGuesses *guesses, const char *subject, uint64_t tag, int64_t now);
/* A ban of an earlier life of the process. */
const ClrGuess *clr_guesses_restore (ClrGuesses *guesses, const char *subject, unsigned bans,
                                     int64_t until_us, int64_t now);
/* Forgets the subject. Returns: whether there was anything to forget. */
gboolean clr_guesses_lift (ClrGuesses *guesses, const char *subject);
/* Those that are banned at @now, by subject. Returns: (transfer container) of const ClrGuess */
GPtrArray *clr_guesses_list (ClrGuesses *guesses, int64_t now);
