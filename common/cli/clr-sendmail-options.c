/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-sendmail-options.h"

#include <glib/gi18n.h>
#include <string.h>

typedef enum
{
  NOTHING,
  ATTACHED, /* behind the letter, if at all */
  VALUE,    /* behind the letter, or the next word */
} Argument;

static const struct
{
  char letter;
  Argument argument;
  const char *name; /* of the argument */
  const char *help; /* NULL: taken, and without effect here */
} table[] = {
  { 't', NOTHING, NULL, N_ ("Send to the addresses of To, Cc and Bcc too; Bcc is taken out") },
  { 'i', NOTHING, NULL, N_ ("A line that is a single dot does not end the message (also -oi)") },
  { 'f', VALUE, "ADDRESS", N_ ("Sender of the envelope; <> for none") },
  { 'r', VALUE, "ADDRESS", N_ ("As -f") },
  { 'F', VALUE, "NAME", N_ ("Full name of the sender, where the message has no From") },
  { 'N', VALUE, "WHEN", N_ ("What is reported to the sender: never, or success, failure, delay") },
  { 'R', VALUE, "PART", N_ ("What of the message a report holds: full or hdrs") },
  { 'V', VALUE, "ID", N_ ("Envelope id that a report names") },
  { 'C', VALUE, "FILE", N_ ("With -bs: the settings file that tells where the relay listens") },
  { 'A', ATTACHED, NULL, NULL },
  { 'B', VALUE, NULL, NULL },
  { 'd', ATTACHED, NULL, NULL },
  { 'e', ATTACHED, NULL, NULL },
  { 'G', NOTHING, NULL, NULL },
  { 'h', VALUE, NULL, NULL },
  { 'L', VALUE, NULL, NULL },
  { 'm', NOTHING, NULL, NULL },
  { 'n', NOTHING, NULL, NULL },
  { 'O', VALUE, NULL, NULL },
  { 'p', VALUE, NULL, NULL },
  { 'q', ATTACHED, NULL, NULL },
  { 'U', NOTHING, NULL, NULL },
  { 'v', NOTHING, NULL, NULL },
  { 'X', VALUE, NULL, NULL },
};

static const struct
{
  char letter;
  ClrSendmailMode mode;
  const char *help;
} modes[] = {
  { 'm', CLR_SENDMAIL_DELIVER, N_ ("Take a message from standard input (usual)") },
  { 's', CLR_SENDMAIL_SMTP, N_ ("Speak SMTP on standard input and output, with the running relay") },
  { 'p', CLR_SENDMAIL_LIST, N_ ("List the queue, as mailq does") },
  { 'i', CLR_SENDMAIL_ALIASES, N_ ("Nothing, as newaliases: there are no aliases") },
};

void
clr_sendmail_options_print_help (FILE *to)
{
  fprintf (to, "%s",
           _ ("Usage: clrelay-sendmail [OPTIONS] [RECIPIENT...]\n\n"
              "Hands a message from standard input to Cl Mail Relay, whether it runs or not.\n\n"));
  for (unsigned i = 0; i < G_N_ELEMENTS (modes); i++)
    fprintf (to, "  -b%c                   %s\n", modes[i].letter, _ (modes[i].help));
  for (unsigned i = 0; i < G_N_ELEMENTS (table); i++)
    if (table[i].help)
      fprintf (to, "  -%c %-18s  %s\n", table[i].letter, table[i].name ? table[i].name : "",
               _ (table[i].help));
  fprintf (to, "  --help                %s\n  --version             %s\n", _ ("Show this"),
           _ ("Show the version"));
}

/* What an option means. */
static char *
take (ClrSendmailOptions *options, char letter, const char *value)
{
  switch (letter)
    {
    case 't':
      options->read_recipients = TRUE;
      break;
    case 'i':
      options->ignore_dots = TRUE;
      break;
    case 'f':
    case 'r':
      options->sender = value;
      break;
    case 'F':
      options->full_name = value;
      break;
    case 'N':
      options->notify = value;
      break;
    case 'R':
      options->ret = value;
      break;
    case 'V':
      options->envid = value;
      break;
    case 'C':
      options->config = value;
      break;
    }
  return NULL;
}

static char *
take_mode (ClrSendmailOptions *options, char letter)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (modes); i++)
    if (modes[i].letter == letter)
      {
        options->mode = modes[i].mode;
        return NULL;
      }
  return g_strdup_printf (_ ("the mode -b%c is not known"), letter ? letter : '?');
}

/* One word "-xyz": letters without argument may stand together. @next: moves when the following word is used.
 */
static char *
parse_word (ClrSendmailOptions *options, const char *word, int argc, char **argv, int *next)
{
  for (const char *letter = word + 1; *letter; letter++)
    {
      unsigned i = 0;

      if (*letter == 'b')
        return letter[1] && letter[2] ? g_strdup_printf (_ ("the mode %s is not known"), word)
                                      : take_mode (options, letter[1]);
      if (*letter == 'o')
        {
          /* -oi is -i; the rest of sendmail's old option letters has no meaning here. */
          if (letter[1] == 'i' && letter[2] == 0)
            options->ignore_dots = TRUE;
          return NULL;
        }
      while (i < G_N_ELEMENTS (table) && table[i].letter != *letter)
        i++;
      if (i == G_N_ELEMENTS (table))
        return g_strdup_printf (_ ("the option -%c is not known"), g_ascii_isprint (*letter) ? *letter : '?');
      if (table[i].argument == NOTHING)
        {
          take (options, *letter, NULL);
          continue;
        }
      if (letter[1] || table[i].argument == ATTACHED)
        return take (options, *letter, letter + 1);
      if (*next + 1 >= argc)
        return g_strdup_printf (_ ("the option -%c needs an argument"), *letter);
      return take (options, *letter, argv[++*next]);
    }
  return NULL;
}

char *
clr_sendmail_options_parse (ClrSendmailOptions *options, int argc, char **argv)
{
  int i;

  for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1]; i++)
    {
      char *problem;

      if (g_str_equal (argv[i], "--"))
        {
          i++;
          break;
        }
      if (g_str_equal (argv[i], "--help"))
        options->help = TRUE;
      else if (g_str_equal (argv[i], "--version"))
        options->version = TRUE;
      else if ((problem = parse_word (options, argv[i], argc, argv, &i)))
        return problem;
    }
  options->recipients = argv + i;
  return NULL;
}
