/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-check.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static const ClrCheckOption dkim_options[] = {
  { "file", CLR_CHECK_FILE, "FILE", N_ ("A message as it came; - is standard input") },
  { "message", CLR_CHECK_TEXT, "TEXT", N_ ("The message itself, instead of a file") },
  { "now", CLR_CHECK_NUMBER, "EPOCH", N_ ("Seconds since 1970 to check at, instead of now") },
  { NULL },
};

static const ClrCheckOption address_options[] = {
  { "address", CLR_CHECK_TEXT, "ADDRESS", N_ ("An envelope address such as user@example.com") },
  { "path", CLR_CHECK_TEXT, "PATH", N_ ("What stands behind MAIL FROM: or RCPT TO:, instead of an address") },
  { "lenient", CLR_CHECK_FLAG, NULL, N_ ("With --path: as for a device with lenient-commands") },
  { NULL },
};

static const ClrCheckOption route_options[] = {
  { "to", CLR_CHECK_TEXT, "ADDRESS", N_ ("The recipient") },
  { "from", CLR_CHECK_TEXT, "ADDRESS", N_ ("The sender; its domain chooses the DKIM keys") },
  { "client", CLR_CHECK_TEXT, "IP", N_ ("The address the client connects from") },
  { "device", CLR_CHECK_TEXT, "NAME", N_ ("Or the device it is") },
  { "config", CLR_CHECK_FILE, "FILE", N_ ("Settings file") },
  { NULL },
};

static const ClrCheckOption relay_options[] = {
  { "config", CLR_CHECK_FILE, "FILE", N_ ("Settings file") },
  { "settings", CLR_CHECK_TEXT, "TEXT", N_ ("The text of a settings file, instead") },
  { NULL },
};

static const ClrCheckOption domain_options[] = {
  { "domain", CLR_CHECK_TEXT, "DOMAIN", N_ ("A domain that mail is sent from") },
  { "config", CLR_CHECK_FILE, "FILE", N_ ("Settings file") },
  { NULL },
};

static const ClrCheckOption ports_options[] = {
  { "to", CLR_CHECK_LIST, "HOST[:PORT]",
    N_ ("A mail server or domain to reach, instead of those of the settings; may be repeated") },
  { "helo", CLR_CHECK_TEXT, "NAME", N_ ("The name that the relay says, instead of the settings' host name") },
  { "address", CLR_CHECK_TEXT, "IP", N_ ("The address that others see, where a router hides it") },
  { "timeout", CLR_CHECK_NUMBER, "SECONDS", N_ ("How long all of it may take (10)") },
  { "config", CLR_CHECK_FILE, "FILE", N_ ("Settings file") },
  { NULL },
};

static const ClrCheckOption mta_sts_options[] = {
  { "domain", CLR_CHECK_TEXT, "DOMAIN",
    N_ ("The recipients' domain: its record, policy and mail exchangers") },
  { "record", CLR_CHECK_TEXT, "TEXT", N_ ("A TXT record of _mta-sts, instead of a domain") },
  { "policy", CLR_CHECK_FILE, "FILE", N_ ("A policy, instead of the domain's; in JSON also its text") },
  { "content-type", CLR_CHECK_TEXT, "TYPE", N_ ("The type that a policy came with") },
  { "ca-file", CLR_CHECK_FILE, "FILE",
    N_ ("Authorities that are trusted for the policy host (the system's)") },
  { "port", CLR_CHECK_NUMBER, "PORT", N_ ("Of the policy host (443)") },
  { "mx", CLR_CHECK_LIST, "HOST", N_ ("A mail exchanger to compare with the policy; may be repeated") },
  { NULL },
};

static const ClrCheckOption dane_options[] = {
  { "host", CLR_CHECK_TEXT, "HOST", N_ ("A mail server: its TLSA records") },
  { "tlsa", CLR_CHECK_LIST, "\"3 1 1 HEX\"", N_ ("A TLSA record, instead of the host's; may be repeated") },
  { "chain", CLR_CHECK_LIST, "PEM",
    N_ ("The certificates that it shows, its own first; a file, or the text") },
  { "name", CLR_CHECK_LIST, "NAME", N_ ("Names that its certificate may have, instead of the host's") },
  { "port", CLR_CHECK_NUMBER, "PORT", N_ ("Of the host (25)") },
  { "now", CLR_CHECK_NUMBER, "EPOCH", N_ ("Seconds since 1970 to check at, instead of now") },
  { NULL },
};

static const ClrCheckOption spf_options[] = {
  { "ip", CLR_CHECK_TEXT, "IP", N_ ("The address the client connects from") },
  { "mail-from", CLR_CHECK_TEXT, "ADDRESS",
    N_ ("The envelope sender; without one, the name in HELO counts") },
  { "helo", CLR_CHECK_TEXT, "NAME", N_ ("The name the client says in HELO or EHLO") },
  { "receiver", CLR_CHECK_TEXT, "NAME", N_ ("The host that receives, for the macro r") },
  { "default-explanation", CLR_CHECK_TEXT, "TEXT", N_ ("What explains a fail when the domain does not") },
  { "macro", CLR_CHECK_TEXT, "TEXT", N_ ("Expand these macros instead, for this sender") },
  { "domain", CLR_CHECK_TEXT, "NAME", N_ ("With --macro: the domain of the record, for the macro d") },
  { "now", CLR_CHECK_NUMBER, "EPOCH", N_ ("Seconds since 1970 to check at, instead of now") },
  { NULL },
};

