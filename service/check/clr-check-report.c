/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-check-report.h"

#include "check/clr-check-message.h"
#include "mail/clr-mime.h"
#include "mail/clr-unpack.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct
{
  char first;
  GBytes *found;
  const char *problem; /* of the first part that could have been it */
} Search;

static gboolean
begins_with (GBytes *bytes, char first)
{
  gsize size;
  const char *text = g_bytes_get_data (bytes, &size);

  if (size >= 3 && memcmp (text, "\xef\xbb\xbf", 3) == 0)
    {
      text += 3;
      size -= 3;
    }
  while (size > 0 && g_ascii_isspace (*text))
    {
      text++;
      size--;
    }
  return size > 0 && *text == first;
}

static gboolean
is_packed (const char *bytes, gsize size)
{
  return size > 3 && (memcmp (bytes, "\x1f\x8b", 2) == 0 || memcmp (bytes, "PK\3\4", 4) == 0);
}

/* The text of a report may be a part of its own, too: what it begins with decides, types are as reporters
 * please. */
static gboolean
on_part (const ClrMimePart *part, void *data)
{
  Search *search = data;
  g_autoptr (GString) octets = clr_mime_part_dup_octets (part, CLR_UNPACK_MOST);
  g_autoptr (GBytes) bytes = NULL;
  const char *problem = NULL;

  if (g_str_equal (part->type, "text/html"))
    return TRUE;
  bytes = clr_unpack (octets->str, octets->len, CLR_UNPACK_MOST, &problem);
  if (bytes && begins_with (bytes, search->first))
    search->found = g_steal_pointer (&bytes);
  else if (bytes == NULL && search->problem == NULL)
    search->problem = problem;
  return search->found == NULL;
}

static GBytes *
search_message (ClrCheckMessage *message, char first, char **problem)
{
  Search search = { .first = first };

  clr_mime_walk (message->bytes, message->size, on_part, &search);
  if (search.found == NULL)
    *problem = g_strdup (search.problem ? search.problem : _ ("there is no report in it"));
  return search.found;
}

/* A file that is the report itself, packed or not; NULL without @problem: it is something else. */
static GBytes *
open_file (const char *file, char first, char **problem)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GMappedFile) mapped = g_mapped_file_new (file, FALSE, &error);
  g_autoptr (GBytes) bytes = NULL;
  const char *why = NULL;

  if (mapped == NULL)
    {
      *problem = g_strdup (error->message);
      return NULL;
    }
  gsize size = g_mapped_file_get_length (mapped);
  const char *octets = g_mapped_file_get_contents (mapped);
  g_autoptr (GBytes) view = g_bytes_new_static (size ? octets : "", size);

  if (!begins_with (view, first) && !is_packed (octets, size))
    return NULL;
  bytes = clr_unpack (octets, size, CLR_UNPACK_MOST, &why);
  if (bytes == NULL)
    *problem = g_strdup (why);
  else if (!begins_with (bytes, first))
    {
      *problem = g_strdup (_ ("what is packed in it is no report"));
      return NULL;
    }
  return g_steal_pointer (&bytes);
}

GBytes *
clr_check_report_open (JsonObject *in, char first, char **problem)
{
  const char *file = json_object_get_string_member_with_default (in, "file", NULL);
  const char *text = json_object_get_string_member_with_default (in, "message", NULL);
  ClrCheckMessage message;
  GBytes *found = NULL;

  *problem = NULL;
  if (file && text == NULL)
    found = open_file (file, first, problem);
  else if (text && file == NULL)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

      if (begins_with (bytes, first))
        found = g_steal_pointer (&bytes);
    }
  if (found || *problem)
    return found;
  *problem = clr_check_message_open (&message, in);
  if (*problem)
    return NULL;
  found = search_message (&message, first, problem);
  clr_check_message_close (&message);
  return found;
}
