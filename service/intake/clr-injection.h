/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrInjection: a whole message that comes by another way than SMTP (the API, pickup
 * folders), on its way through a worker: envelope looked at, lines made CRLF, then the intake as for every
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
  char *device;         /* the name it is listed under; NULL: "local" */
  char *route;          /* name of the one it must take; NULL: any */
  gboolean keep_header; /* what the header section lacks is not added */
  unsigned ret;         /* ClrDsnReturn of RFC 3461 */
  char *envid;          /* NULL: none */
  unsigned *notify;     /* ClrNotify of each recipient; NULL: not said */
  char **orcpt;         /* of each recipient, "" for none; NULL: none at all */
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
  ClrDevice as_device;
  ClrIntake *intake;
  size_t written;
  unsigned lone; /* newlines made CRLF */
  gboolean after_cr;
  gboolean paused;
} ClrInjection;

/* Any thread. Takes @injection; it comes back to its reply_to. */
void clr_injection_post (ClrInjection *injection, const ClrIntakePlace *place, ClrPolicy *policy);
/* Instead of waiting for the answer, once the worker has ended. The message may be stored all the same. */
void clr_injection_abandon (ClrInjection *injection);
void clr_injection_free (ClrInjection *injection);
