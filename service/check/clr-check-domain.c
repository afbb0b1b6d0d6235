/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What must stand in the DNS for mail of a domain that this relay sends, what is found there, and the
 * verdict: SPF, DKIM of each key, DMARC, MX, the names of the relay, MTA-STS and TLSRPT.
 */
#include "check/clr-check-domain.h"

#include "auth/clr-dkim-key.h"
#include "auth/clr-dkim-record.h"
#include "auth/clr-dmarc.h"
#include "auth/clr-spf-merge.h"
#include "auth/clr-spf-record.h"
#include "auth/clr-spf.h"
#include "base/clr-domain.h"
#include "check/clr-check-question.h"
#include "check/clr-check.h"
#include "net/clr-endpoint.h"
#include "settings/clr-settings.h"
#include "system/clr-data.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define LOOKUPS_MOST   10u /* RFC 7208 section 4.6.4 */
#define COUNTED_MOST   40u /* records looked at to count them */
#define ADDRESSES_MOST 8u

typedef struct
{
  ClrZone *zone;
  ClrSettings *settings;
  JsonObject *in;
  const char *domain;
  const char *hostname;
  GPtrArray *addresses; /* of the host name, as text */
  JsonArray *items;
  ClrDomainVerdict worst;
} Case;

static const char *const verdict_names[]
    = { [CLR_DOMAIN_OK] = "ok",           [CLR_DOMAIN_NONE] = "none",       [CLR_DOMAIN_UNKNOWN] = "unknown",
        [CLR_DOMAIN_WARNING] = "warning", [CLR_DOMAIN_MISSING] = "missing", [CLR_DOMAIN_WRONG] = "wrong" };

/* One line of the answer. @text: taken. (transfer none) */
static JsonObject *
add (Case *one, const char *what, ClrDomainVerdict verdict, char *text)
{
  JsonObject *item = json_object_new ();

  json_object_set_string_member (item, "what", what);
  json_object_set_string_member (item, "verdict", verdict_names[verdict]);
  clr_check_set_text (item, "text", text);
  g_free (text);
  json_array_add_object_element (one->items, item);
  if (verdict != CLR_DOMAIN_NONE)
    one->worst = MAX (one->worst, verdict);
  return item;
}

static void
set_record (JsonObject *item, const char *name, const char *needed, const GPtrArray *found)
{
  json_object_set_string_member (item, "name", name);
  json_object_set_string_member (item, "type", "TXT");
  clr_check_set_text (item, "needed", needed);
  if (found)
    clr_check_set_texts (item, "found", found);
}

static gboolean
is_temporary (ClrZoneStatus status)
{
  return status == CLR_ZONE_SERVFAIL || status == CLR_ZONE_TIMEOUT;
}

/* The TXT records at @name that @is_one says are meant. */
static ClrZoneStatus
find_texts (Case *one, const char *name, gboolean (*is_one) (const char *text), GPtrArray **texts)
{
  g_autoptr (GPtrArray) values = NULL;
  ClrZoneStatus status = clr_zone_find (one->zone, name, "TXT", &values);

  *texts = g_ptr_array_new_with_free_func (g_free);
  for (unsigned i = 0; i < values->len; i++)
    if (is_one (g_ptr_array_index (values, i)))
      g_ptr_array_add (*texts, g_strdup (g_ptr_array_index (values, i)));
  return status;
}

static char *
no_answer (const char *name)
{
  return g_strdup_printf (_ ("the DNS gives no answer for %s at the moment"), name);
}

/* -- the relay's own names */

static void
find_addresses (Case *one)
{
  static const char *const types[] = { "A", "AAAA" };

  one->addresses = g_ptr_array_new_with_free_func (g_free);
  for (unsigned i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (GPtrArray) values = NULL;

      clr_zone_find (one->zone, one->hostname, types[i], &values);
      for (unsigned k = 0; k < values->len && one->addresses->len < ADDRESSES_MOST; k++)
        g_ptr_array_add (one->addresses, g_strdup (g_ptr_array_index (values, k)));
    }
}

