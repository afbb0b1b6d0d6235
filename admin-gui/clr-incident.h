/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who is stopped at an incident: a sender, the senders of a domain, or a device; as words of a filter, and as
 * words of the setting that stops them. Pure.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  CLR_CULPRIT_SENDER,
  CLR_CULPRIT_DOMAIN,
  CLR_CULPRIT_DEVICE,
} ClrCulprit;

/* What a person typed as it is meant: in lower case, without "<", ">" and a leading "@". NULL: it is none.
 * (transfer full) */
char *clr_incident_read (ClrCulprit kind, const char *text);
/* Words of the filter language that find its mail. @who: as read. (transfer full) */
char *clr_incident_make_filter (ClrCulprit kind, const char *who);
/* A list of the settings file, "a, b", with and without a word; NULL when nothing is left. @list: may be
 * NULL. (transfer full) */
char *clr_incident_add (const char *list, const char *word);
char *clr_incident_remove (const char *list, const char *word);
/* The words. (transfer full) */
GStrv clr_incident_split (const char *list);
/* An address is a sender, all else a domain. */
ClrCulprit clr_incident_guess (const char *word);

G_END_DECLS
