/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrInjection: a whole message that comes by another way than SMTP (the API; later the pickup folder and
 * sendmail), on its way through a worker: envelope looked at, lines made CRLF, then the intake as for every
 * other message. Comes back as a letter with its answer. Memory holds it whole: whoever makes one bounds
 * their sizes and number.
 */
#pragma once

#include "intake/clr-intake.h"

typedef struct
{
  ClrLetter letter;
  char *origin; /* "api" */
  char *client; /* who sent it, for the trace */
  char *sender; /* "" for the null sender */
  char **recipients;
  GBytes *content;
  ClrMailbox *reply_to;
  void (*open) (ClrLetter *injection, void *owner);
  void *data;

  /* The answer. */
  ClrIntakeResult result;
  char *reply; /* "250 2.0.0 queued as ID" */
  char id[16]; /* of what is stored, "" else */

  /* On the way. */
  ClrIntakePlace place;
  ClrPolicy *policy;
  ClrIntake *intake;
  size_t written;
  unsigned lone; /* newlines made CRLF */
  gboolean after_cr;
  gboolean paused;
} ClrInjection;

/* Any thread. Takes @injection; it comes back to its reply_to. */
void clr_injection_post (ClrInjection *injection, const ClrIntakePlace *place, ClrPolicy *policy);
void clr_injection_free (ClrInjection *injection);