/* Others require that the address has a name, and that name the address. */
static void
check_pointer (Case *one, const char *address)
{
  ClrSpfAddress parsed;
  g_autofree char *name = NULL;
  g_autoptr (GPtrArray) names = NULL;
  ClrZoneStatus status;
  gboolean fits = FALSE;
  JsonObject *item;

  if (!clr_spf_address_parse (&parsed, address))
    return;
  name = clr_spf_address_dup_reverse_name (&parsed);
  status = clr_zone_find (one->zone, name, "PTR", &names);
  for (unsigned i = 0; i < names->len; i++)
    {
      char *host = g_ptr_array_index (names, i);
      size_t size = strlen (host);

      if (size > 0 && host[size - 1] == '.')
        host[size - 1] = 0;
      fits = fits || g_ascii_strcasecmp (host, one->hostname) == 0;
    }
  item
      = add (one, "ptr",
             fits                    ? CLR_DOMAIN_OK
             : is_temporary (status) ? CLR_DOMAIN_UNKNOWN
             : names->len > 0        ? CLR_DOMAIN_WARNING
                                     : CLR_DOMAIN_MISSING,
             fits ? g_strdup_printf (_ ("%s has the name %s, which has that address"), address, one->hostname)
             : is_temporary (status)
                 ? no_answer (name)
                 : g_strdup_printf (_ ("%s should have the name %s; whoever gives you the address sets it"),
                                    address, one->hostname));
  json_object_set_string_member (item, "name", name);
  json_object_set_string_member (item, "type", "PTR");
  json_object_set_string_member (item, "needed", one->hostname);
  clr_check_set_texts (item, "found", names);
}

static void
check_host (Case *one)
{
  JsonObject *item;

  if (one->addresses->len == 0)
    item = add (
        one, "helo", CLR_DOMAIN_MISSING,
        g_strdup_printf (_ ("the relay calls itself %s, which has no address in the DNS"), one->hostname));
  else
    item = add (one, "helo", CLR_DOMAIN_OK,
                g_strdup_printf (_ ("the relay calls itself %s, which has an address"), one->hostname));
  json_object_set_string_member (item, "name", one->hostname);
  json_object_set_string_member (item, "type", "A");
  clr_check_set_texts (item, "found", one->addresses);
  for (unsigned i = 0; i < one->addresses->len; i++)
    check_pointer (one, g_ptr_array_index (one->addresses, i));
}

/* -- SPF */

/* What providers say is to be included, by where mail for them goes. */
static const char *
find_include (const char *host)
{
  static const struct
  {
    const char *suffix, *mechanism;
  } known[] = {
    { "mail.protection.outlook.com", "include:spf.protection.outlook.com" },
    { "smtp.office365.com", "include:spf.protection.outlook.com" },
    { "smtp-relay.gmail.com", "include:_spf.google.com" },
    { "smtp.gmail.com", "include:_spf.google.com" },
    { "amazonaws.com", "include:amazonses.com" },
    { "sendgrid.net", "include:sendgrid.net" },
    { "mailgun.org", "include:mailgun.org" },
    { "mailjet.com", "include:spf.mailjet.com" },
    { "brevo.com", "include:spf.brevo.com" },
    { "mtasv.net", "include:spf.mtasv.net" },
    { "postmarkapp.com", "include:spf.mtasv.net" },
  };
  g_autofree char *name = g_ascii_strdown (host, -1);

  name[strcspn (name, ":")] = 0;
  for (unsigned i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_str_equal (name, known[i].suffix)
        || (g_str_has_suffix (name, known[i].suffix)
            && name[strlen (name) - strlen (known[i].suffix) - 1] == '.'))
      return known[i].mechanism;
  return NULL;
}

static void
add_once (GPtrArray *list, char *text)
{
  if (g_ptr_array_find_with_equal_func (list, text, g_str_equal, NULL))
    g_free (text);
  else
    g_ptr_array_add (list, text);
}

static void
add_source (GPtrArray *mechanisms, ClrSection *section, const char *hostname)
{
  const char *source = clr_section_get_text (section, "source-address");

  if (source)
    add_once (mechanisms, g_strdup_printf (strchr (source, ':') ? "ip6:%s" : "ip4:%s", source));
  else
    add_once (mechanisms, g_strdup_printf ("a:%s", hostname));
}

/* @mechanisms: what lets our mail pass. @strangers: smarthosts of which nobody here knows that. */
static void
collect_ways (Case *one, GPtrArray *mechanisms, GPtrArray *strangers)
{
  GPtrArray *routes = clr_settings_get_sections (one->settings, "route");

  for (unsigned i = 0; i < routes->len; i++)
    {
      ClrSection *route = g_ptr_array_index (routes, i), *smarthost;
      const char *via = clr_section_get_text (route, "via");
      const char *const *host;
      const char *include = NULL;

      if (g_str_equal (via, "mx"))
        add_source (mechanisms, route, one->hostname);
      if (!g_str_has_prefix (via, "smarthost:"))
        continue;
      smarthost = clr_settings_find (one->settings, "smarthost", via + strlen ("smarthost:"));
      for (host = smarthost ? clr_section_get_list (smarthost, "hosts") : NULL; host && *host && !include;
           host++)
        include = find_include (*host);
      if (include)
        add_once (mechanisms, g_strdup (include));
      else
        add_once (strangers, g_strdup (via + strlen ("smarthost:")));
    }
}

