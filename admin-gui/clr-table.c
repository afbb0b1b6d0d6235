/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-table.h"

#include <string.h>

static const char *const message_columns[]
    = { "id", "received", "sender", "subject", "message-id", "device", "client" };
static const char *const recipient_columns[]
    = { "address", "state", "attempts", "last-attempt", "host", "code", "enhanced", "reply" };

static void
append (GString *into, const char *text)
{
  g_string_append (into, into->len == 0 || into->str[into->len - 1] == '\n' ? "\"" : ",\"");
  /* Whoever sends mail chooses these texts. */
  if (strchr ("=+-@\t\r", *text) && *text)
    g_string_append_c (into, '\'');
  for (; *text; text++)
    {
      if (*text == '"')
        g_string_append_c (into, '"');
      g_string_append_c (into, *text);
    }
  g_string_append_c (into, '"');
}

static void
append_property (GString *into, GObject *object, const char *name)
{
  g_auto (GValue) value = G_VALUE_INIT;
  g_autofree char *number = NULL;

  g_object_get_property (object, name, &value);
  if (G_VALUE_HOLDS_INT64 (&value))
    number = g_strdup_printf ("%" G_GINT64_FORMAT, g_value_get_int64 (&value));
  const char *text = number ? number : g_value_get_string (&value);
  append (into, text ? text : "");
}

void
clr_table_append_head (GString *table)
{
  for (guint i = 0; i < G_N_ELEMENTS (message_columns); i++)
    append (table, message_columns[i]);
  for (guint i = 0; i < G_N_ELEMENTS (recipient_columns); i++)
    append (table, recipient_columns[i]);
  g_string_append (table, "\r\n");
}

void
clr_table_append_message (GString *table, GObject *message)
{
  g_autoptr (GListModel) recipients = NULL;

  g_object_get (message, "recipients", &recipients, NULL);
  for (guint r = 0; recipients && r < g_list_model_get_n_items (recipients); r++)
    {
      g_autoptr (GObject) recipient = g_list_model_get_item (recipients, r);

      for (guint i = 0; i < G_N_ELEMENTS (message_columns); i++)
        append_property (table, message, message_columns[i]);
      for (guint i = 0; i < G_N_ELEMENTS (recipient_columns); i++)
        append_property (table, recipient, recipient_columns[i]);
      g_string_append (table, "\r\n");
    }
}
