/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "alerts/clr-alert-notice.h"

#include "control/clr-json.h"
#include "mail/clr-date.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <string.h>

const char *
clr_alert_change_get_name (ClrAlertChange change)
{
  static const char *const names[]
      = { [CLR_ALERT_RAISED] = "raised", [CLR_ALERT_REMINDED] = "reminded", [CLR_ALERT_CLEARED] = "cleared" };

  return names[change];
}

char *
clr_alert_time_to_text (int64_t time_us)
{
  int64_t minutes = MAX (time_us, 0) / (60 * G_GINT64_CONSTANT (1000000));

  if (minutes < 60)
    return g_strdup_printf (_ ("%d min"), (int)minutes);
  if (minutes < 48 * 60)
    return g_strdup_printf (_ ("%d h %d min"), (int)(minutes / 60), (int)(minutes % 60));
  return g_strdup_printf (_ ("%d days"), (int)(minutes / (24 * 60)));
}

/* A header field holds ASCII only, and no line end. */
static void
append_ascii (GString *text, const char *value)
{
  for (; *value; value++)
    g_string_append_c (text, *value >= ' ' && *value < 127 ? *value : '?');
}

static void
append_line (GString *text, const char *line)
{
  for (; *line; line++)
    g_string_append_c (text, *line == '\r' || *line == '\n' ? ' ' : *line);
  g_string_append (text, "\r\n");
}

static const char *
get_sentence (const char *change)
{
  static const struct
  {
    const char *change, *sentence;
  } sentences[] = {
    { "raised", N_ ("This alert of the mail relay %s has been raised:") },
    { "reminded", N_ ("This alert of the mail relay %s goes on:") },
    { "cleared", N_ ("This alert of the mail relay %s is over:") },
    { "test", N_ ("This is a test of the alerts of the mail relay %s. Nothing is wrong.") },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (sentences); i++)
    if (g_str_equal (sentences[i].change, change))
      return _ (sentences[i].sentence);
  return "%s";
}

GBytes *
clr_alert_notice_write_mail (const ClrAlertNotice *notice, const ClrAlert *alert)
{
  GString *text = g_string_new (NULL);
  char date[CLR_DATE_TEXT];
  g_autofree char *since = alert->raised_us ? clr_time_to_text (alert->raised_us) : NULL;
  g_auto (GStrv) head = g_strsplit (get_sentence (notice->change), "%s", 2);
  g_autofree char *sentence = g_strjoinv (notice->hostname, head);

  clr_date_to_text (notice->now_us, date);
  g_string_append_printf (text, "From: <%s>\r\nTo: <%s>\r\nDate: %s\r\nSubject: ", notice->from, notice->to,
                          date);
  append_ascii (text, notice->hostname);
  g_string_append_printf (text, ": alert %s: ", notice->change);
  append_ascii (text, alert->name);
  /* RFC 3834 section 5: nobody answers by machine. */
  g_string_append (text,
                   "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                   "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
  append_line (text, sentence);
  g_string_append (text, "\r\n    ");
  append_line (text, alert->text ? alert->text : "");
  g_string_append_printf (text, "\r\nalert %s, kind %s", alert->name, clr_alert_kind_get_name (alert->kind));
  if (*alert->subject)
    g_string_append_printf (text, ", %s", alert->subject);
  if (since)
    g_string_append_printf (text, ", since %s", since);
  g_string_append (text, "\r\nclrelay alert list\r\n");
  return g_string_free_to_bytes (text);
}

GBytes *
clr_alert_notice_write_json (const ClrAlertNotice *notice, const ClrAlert *alert)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  g_autofree char *since = clr_time_to_text (alert->raised_us ? alert->raised_us : notice->now_us);
  g_autofree char *now = clr_time_to_text (notice->now_us);
  char *text;

  json_object_set_string_member (object, "relay", notice->hostname);
  json_object_set_string_member (object, "change", notice->change);
  json_object_set_string_member (object, "alert", alert->name);
  json_object_set_string_member (object, "kind", clr_alert_kind_get_name (alert->kind));
  json_object_set_string_member (object, "subject", alert->subject);
  json_object_set_string_member (object, "text", alert->text ? alert->text : "");
  json_object_set_int_member (object, "value", alert->value);
  json_object_set_string_member (object, "since", since);
  json_object_set_string_member (object, "time", now);
  json_node_take_object (node, object);
  text = clr_json_to_text (node, FALSE);
  return g_bytes_new_take (text, strlen (text));
}
