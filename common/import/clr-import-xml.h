/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The elements of an XML file in order, over libxml2's reader: bounded in depth and number, no entities but
 * XML's own, no other files, no network.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* @attributes: text by name (with the case of the file). @depth: 0 for the root. */
typedef void (*ClrImportElement) (const char *name, unsigned depth, GHashTable *attributes, void *data);

/* Returns: FALSE with @error (G_IO_ERROR_INVALID_DATA) when it is no XML, or more than would be read. */
gboolean clr_import_xml_read (const char *text, gsize size, ClrImportElement see, void *data, GError **error);
/* An attribute's text, "" when it is not there; the case of its name does not matter. */
const char *clr_import_xml_get (GHashTable *attributes, const char *name);

G_END_DECLS