/* Terms that cause look-ups, in this record and those it includes. */
static void
count_lookups (Case *one, const char *text, unsigned *n, unsigned *records)
{
  g_autofree char *problem = NULL;
  g_autoptr (ClrSpfRecord) record = clr_spf_record_parse (text, &problem);
  g_autoptr (GPtrArray) targets = g_ptr_array_new ();

  if (record == NULL || ++*records > COUNTED_MOST)
    return;
  for (unsigned i = 0; i < record->terms->len; i++)
    {
      const ClrSpfTerm *term = &g_array_index (record->terms, ClrSpfTerm, i);

      *n += term->mechanism != CLR_SPF_ALL && term->mechanism != CLR_SPF_IP4
            && term->mechanism != CLR_SPF_IP6;
      if (term->mechanism == CLR_SPF_INCLUDE && term->target)
        g_ptr_array_add (targets, term->target);
    }
  if (record->redirect)
    {
      ++*n;
      g_ptr_array_add (targets, record->redirect);
    }
  for (unsigned i = 0; i < targets->len; i++)
    {
      const char *target = g_ptr_array_index (targets, i);
      g_autoptr (GPtrArray) texts = NULL;

      if (strchr (target, '%') || *records >= COUNTED_MOST)
        continue;
      find_texts (one, target, clr_spf_record_is_one, &texts);
      if (texts->len == 1)
        count_lookups (one, g_ptr_array_index (texts, 0), n, records);
    }
}

/* Whether the published record lets the relay's own addresses pass. */
static gboolean
lets_us_pass (Case *one)
{
  g_autofree char *sender = g_strdup_printf ("postmaster@%s", one->domain);

  for (unsigned i = 0; i < one->addresses->len; i++)
    {
      ClrSpfRequest request = { .mail_from = sender,
                                .helo = one->hostname,
                                .now = g_get_real_time () / G_USEC_PER_SEC,
                                .limits = CLR_SPF_LIMITS };

      if (!clr_spf_address_parse (&request.address, g_ptr_array_index (one->addresses, i)))
        return FALSE;
      g_autoptr (ClrSpf) spf = clr_check_run_spf (&request, one->zone);
      if (clr_spf_get_result (spf)->verdict != CLR_SPF_PASS)
        return FALSE;
    }
  return one->addresses->len > 0;
}

/* The mechanisms that are still needed. (transfer container) */
static GPtrArray *
list_missing (Case *one, const GPtrArray *mechanisms, const char *record)
{
  GPtrArray *missing = g_ptr_array_new ();
  g_autofree char *own = g_strdup_printf ("a:%s", one->hostname);

  for (unsigned i = 0; i < mechanisms->len; i++)
    {
      char *mechanism = g_ptr_array_index (mechanisms, i);

      if (clr_spf_record_names (record, mechanism)
          || (g_str_equal (mechanism, own) && record && lets_us_pass (one)))
        continue;
      g_ptr_array_add (missing, mechanism);
    }
  return missing;
}

static char *
describe_spf (const GPtrArray *texts, const GPtrArray *missing, const GPtrArray *strangers, unsigned lookups)
{
  g_autoptr (GPtrArray) copy = g_ptr_array_new (); /* owns nothing */
  g_autofree char *names = NULL;

  g_ptr_array_extend (copy, (GPtrArray *)strangers, NULL, NULL);
  g_ptr_array_add (copy, NULL);
  names = g_strjoinv (", ", (char **)copy->pdata);
  if (texts->len > 1)
    return g_strdup (_ ("there are several SPF records, which counts as none: make one of them"));
  if (texts->len == 0)
    return g_strdup (_ ("there is no SPF record: publish this one"));
  if (missing->len > 0)
    return g_strdup (_ ("the SPF record does not let all mail of this relay pass: publish this one instead"));
  if (lookups > LOOKUPS_MOST)
    return g_strdup_printf (_ ("the SPF record needs %u look-ups, and counts as none beyond 10"), lookups);
  if (strangers->len > 0)
    return g_strdup_printf (_ ("the SPF record is well formed; whether it lets mail pass that leaves by "
                               "smarthost %s, only the operators of that can say"),
                            names);
  return g_strdup_printf (_ ("the SPF record lets mail of this relay pass; it needs %u look-ups of 10"),
                          lookups);
}