static const ClrCheckOption dmarc_report_options[] = {
  { "file", CLR_CHECK_FILE, "FILE",
    N_ ("A report in XML, also in gzip or ZIP, or a message that one is attached to; - is standard input") },
  { "message", CLR_CHECK_TEXT, "TEXT", N_ ("The report or the message itself, instead of a file") },
  { NULL },
};

static const ClrCheckOption tlsrpt_options[] = {
  { "domain", CLR_CHECK_TEXT, "DOMAIN", N_ ("A domain: where it wants reports on TLS") },
  { "record", CLR_CHECK_TEXT, "TEXT", N_ ("A TXT record of _smtp._tls, instead of a domain") },
  { "report", CLR_CHECK_FILE, "FILE",
    N_ ("A report in JSON, also in gzip, or a message that one is attached to, instead of a domain") },
  { NULL },
};

static const ClrCheckOption dmarc_options[] = {
  { "file", CLR_CHECK_FILE, "FILE", N_ ("A message as it came; - is standard input") },
  { "message", CLR_CHECK_TEXT, "TEXT", N_ ("The message itself, instead of a file") },
  { "ip", CLR_CHECK_TEXT, "IP", N_ ("The address the client connected from: SPF is checked too") },
  { "mail-from", CLR_CHECK_TEXT, "ADDRESS", N_ ("With --ip: the envelope sender") },
  { "helo", CLR_CHECK_TEXT, "NAME", N_ ("With --ip: the name said in HELO or EHLO") },
  { "from", CLR_CHECK_TEXT, "ADDRESS", N_ ("The author's address or domain, instead of a message") },
  { "spf-domain", CLR_CHECK_LIST, "DOMAIN", N_ ("A domain that passed SPF") },
  { "spf-result", CLR_CHECK_TEXT, "RESULT", N_ ("With --spf-domain: what SPF said, if not pass") },
  { "dkim", CLR_CHECK_LIST, "DOMAIN[=RESULT]", N_ ("A domain whose signature passed; may be repeated") },
  { "record", CLR_CHECK_TEXT, "TEXT", N_ ("A DMARC record: is it one, and what does it say") },
  { "now", CLR_CHECK_NUMBER, "EPOCH", N_ ("Seconds since 1970 to check at, instead of now") },
  { NULL },
};

static const ClrCheckOption arf_options[] = {
  { "file", CLR_CHECK_FILE, "FILE", N_ ("A message as it came; - is standard input") },
  { "message", CLR_CHECK_TEXT, "TEXT", N_ ("The message itself, instead of a file") },
  { NULL },
};

static const ClrCheckOption authres_options[] = {
  { "file", CLR_CHECK_FILE, "FILE", N_ ("A message as it came; - is standard input") },
  { "message", CLR_CHECK_TEXT, "TEXT", N_ ("The message itself, instead of a file") },
  { "value", CLR_CHECK_TEXT, "TEXT", N_ ("The value of one field, instead of a message") },
  { "id", CLR_CHECK_TEXT, "NAME", N_ ("Our own name: fields from outside that bear it are forged") },
  { NULL },
};

static const ClrCheckRow table[] = {
  { "dkim", N_ ("the DKIM signatures of a message"), dkim_options, clr_check_dkim },
  { "arc", N_ ("the chain of ARC sets of a message; shown, never trusted"), dkim_options, clr_check_arc },
  { "spf", N_ ("whether a domain lets a client send for it"), spf_options, clr_check_spf },
  { "dmarc", N_ ("whether a message is its author's, and what the author's domain asks for"), dmarc_options,
    clr_check_dmarc },
  { "dmarc-report", N_ ("an aggregate report of DMARC: who sent mail in a domain's name, and how it fared"),
    dmarc_report_options, clr_check_dmarc_report },
  { "arf", N_ ("whether a message is a feedback report, and what it says"), arf_options, clr_check_arf },
  { "authres", N_ ("what the Authentication-Results fields of a message say"), authres_options,
    clr_check_authres },
  { "address", N_ ("whether an address may stand in an envelope, and what it needs"), address_options,
    clr_check_address },
  { "domain", N_ ("what mail of a domain needs in the DNS, what is found there, and the verdict"),
    domain_options, clr_check_domain },
  { "route", N_ ("which way mail to a recipient would take, and how"), route_options, clr_check_route },
  { "ports",
    N_ ("whether mail servers can be reached on port 25, and the relay's name, PTR and address agree"),
    ports_options, clr_check_ports },
  { "relay", N_ ("whether strangers could send through the listeners: their dialogues, played through"),
    relay_options, clr_check_relay },
  { "mta-sts", N_ ("the MTA-STS record and policy of a domain, and whether its exchangers fit"),
    mta_sts_options, clr_check_mta_sts },
  { "dane", N_ ("the TLSA records of a mail server, and whether its certificates fit"), dane_options,
    clr_check_dane },
  { "tlsrpt", N_ ("where a domain wants reports on TLS to be sent, or what such a report says"),
    tlsrpt_options, clr_check_tlsrpt },
};

