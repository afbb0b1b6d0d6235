/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where a verb does its work: which service is meant, and whether a settings file is that service's or has to
 * be changed on disk.
 */
#pragma once

#include "clr-verb.h"

#include "client/clr-client.h"
#include "settings/clr-settings-file.h"

typedef struct
{
  char *file;           /* the settings file */
  ClrClient *client;    /* NULL: no service runs with this file */
  ClrSettingsFile *now; /* what stands in the file */
} ClrPlace;

/* The settings file that is meant when no service says which one it has. */
const char *clr_place_get_file (ClrVerbOptions *options);
/* The control socket, or a pass file: --socket, else the socket that the settings file names, else the usual
 * one; on Windows the pass file in the state directory. (transfer full) */
char *clr_place_dup_socket (ClrVerbOptions *options);

/* With --socket the service must answer; else, when none runs with the file, the file is read. */
gboolean clr_place_open (ClrPlace *place, ClrVerbOptions *options, GError **error);
void clr_place_clear (ClrPlace *place);

/* One request of the place's service. (transfer full) */
JsonNode *clr_place_request (ClrPlace *place, const char *method, const char *path, JsonNode *body,
                             GError **error);