static void
check_spf (Case *one)
{
  g_autoptr (GPtrArray) mechanisms = g_ptr_array_new_with_free_func (g_free),
                        strangers = g_ptr_array_new_with_free_func (g_free), texts = NULL, missing = NULL,
                        terminated = NULL;
  ClrZoneStatus status = find_texts (one, one->domain, clr_spf_record_is_one, &texts);
  const char *record = texts->len == 1 ? g_ptr_array_index (texts, 0) : NULL;
  g_autofree char *merged = NULL, *problem = NULL;
  unsigned now = 0, then = 0, records = 0;
  g_autoptr (ClrSpfRecord) parsed = NULL;
  JsonObject *item;

  collect_ways (one, mechanisms, strangers);
  if (is_temporary (status))
    {
      add (one, "spf", CLR_DOMAIN_UNKNOWN, no_answer (one->domain));
      return;
    }
  parsed = record ? clr_spf_record_parse (record, &problem) : NULL;
  missing = list_missing (one, mechanisms, record);
  terminated = g_ptr_array_copy (missing, NULL, NULL);
  g_ptr_array_add (terminated, NULL);
  merged = clr_spf_record_merge (texts->len ? g_ptr_array_index (texts, 0) : NULL,
                                 (const char *const *)terminated->pdata);
  if (record)
    count_lookups (one, record, &now, &records);
  records = 0;
  count_lookups (one, merged, &then, &records);
  if (record && parsed == NULL)
    item = add (one, "spf", CLR_DOMAIN_WRONG,
                g_strdup_printf (_ ("the SPF record is not valid: %s"), problem));
  else
    item = add (one, "spf",
                texts->len > 1 || now > LOOKUPS_MOST ? CLR_DOMAIN_WRONG
                : texts->len == 0                    ? CLR_DOMAIN_MISSING
                : missing->len > 0                   ? CLR_DOMAIN_WRONG
                : strangers->len > 0                 ? CLR_DOMAIN_UNKNOWN
                                                     : CLR_DOMAIN_OK,
                describe_spf (texts, missing, strangers, now));
  set_record (item, one->domain, merged, texts);
  json_object_set_int_member (item, "lookups", now);
  json_object_set_int_member (item, "lookups-needed", then);
}

/* -- DKIM */

static gboolean
is_any (const char *text)
{
  return TRUE;
}

static char *
find_tag (const char *record, const char *tag)
{
  g_auto (GStrv) parts = g_strsplit (record, ";", -1);

  for (unsigned i = 0; parts[i]; i++)
    {
      char *part = g_strstrip (parts[i]), *sign = strchr (part, '=');

      if (sign && (size_t)(sign - part) == strlen (tag) && g_ascii_strncasecmp (part, tag, strlen (tag)) == 0)
        {
          GString *value = g_string_new (NULL);

          /* Blanks may stand anywhere in it, RFC 6376 section 3.6.1. */
          for (const char *p = sign + 1; *p; p++)
            if (!g_ascii_isspace (*p))
              g_string_append_c (value, *p);
          return g_string_free (value, FALSE);
        }
    }
  return NULL;
}

static void
judge_key (Case *one, const char *name, const char *needed, const GPtrArray *texts, ClrZoneStatus status)
{
  g_autofree char *wanted = find_tag (needed, "p");
  ClrDomainVerdict verdict = CLR_DOMAIN_MISSING;
  char *text = g_strdup_printf (_ ("the record of this key is not published at %s"), name);
  JsonObject *item;

  if (is_temporary (status))
    verdict = CLR_DOMAIN_UNKNOWN;
  for (unsigned i = 0; i < texts->len && verdict != CLR_DOMAIN_OK; i++)
    {
      g_autofree char *found = find_tag (g_ptr_array_index (texts, i), "p");

      if (found == NULL)
        continue;
      g_free (text);
      verdict = g_strcmp0 (found, wanted) == 0 ? CLR_DOMAIN_OK : CLR_DOMAIN_WRONG;
      text = verdict == CLR_DOMAIN_OK
                 ? g_strdup_printf (_ ("the record of this key is published at %s"), name)
             : *found == 0
                 ? g_strdup_printf (_ ("the key is revoked at %s, though this relay signs with it"), name)
                 : g_strdup_printf (_ ("another key is published at %s: signatures of this one fail"), name);
    }
  if (verdict == CLR_DOMAIN_OK && texts->len > 1)
    {
      /* RFC 6376 section 3.6.2.2: which of them counts is not defined. */
      verdict = CLR_DOMAIN_WRONG;
      g_free (text);
      text = g_strdup_printf (_ ("several records stand at %s: only one may"), name);
    }
  item = add (one, "dkim", verdict, verdict == CLR_DOMAIN_UNKNOWN ? no_answer (name) : g_strdup (text));
  g_free (text);
  set_record (item, name, needed, texts);
}