const ClrCheckRow *
clr_check_get_table (unsigned *n_rows)
{
  *n_rows = G_N_ELEMENTS (table);
  return table;
}

const ClrCheckRow *
clr_check_find (const char *name)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (table); i++)
    if (g_str_equal (table[i].name, name))
      return &table[i];
  return NULL;
}

static gboolean
fits (JsonNode *node, ClrCheckKind kind)
{
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_NONE;

  if (kind == CLR_CHECK_FLAG)
    return type == G_TYPE_BOOLEAN;
  if (kind == CLR_CHECK_LIST && JSON_NODE_HOLDS_ARRAY (node))
    return TRUE;
  if (kind == CLR_CHECK_NUMBER)
    return type == G_TYPE_INT64
           || (type == G_TYPE_STRING
               && g_ascii_string_to_signed (json_node_get_string (node), 10, G_MININT64, G_MAXINT64, NULL,
                                            NULL));
  return type == G_TYPE_STRING;
}

/* Returns: NULL, or what is wrong. (transfer full) */
static char *
find_wrong_member (const ClrCheckRow *row, JsonObject *in, JsonArray *ignored)
{
  static const char *const needed[]
      = { N_ ("text"), N_ ("text"), N_ ("a number"), N_ ("true or false"), N_ ("a list") };
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init (&iter, in);
  while (json_object_iter_next (&iter, &name, &node))
    {
      const ClrCheckOption *option = row->options;

      if (g_str_equal (name, "id"))
        continue;
      if (g_str_equal (name, "zone"))
        {
          if (!JSON_NODE_HOLDS_OBJECT (node))
            return g_strdup (_ ("zone: an object of names is needed"));
          continue;
        }
      while (option->name && !g_str_equal (option->name, name))
        option++;
      if (option->name == NULL)
        json_array_add_string_element (ignored, name);
      else if (!fits (node, option->kind))
        return g_strdup_printf (_ ("%s: %s is needed"), name, _ (needed[option->kind]));
    }
  return NULL;
}

/* Published cases write "content_type", options are written "content-type". */
static void
fold_names (JsonObject *in)
{
  g_autoptr (GList) names = json_object_get_members (in);

  for (GList *each = names; each; each = each->next)
    if (strchr (each->data, '_'))
      {
        g_autofree char *folded = g_strdelimit (g_strdup (each->data), "_", '-');
        if (!json_object_has_member (in, folded))
          {
            json_object_set_member (in, folded, json_node_copy (json_object_get_member (in, each->data)));
            json_object_remove_member (in, each->data);
          }
      }
}

JsonNode *
clr_check_run (const ClrCheckRow *row, JsonObject *in, ClrZone *zone)
{
  g_autoptr (JsonArray) ignored = json_array_new ();
  g_autofree char *wrong = NULL;
  g_autoptr (ClrZone) own = NULL;
  JsonNode *answer;

  fold_names (in);
  wrong = find_wrong_member (row, in, ignored);
  if (wrong)
    return clr_check_answer ("error", wrong, NULL);
  if (json_object_has_member (in, "zone"))
    own = clr_zone_new_from_json (json_object_get_object_member (in, "zone"));
  answer = row->run (in, own ? own : zone);
  if (json_array_get_length (ignored) > 0)
    json_object_set_array_member (json_node_get_object (answer), "ignored", g_steal_pointer (&ignored));
  return answer;
}

gboolean
clr_check_is_good (const char *result)
{
  return g_str_equal (result, "pass") || g_str_equal (result, "ok") || g_str_equal (result, "valid")
         || g_str_equal (result, "match");
}

JsonNode *
clr_check_answer (const char *result, const char *reason, JsonObject *details)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "result", result);
  if (reason)
    json_object_set_string_member (object, "reason", reason);
  if (details)
    json_object_set_object_member (object, "details", details);
  json_node_take_object (node, object);
  return node;
}

const char *
clr_check_get_text (JsonObject *in, const char *name)
{
  return json_object_get_string_member_with_default (in, name, NULL);
}

gint64
clr_check_get_number (JsonObject *in, const char *name, gint64 fallback)
{
  JsonNode *node = json_object_get_member (in, name);

  if (node == NULL)
    return fallback;
  return json_node_get_value_type (node) == G_TYPE_STRING
             ? g_ascii_strtoll (json_node_get_string (node), NULL, 10)
             : json_node_get_int (node);
}

JsonArray *
clr_check_get_list (JsonObject *in, const char *name)
{
  JsonNode *node = json_object_get_member (in, name);
  JsonArray *list;

  if (node == NULL)
    return NULL;
  if (JSON_NODE_HOLDS_ARRAY (node))
    return json_array_ref (json_node_get_array (node));
  list = json_array_new ();
  json_array_add_element (list, json_node_copy (node));
  return list;
}
