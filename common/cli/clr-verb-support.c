/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `clrelay support`: what somebody who helps needs to know, as one JSON document to read before it is sent.
 * No message content is in any of its sources, no secret is in the settings file; mail addresses, names to
 * log in with, hosts and IP addresses are masked unless asked for.
 */
#include "clr-place.h"

#include "clr-version.h"
#include "client/clr-mask.h"
#include "control/clr-api.h"
#include "control/clr-json.h"
#include "system/clr-file.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EVENTS_MOST 2000
#define PAGES_MOST  100

/* What cannot be had is said in its place. */
static void
add_answer (JsonObject *into, ClrPlace *place, const char *name, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = place->client ? clr_place_request (place, "GET", path, NULL, &error) : NULL;

  if (node)
    json_object_set_member (into, name, json_node_copy (node));
  else
    json_object_set_string_member (into, name, error ? error->message : "no service runs with this file");
}

static void
add_metrics (JsonObject *into, ClrPlace *place)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text
      = place->client ? clr_client_request_sync (place->client, "GET", CLR_API_METRICS, NULL, NULL, &error)
                      : NULL;

  json_object_set_string_member (into, "metrics",
                                 text    ? text
                                 : error ? error->message
                                         : "no service runs with this file");
}

/* The last events that the service still has. */
static void
add_log (JsonObject *into, ClrPlace *place)
{
  g_autoptr (JsonArray) all = json_array_new ();
  gint64 after = 0;

  for (unsigned n = 0; place->client && n < PAGES_MOST; n++)
    {
      g_autofree char *path = g_strdup_printf ("%s?after=%" G_GINT64_FORMAT "&limit=%d&wait=0", CLR_API_LOG,
                                               after, CLR_API_PAGE_MOST);
      g_autoptr (JsonNode) page = clr_place_request (place, "GET", path, NULL, NULL);
      JsonObject *object = page ? json_node_get_object (page) : NULL;
      JsonArray *events = object && json_object_has_member (object, "events")
                              ? json_object_get_array_member (object, "events")
                              : NULL;
      gint64 next = events ? json_object_get_int_member (object, "next") : after;

      for (guint i = 0; events && i < json_array_get_length (events); i++)
        json_array_add_element (all, json_node_copy (json_array_get_element (events, i)));
      while (json_array_get_length (all) > EVENTS_MOST)
        json_array_remove_element (all, 0);
      if (next == after)
        break;
      after = next;
    }
  json_object_set_array_member (into, "log", g_steal_pointer (&all));
}

/* (transfer full) */
static char *
collect (ClrPlace *place, ClrMaskFlags flags)
{
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format_iso8601 (now),
                  *system = g_get_os_info (G_OS_INFO_KEY_PRETTY_NAME);
  g_autofree char *glib
      = g_strdup_printf ("%u.%u.%u", glib_major_version, glib_minor_version, glib_micro_version);

  json_object_set_string_member (object, "version", CLR_VERSION);
  json_object_set_string_member (object, "time", time);
  json_object_set_string_member (object, "system", system ? system : "");
  json_object_set_string_member (object, "glib", glib);
  json_object_set_string_member (object, "settings", place->now->text);
  add_answer (object, place, "status", CLR_API_STATUS);
  add_answer (object, place, "oauth", CLR_API_OAUTH);
  add_metrics (object, place);
  add_log (object, place);
  json_node_take_object (root, object);
  return clr_mask_json (root, flags) ? clr_json_to_text (root, TRUE) : NULL;
}

static int
put (const char *path, const char *text)
{
  int fd = clr_file_open (path, CLR_FILE_NEW, 0600);
  gboolean ok = fd >= 0 && clr_file_write_all (fd, text, strlen (text)) && clr_file_write_all (fd, "\n", 1);
  int problem = errno;

  if (fd >= 0 && close (fd) != 0 && ok)
    {
      problem = errno;
      ok = FALSE;
    }
  if (ok)
    {
      printf (_ ("%s is written, readable by you alone. Look at it before you send it.\n"), path);
      return CLR_EXIT_OK;
    }
  fprintf (stderr, "clrelay: %s: %s\n", path, g_strerror (problem));
  return CLR_EXIT_FAILED;
}

int
clr_verb_support (ClrVerbOptions *options, int argc, char **argv)
{
  gboolean with_addresses = FALSE, with_hosts = FALSE;
  GOptionEntry entries[] = {
    { "with-addresses", 0, 0, G_OPTION_ARG_NONE, &with_addresses, N_ ("Mask no mail address and no login"),
      NULL },
    { "with-hosts", 0, 0, G_OPTION_ARG_NONE, &with_hosts, N_ ("Mask no host and no IP address"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  ClrPlace place = { 0 };
  g_autoptr (GError) error = NULL;
  int code;

  if (!clr_verb_parse (
          options, "[FILE]",
          _ ("Collects versions, settings, status, metrics and the recent log for somebody who "
             "helps: no message content, no secret, no mail address, no host. FILE must not be there yet."),
          entries, &argc, &argv, &code))
    return code;
  if (argc > 2)
    return clr_verb_usage (_ ("support takes one file"));
  if (!clr_place_open (&place, options, &error))
    return clr_verb_fail (error);
  g_autofree char *text
      = collect (&place, (with_addresses ? 0 : CLR_MASK_ADDRESSES) | (with_hosts ? 0 : CLR_MASK_HOSTS));
  clr_place_clear (&place);
  if (text == NULL)
    {
      clr_verb_complain (_ ("what was collected could not be masked; nothing was written"));
      return CLR_EXIT_FAILED;
    }
  if (argc == 2)
    return put (argv[1], text);
  printf ("%s\n", text);
  return CLR_EXIT_OK;
}
