/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrImport: what another mail relay's configuration becomes here: settings, secrets, and a report of what
 * was taken over, what was not and why. Readers fill it; they are pure but for files that a configuration
 * names, which come through a function of the caller. Nothing is changed: whoever asked looks at it and
 * applies it. All input is a stranger's: bounded, and nothing of it is believed before the settings' own
 * check.
 */
#pragma once

#include "settings/clr-settings-text.h"

G_BEGIN_DECLS

#define CLR_IMPORT_SIZE_MOST  (16 * 1024 * 1024) /* octets of a file */
#define CLR_IMPORT_NOTES_MOST 1000
#define CLR_IMPORT_WORDS_MOST 2000 /* networks, domains and so on of one setting */

typedef enum
{
  CLR_IMPORT_TAKEN,
  CLR_IMPORT_LOOK,     /* taken, but a person should look at it */
  CLR_IMPORT_NOT_DONE, /* not possible, with the reason */
} ClrImportResult;

typedef struct
{
  ClrImportResult result;
  char *what; /* as the other product calls it */
  char *text; /* what it has become, or why nothing */
} ClrImportNote;

typedef struct
{
  char *name;
  char *secret;
} ClrImportSecret;

/* A file that the configuration names. (transfer full) NULL: it cannot be read. */
typedef char *(*ClrImportLoad) (const char *path, void *data);

typedef struct
{
  GPtrArray *changes; /* of ClrSettingChange; each setting once */
  GPtrArray *secrets; /* of ClrImportSecret */
  GPtrArray *notes;   /* of ClrImportNote */
  ClrImportLoad load; /* may be NULL */
  void *load_data;
} ClrImport;

ClrImport *clr_import_new (void);
void clr_import_free (ClrImport *import);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrImport, clr_import_free)

/* "iis", "postfix", "emailrelay", "hmailserver". @text: the whole file, with a NUL behind it.
 * Returns: FALSE with @error (G_IO_ERROR_INVALID_DATA) when it is no such configuration at all. */
gboolean clr_import_read (ClrImport *import, const char *product, const char *text, gsize size,
                          GError **error);
/* "iis, postfix, ..." */
const char *clr_import_list_products (void);

/* -- for the readers */

/* The last word about a setting counts. @name may be NULL. White space around @value goes; what would not
 * stand on one line, or is empty, sets nothing. */
void clr_import_set (ClrImport *import, const char *group, const char *name, const char *key,
                     const char *value);
void clr_import_set_number (ClrImport *import, const char *group, const char *name, const char *key,
                            gint64 value, const char *unit);
/* What is set so far, or NULL. */
const char *clr_import_get (ClrImport *import, const char *group, const char *name, const char *key);
/* Adds a word to a list, once. */
void clr_import_add (ClrImport *import, const char *group, const char *name, const char *key,
                     const char *word);
void clr_import_note (ClrImport *import, ClrImportResult result, const char *what, const char *format, ...)
    G_GNUC_PRINTF (4, 5);
/* A smarthost's password: kept as a secret of the smarthost's name. */
void clr_import_keep_secret (ClrImport *import, const char *smarthost, const char *secret);
/* Where one product says "everything else goes through": the smarthost @name, or the exchangers. */
void clr_import_route_default (ClrImport *import, const char *smarthost);
/* Networks whose devices may relay; what opens the relay to everybody is left out, with a note. */
void clr_import_allow (ClrImport *import, const char *what, const char *device, GPtrArray *networks);
/* Domain patterns to one next hop: a route, and a smarthost for it unless there is one with these hosts. */
void clr_import_route (ClrImport *import, const char *what, const char *domain, const char *hosts);
/* A word made of letters, digits, "-", "_" and ".": what a section may be called. (transfer full) */
char *clr_import_make_name (const char *text);

gboolean clr_import_read_iis (ClrImport *import, const char *text, gsize size, GError **error);
gboolean clr_import_read_postfix (ClrImport *import, const char *text, gsize size, GError **error);
gboolean clr_import_read_emailrelay (ClrImport *import, const char *text, gsize size, GError **error);
gboolean clr_import_read_hmailserver (ClrImport *import, const char *text, gsize size, GError **error);

G_END_DECLS
