/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The settings file on disk, changed safely: checked, written beside, synced, renamed; the former text is
 * kept as a version in FILE.versions/ and can be had back. The service (for its API) and the command line
 * (when no service runs) use the same. Waits for the disk: main thread or command line only.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

G_BEGIN_DECLS

#define CLR_SETTINGS_VERSIONS_MOST 50

typedef struct
{
  char *text;
  char *etag; /* changes with the text */
} ClrSettingsFile;

void clr_settings_file_free (ClrSettingsFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrSettingsFile, clr_settings_file_free)

ClrSettingsFile *clr_settings_file_read (const char *path, GError **error);

/* Puts @text in the place of the file that had @etag. Its owner and mode stay; a symbolic link stays one.
 * @error: G_IO_ERROR_INVALID_DATA: @text is not valid, all problems one a line; G_IO_ERROR_WRONG_ETAG:
 * somebody else has changed the file. The file is untouched after any error. */
gboolean clr_settings_file_replace (const char *path, const char *text, const char *etag, GError **error);

/* Puts the newest version back, and takes it off the versions. What stood there stays in
 * FILE.versions/undone. */
gboolean clr_settings_file_undo (const char *path, GError **error);

/* The numbers of the versions, newest first, of uint64_t. */
GArray *clr_settings_file_list_versions (const char *path);
/* @version: 0 for the newest. (transfer full) */
char *clr_settings_file_read_version (const char *path, uint64_t version, int64_t *time_us, GError **error);

G_END_DECLS
