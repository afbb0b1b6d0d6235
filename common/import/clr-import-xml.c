/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/clr-import-xml.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <libxml/xmlreader.h>
#include <string.h>

#define DEPTH_MOST      64
#define ELEMENTS_MOST   1000000
#define ATTRIBUTES_MOST 500

static void
be_silent (void *data, const char *message, xmlParserSeverities severity, xmlTextReaderLocatorPtr place)
{
  char **problem = data;

  if (*problem == NULL)
    *problem
        = g_strdup_printf (_ ("line %d: %s"), xmlTextReaderLocatorLineNumber (place), message ? message : "");
}

const char *
clr_import_xml_get (GHashTable *attributes, const char *name)
{
  GHashTableIter iter;
  void *key, *value;

  g_hash_table_iter_init (&iter, attributes);
  while (g_hash_table_iter_next (&iter, &key, &value))
    if (g_ascii_strcasecmp (key, name) == 0)
      return value;
  return "";
}

static GHashTable *
read_attributes (xmlTextReaderPtr reader)
{
  GHashTable *attributes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (unsigned n = 0; n < ATTRIBUTES_MOST && xmlTextReaderMoveToNextAttribute (reader) == 1; n++)
    {
      const char *name = (const char *)xmlTextReaderConstLocalName (reader);
      const char *value = (const char *)xmlTextReaderConstValue (reader);

      if (name)
        g_hash_table_replace (attributes, g_strdup (name), g_strdup (value ? value : ""));
    }
  xmlTextReaderMoveToElement (reader);
  return attributes;
}

/* Returns: 0 at the end, else not all was read. */
static int
read_all (xmlTextReaderPtr reader, ClrImportElement see, void *data, const char **why)
{
  int more;

  for (unsigned n = 0; (more = xmlTextReaderRead (reader)) == 1;)
    {
      int kind = xmlTextReaderNodeType (reader), depth = xmlTextReaderDepth (reader);

      *why = kind == XML_READER_TYPE_DOCUMENT_TYPE
                 ? _ ("it has a document type, which these files do not have")
             : depth > DEPTH_MOST || n > ELEMENTS_MOST ? _ ("it is nested too deep, or has too many elements")
                                                       : NULL;
      if (*why)
        return -1;
      if (kind != XML_READER_TYPE_ELEMENT)
        continue;
      n++;
      g_autofree char *name = g_strdup ((const char *)xmlTextReaderConstLocalName (reader));
      g_autoptr (GHashTable) attributes = read_attributes (reader);
      see (name ? name : "", depth, attributes, data);
    }
  return more;
}

gboolean
clr_import_xml_read (const char *text, gsize size, ClrImportElement see, void *data, GError **error)
{
  xmlTextReaderPtr reader
      = size > 0 && size <= G_MAXINT
            ? xmlReaderForMemory (text, size, NULL, NULL, XML_PARSE_NONET | XML_PARSE_COMPACT)
            : NULL;
  g_autofree char *problem = NULL;
  const char *why = NULL;
  int ended = -1;

  if (reader)
    {
      xmlTextReaderSetErrorHandler (reader, be_silent, &problem);
      ended = read_all (reader, see, data, &why);
      xmlFreeTextReader (reader);
    }
  if (ended == 0)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _ ("this is no XML file that can be read (%s)"),
               why       ? why
               : problem ? g_strstrip (problem)
                         : _ ("it is empty"));
  return FALSE;
}