static void
check_key (Case *one, ClrSection *section)
{
  const char *domain = clr_section_get_text (section, "domain");
  g_autofree char *name
      = g_strdup_printf ("%s._domainkey.%s", clr_section_get_text (section, "selector"), domain);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) texts = NULL;
  ClrDkimKey *key = clr_dkim_key_load (clr_section_get_text (section, "file"), &error);
  g_autofree char *record = key ? clr_dkim_key_dup_record (key) : NULL;
  ClrZoneStatus status;

  if (key == NULL)
    {
      add (one, "dkim", CLR_DOMAIN_WRONG,
           g_strdup_printf (_ ("[key %s]: %s"), clr_section_get_name (section), error->message));
      return;
    }
  clr_dkim_key_free (key);
  status = find_texts (one, name, is_any, &texts);
  judge_key (one, name, record, texts, status);
}

static void
check_keys (Case *one)
{
  GPtrArray *keys = clr_settings_get_sections (one->settings, "key");
  unsigned n = 0;

  for (unsigned i = 0; i < keys->len; i++)
    {
      ClrSection *section = g_ptr_array_index (keys, i);

      if (g_ascii_strcasecmp (clr_section_get_text (section, "domain"), one->domain) == 0)
        {
          check_key (one, section);
          n++;
        }
    }
  if (n == 0)
    add (one, "dkim", CLR_DOMAIN_MISSING,
         g_strdup (
             _ ("no [key] of the settings is for this domain: its mail leaves without a DKIM signature")));
}

/* -- DMARC */

static void
check_dmarc (Case *one)
{
  ClrDmarcRequest request = { .author_domain = one->domain };
  g_autoptr (ClrDmarc) dmarc = clr_dmarc_new (&request);
  g_autofree char *name = g_strdup_printf ("_dmarc.%s", one->domain),
                  *needed = g_strdup_printf ("v=DMARC1; p=none; rua=mailto:postmaster@%s", one->domain);
  const ClrAuthQuestion *question;
  const ClrDmarcResult *result;
  JsonObject *item;
  g_autoptr (GPtrArray) found = g_ptr_array_new ();

  while ((question = clr_dmarc_get_question (dmarc)) != NULL)
    {
      g_autoptr (GPtrArray) records = NULL;
      ClrAuthAnswer answer;

      clr_check_answer_question (question, one->zone, &answer, &records);
      clr_dmarc_feed (dmarc, &answer);
    }
  result = clr_dmarc_get_result (dmarc);
  if (result->record)
    g_ptr_array_add (found, result->record);
  if (result->verdict == CLR_DMARC_TEMPERROR)
    item = add (one, "dmarc", CLR_DOMAIN_UNKNOWN, no_answer (name));
  else if (result->record == NULL)
    item = add (one, "dmarc", CLR_DOMAIN_MISSING,
                g_strdup (_ ("there is no DMARC record: big providers refuse bulk mail without one")));
  else if (result->published == CLR_DMARC_ASKS_NONE)
    item = add (one, "dmarc", CLR_DOMAIN_OK,
                g_strdup (_ ("there is a DMARC record; it asks for nothing yet (p=none), so mail that others "
                             "forge is not stopped")));
  else
    item = add (one, "dmarc", CLR_DOMAIN_OK,
                g_strdup_printf (_ ("there is a DMARC record, which asks for %s"),
                                 clr_dmarc_policy_get_name (result->published)));
  set_record (item, name, result->record ? result->record : needed, found);
}

/* -- mail that comes back */

