/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command line of sendmail, as the programs of thirty years write it: letters with an attached or a
 * separate argument. One table says what is known; --help, and with it the manual page, is made from it.
 */
#pragma once

#include <glib.h>
#include <stdio.h>

typedef enum
{
  CLR_SENDMAIL_DELIVER, /* -bm */
  CLR_SENDMAIL_SMTP,    /* -bs */
  CLR_SENDMAIL_LIST,    /* -bp */
  CLR_SENDMAIL_ALIASES, /* -bi */
} ClrSendmailMode;

typedef struct
{
  ClrSendmailMode mode;
  gboolean help;
  gboolean version;
  gboolean read_recipients; /* -t */
  gboolean ignore_dots;     /* -i */
  const char *sender;       /* -f; NULL: the user */
  const char *full_name;    /* -F */
  const char *notify;       /* -N */
  const char *ret;          /* -R */
  const char *envid;        /* -V */
  const char *config;       /* -C */
  char **recipients;        /* the rest of the command line */
} ClrSendmailOptions;

/* @argv: strings of it are kept. Returns: NULL, or what is wrong. (transfer full) */
char *clr_sendmail_options_parse (ClrSendmailOptions *options, int argc, char **argv);
void clr_sendmail_options_print_help (FILE *to);
