/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the verbs of `clrelay` share: options, exit codes, talking to the service.
 */
#pragma once

#include "client/clr-client.h"

#include <glib.h>
#include <stdint.h>
#include <json-glib/json-glib.h>

/* Exit codes, told by --help. */
enum
{
  CLR_EXIT_OK = 0,
  CLR_EXIT_FAILED = 1,    /* the service or the machine said no */
  CLR_EXIT_USAGE = 2,     /* the command line is wrong */
  CLR_EXIT_NOT_FOUND = 3, /* there is no such message, key, ... */
  CLR_EXIT_INVALID = 4,   /* a checked thing is not right */
  CLR_EXIT_NO_SERVICE = 5,
  CLR_EXIT_UNDER_WAY = 6, /* not ended when the time was over */
};

typedef struct
{
  char *socket;
  char *config;
  gboolean json;
  gboolean force; /* of verbs that change settings: even when strangers can relay then */
  char **words;   /* the verb's command line without its options; what clr_verb_parse() gives lives in it */
} ClrVerbOptions;

typedef struct
{
  const char *name;
  const char *help;
  /* @argv: behind the verb. Returns: the exit code. */
  int (*run) (ClrVerbOptions *options, int argc, char **argv);
} ClrVerbRow;

int clr_verb_tls_results (ClrVerbOptions *options, int argc, char **argv);
int clr_verb_status (ClrVerbOptions *options, int argc, char **argv);
int clr_verb_queue (ClrVerbOptions *options, int argc, char **argv);
int clr_verb_trace (ClrVerbOptions *options, int argc, char **argv);
int clr_verb_check (ClrVerbOptions *options, int argc, char **argv);
int clr_verb_send (ClrVerbOptions *options, int argc, char **argv);
int clr_verb_import (ClrVerbOptions *options, int argc, char **argv);
int clr_verb_support (ClrVerbOptions *options, int argc, char **argv);
int clr_verb_backup (ClrVerbOptions *options, int argc, char **argv);
int clr_verb_restore (ClrVerbOptions *options, int argc, char **argv);
int clr_verb_session (ClrVerbOptions *options, int argc, char **argv);
int clr_verb_sign (ClrVerbOptions *options, int argc, char **argv);
int clr_verb_log (ClrVerbOptions *options, int argc, char **argv);
int clr_verb_config (ClrVerbOptions *options, int argc, char **argv);
int clr_verb_secret (ClrVerbOptions *options, int argc, char **argv);
int clr_verb_oauth (ClrVerbOptions *options, int argc, char **argv);
int clr_verb_user (ClrVerbOptions *options, int argc, char **argv);
int clr_verb_device (ClrVerbOptions *options, int argc, char **argv);
int clr_verb_alert (ClrVerbOptions *options, int argc, char **argv);
int clr_verb_audit (ClrVerbOptions *options, int argc, char **argv);
int clr_verb_certificate (ClrVerbOptions *options, int argc, char **argv);
int clr_verb_ban (ClrVerbOptions *options, int argc, char **argv);
int clr_verb_token (ClrVerbOptions *options, int argc, char **argv);
int clr_verb_dkim (ClrVerbOptions *options, int argc, char **argv);

/* `check smarthost`, which the service answers. */
int clr_check_smarthost (ClrVerbOptions *options, int argc, char **argv);

/* The parts of clr_verb_config() that change or show what is set: "get", "set", ... @argv: from that word on.
 * Returns: -1 when it is no such word. */
int clr_config_edit (ClrVerbOptions *options, int argc, char **argv);

/* Changes settings where they are, in the service or on disk, and tells what came of it. @changes: of
 * ClrSettingChange. Returns: the exit code. */
int clr_config_change (ClrVerbOptions *options, GPtrArray *changes);

/* Parses the options behind a verb, the common ones among them. Returns: FALSE after a message (exit @code).
 */
gboolean clr_verb_parse (ClrVerbOptions *options, const char *usage, const char *summary,
                         const GOptionEntry *entries, int *argc, char ***argv, int *code);
/* The service that the options mean. (transfer full) */
ClrClient *clr_verb_connect (ClrVerbOptions *options);
/* One request; on failure a message and @code. (transfer full) */
JsonNode *clr_verb_request (ClrVerbOptions *options, const char *method, const char *path, const char *body,
                            int *code);
/* The service's answer, which is always an object. (transfer full) */
JsonNode *clr_verb_read_answer (const char *text, GError **error);
/* Texts of strangers (subjects, replies, file names) for a terminal: a line end becomes a blank, other
 * control characters are shown as \u001b. */
void clr_verb_make_printable (JsonNode *node);
/* The same of one text. (transfer full) */
char *clr_verb_dup_printable (const char *text);
/* "clrelay: TEXT" on standard error, fit for a terminal. */
void clr_verb_complain (const char *text);
/* The same of @error; returns the exit code. */
int clr_verb_fail (const GError *error);
/* The exit code for what went wrong. */
int clr_verb_get_code (const GError *error);
/* One line of standard input; not echoed when somebody types it. */
gboolean clr_verb_read_secret (const char *prompt, char *into, size_t size);
/* Somebody types on standard input. */
gboolean clr_verb_is_typed (void);
/* Standard input as a file that can be mapped, to be unlinked. (transfer full) */
char *clr_verb_keep_input (GError **error);
int clr_verb_usage (const char *text);
void clr_verb_print_json (JsonNode *node);
/* A member's text; "" when it is not there. */
const char *clr_verb_get (JsonObject *object, const char *name);