static void
check_exchangers (Case *one)
{
  g_autoptr (GPtrArray) values = NULL;
  ClrZoneStatus status = clr_zone_find (one->zone, one->domain, "MX", &values);
  gboolean is_null = values->len == 1 && g_str_has_suffix (g_ptr_array_index (values, 0), " .");
  JsonObject *item;

  if (is_temporary (status))
    item = add (one, "mx", CLR_DOMAIN_UNKNOWN, no_answer (one->domain));
  else if (values->len == 0)
    item = add (one, "mx", CLR_DOMAIN_WARNING,
                g_strdup (_ ("the domain has no MX record: answers and reports of failures may not arrive")));
  else if (is_null)
    item = add (one, "mx", CLR_DOMAIN_WARNING,
                g_strdup (_ ("the domain says that it takes no mail (null MX): some refuse mail from such")));
  else
    item = add (one, "mx", CLR_DOMAIN_OK,
                g_strdup (_ ("answers and reports of failures find their way back")));
  json_object_set_string_member (item, "name", one->domain);
  json_object_set_string_member (item, "type", "MX");
  clr_check_set_texts (item, "found", values);
}

/* What no domain needs, but has right or wrong. */
static void
check_optional (Case *one, const char *what, ClrCheck check, const char *name)
{
  g_autoptr (JsonObject) question = json_object_new ();
  g_autoptr (JsonNode) answer = NULL;
  const char *result;
  JsonObject *object, *item;

  json_object_set_string_member (question, "domain", one->domain);
  if (json_object_has_member (one->in, "sts-policy") && check == clr_check_mta_sts)
    json_object_set_string_member (question, "policy", clr_check_get_text (one->in, "sts-policy"));
  answer = check (question, one->zone);
  object = json_node_get_object (answer);
  result = clr_check_get_text (object, "result");
  item = add (one, what,
              clr_check_is_good (result)          ? CLR_DOMAIN_OK
              : g_str_equal (result, "none")      ? CLR_DOMAIN_NONE
              : g_str_equal (result, "temperror") ? CLR_DOMAIN_UNKNOWN
                                                  : CLR_DOMAIN_WRONG,
              g_strdup (clr_check_get_text (object, "reason")));
  json_object_set_string_member (item, "name", name);
  json_object_set_string_member (item, "type", "TXT");
}

static void
check_all (Case *one)
{
  g_autofree char *sts = g_strdup_printf ("_mta-sts.%s", one->domain),
                  *reports = g_strdup_printf ("_smtp._tls.%s", one->domain);

  find_addresses (one);
  check_spf (one);
  check_keys (one);
  check_dmarc (one);
  check_exchangers (one);
  check_host (one);
  check_optional (one, "mta-sts", clr_check_mta_sts, sts);
  check_optional (one, "tlsrpt", clr_check_tlsrpt, reports);
}

static const char *
get_reason (ClrDomainVerdict worst)
{
  switch (worst)
    {
    case CLR_DOMAIN_OK:
    case CLR_DOMAIN_NONE:
      return _ ("all that mail of this domain needs stands in the DNS");
    case CLR_DOMAIN_UNKNOWN:
      return _ ("not all of it can be judged from here");
    case CLR_DOMAIN_WARNING:
      return _ ("mail of this domain can be sent; something should be better");
    case CLR_DOMAIN_MISSING:
      return _ ("something is missing in the DNS that mail of this domain needs");
    case CLR_DOMAIN_WRONG:
      return _ ("something in the DNS is wrong for mail of this domain");
    }
  return NULL;
}

JsonNode *
clr_check_domain (JsonObject *in, ClrZone *zone)
{
  const char *domain = clr_check_get_text (in, "domain"), *config = clr_check_get_text (in, "config");
  g_auto (GStrv) problems = NULL;
  g_autoptr (ClrSettings) settings = NULL;
  g_autofree char *name = domain ? clr_domain_to_ascii (domain) : NULL;
  Case one = { .zone = zone, .in = in };
  JsonObject *details;

  if (name == NULL)
    return clr_check_answer ("error", _ ("a domain is needed"), NULL);
  if (zone == NULL)
    return clr_check_answer ("error", _ ("there is no DNS to ask"), NULL);
  settings = clr_settings_new_from_file (config ? config : clr_data_get_settings_file (), &problems);
  if (settings == NULL)
    return clr_check_answer ("error", problems[0], NULL);
  one.settings = settings;
  one.domain = name;
  one.hostname = clr_section_get_text (clr_settings_get_section (settings, "server"), "hostname");
  one.items = json_array_new ();
  check_all (&one);
  g_ptr_array_unref (one.addresses);
  details = json_object_new ();
  json_object_set_string_member (details, "domain", one.domain);
  json_object_set_array_member (details, "items", one.items);
  return clr_check_answer (verdict_names[one.worst], get_reason (one.worst), details);
}
