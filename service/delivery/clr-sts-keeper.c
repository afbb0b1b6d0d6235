/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-sts-keeper.h"

#include "base/clr-clock.h"
#include "base/clr-log.h"
#include "base/clr-main-box.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define DAY_S      86400
#define LOOK_S     3600 /* between two looks for policies that are to be renewed */
#define RENEW_MOST 50u  /* of one look */

typedef struct
{
  ClrStsKeeper *keeper;
  char *domain;
  char id[CLR_STS_ID_SIZE];
  char *text; /* the policy's; NULL: none is kept */
  int64_t fetched_s, expires_s;
  int64_t asked_s;
  int64_t rest_until_s; /* after a fetch that failed */
  ClrStsProblem problem;
  char *why;
  ClrWebCall *call;                /* while it is being fetched */
  char wanted_id[CLR_STS_ID_SIZE]; /* of what is being fetched */
  GQueue waiting;                  /* of ClrStsQuestion */
} Entry;

struct ClrStsKeeper
{
  ClrStsKeeperOptions options;
  ClrMainBox *box;
  guint look;
  GHashTable *entries; /* domain -> Entry */
};

static int64_t
now_s (void)
{
  return clr_clock_wall () / G_USEC_PER_SEC;
}

void
clr_sts_question_free (ClrStsQuestion *question)
{
  g_clear_pointer (&question->policy, clr_sts_policy_free);
  g_free (question->domain);
  g_free (question->why);
  g_free (question);
}

static void
send_back (ClrStsQuestion *question)
{
  question->letter.open = question->open;
  clr_worker_post (question->worker, &question->letter);
}

static gboolean
is_kept (const Entry *entry, int64_t now)
{
  return entry->text && entry->expires_s > now;
}

static void
set_problem (Entry *entry, ClrStsProblem problem, const char *why)
{
  char *copy = g_strdup (why);

  g_free (entry->why);
  entry->why = copy;
  entry->problem = problem;
}

static void
answer (Entry *entry, ClrStsQuestion *question)
{
  const char *problem;

  if (is_kept (entry, now_s ()))
    question->policy = clr_sts_policy_parse (entry->text, strlen (entry->text), &problem);
  else if (question->status == CLR_STS_RECORD_FOUND)
    {
      question->problem = entry->problem;
      question->why = g_strdup (entry->why);
    }
  send_back (question);
}

static void
answer_all (Entry *entry)
{
  ClrStsQuestion *question;

  while ((question = g_queue_pop_head (&entry->waiting)))
    answer (entry, question);
}

static void
entry_free (void *data)
{
  Entry *entry = data;

  if (entry->call)
    clr_web_call_cancel (entry->call);
  answer_all (entry);
  g_free (entry->domain);
  g_free (entry->text);
  g_free (entry->why);
  g_free (entry);
}

static void
drop_oldest (ClrStsKeeper *keeper)
{
  GHashTableIter iter;
  void *value;
  Entry *oldest = NULL;

  g_hash_table_iter_init (&iter, keeper->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (((Entry *)value)->call == NULL && (oldest == NULL || ((Entry *)value)->asked_s < oldest->asked_s))
      oldest = value;
  if (oldest)
    g_hash_table_remove (keeper->entries, oldest->domain);
}

static Entry *
find_entry (ClrStsKeeper *keeper, const char *domain)
{
  Entry *entry = g_hash_table_lookup (keeper->entries, domain);

  if (entry)
    return entry;
  if (g_hash_table_size (keeper->entries) >= CLR_STS_DOMAINS_MOST)
    drop_oldest (keeper);
  entry = g_new0 (Entry, 1);
  entry->keeper = keeper;
  entry->domain = g_strdup (domain);
  g_queue_init (&entry->waiting);
  g_hash_table_insert (keeper->entries, entry->domain, entry);
  return entry;
}

/* -- over a restart */

static void
store (const Entry *entry)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *value = NULL;

  if (entry->keeper->options.state == NULL)
    return;
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "id");
  json_builder_add_string_value (builder, entry->id);
  json_builder_set_member_name (builder, "fetched");
  json_builder_add_int_value (builder, entry->fetched_s);
  json_builder_set_member_name (builder, "policy");
  json_builder_add_string_value (builder, entry->text);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  value = json_to_string (root, FALSE);
  clr_state_put_post (entry->keeper->options.state, CLR_STATE_STS, entry->domain, value,
                      entry->expires_s * G_USEC_PER_SEC);
}

static void
on_stored (const char *domain, const char *value, int64_t expires_us, void *data)
{
  g_autoptr (JsonNode) root = json_from_string (value, NULL);
  JsonObject *object = root && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  const char *text = object ? json_object_get_string_member_with_default (object, "policy", NULL) : NULL;
  const char *problem;
  g_autoptr (ClrStsPolicy) policy = text ? clr_sts_policy_parse (text, strlen (text), &problem) : NULL;
  Entry *entry;

  if (policy == NULL)
    return;
  entry = find_entry (data, domain);
  entry->text = g_strdup (text);
  entry->fetched_s = json_object_get_int_member_with_default (object, "fetched", 0);
  entry->expires_s = entry->asked_s = expires_us / G_USEC_PER_SEC;
  g_strlcpy (entry->id, json_object_get_string_member_with_default (object, "id", ""), sizeof entry->id);
}

/* -- fetching */

/* RFC 8461 section 3.3. Returns: the policy, or NULL when what has come is none. */
static ClrStsPolicy *
judge_reply (Entry *entry, const ClrWebReply *reply)
{
  ClrStsPolicy *policy = NULL;
  g_autofree char *why = NULL;
  const char *problem;

  if (reply->outcome != CLR_WEB_ANSWERED)
    set_problem (entry,
                 reply->outcome == CLR_WEB_UNTRUSTED   ? CLR_STS_HOST_UNTRUSTED
                 : reply->outcome == CLR_WEB_TOO_LARGE ? CLR_STS_POLICY_INVALID
                                                       : CLR_STS_FETCH_FAILED,
                 reply->why);
  else if (reply->status != 200)
    {
      why = g_strdup_printf ("the policy host answers with status %u", reply->status);
      set_problem (entry, CLR_STS_FETCH_FAILED, why);
    }
  else if (!clr_sts_policy_is_type (reply->type))
    set_problem (entry, CLR_STS_POLICY_INVALID, "the policy does not come as text/plain");
  else if ((policy = clr_sts_policy_parse (reply->body, reply->size, &problem)) == NULL)
    {
      why = g_strdup_printf ("what the policy host sends is no policy: %s", problem);
      set_problem (entry, CLR_STS_POLICY_INVALID, why);
    }
  return policy;
}

static void
on_fetched (const ClrWebReply *reply, void *data)
{
  Entry *entry = data;
  g_autoptr (ClrStsPolicy) policy = judge_reply (entry, reply);
  int64_t now = now_s ();

  entry->call = NULL;
  if (policy)
    {
      g_free (entry->text);
      entry->text = g_strndup (reply->body, reply->size);
      entry->fetched_s = now;
      entry->expires_s = now + policy->max_age;
      entry->rest_until_s = 0;
      memcpy (entry->id, entry->wanted_id, sizeof entry->id);
      set_problem (entry, CLR_STS_NO_PROBLEM, NULL);
      store (entry);
      clr_log_event (CLR_EVENT_STS_FETCHED, entry->domain, clr_sts_mode_get_name (policy->mode));
    }
  else
    {
      entry->rest_until_s = now + entry->keeper->options.retry_s;
      clr_log_event (CLR_EVENT_STS_FAILED, entry->domain, entry->why,
                     is_kept (entry, now) ? "the former one stays in force" : "mail goes without one");
    }
  clr_log_flush ();
  answer_all (entry);
}

static void
fetch (Entry *entry, const char *id)
{
  const ClrStsKeeperOptions *options = &entry->keeper->options;
  g_autofree char *url
      = options->port == 443
            ? g_strdup_printf ("https://mta-sts.%s/.well-known/mta-sts.txt", entry->domain)
            : g_strdup_printf ("https://mta-sts.%s:%u/.well-known/mta-sts.txt", entry->domain, options->port);
  ClrWebRequest request = {
    .method = "GET", .url = url, .size_most = CLR_STS_POLICY_SIZE_MOST, .timeout_s = options->timeout_s
  };

  if (entry->call)
    return;
  g_strlcpy (entry->wanted_id, id, sizeof entry->wanted_id);
  entry->call = clr_web_client_send (options->client, &request, on_fetched, entry);
}

/* RFC 8461 section 3.3: ahead of its end, and daily, so that an attacker would have to stand in the way for
 * as long as it is good. */
static gboolean
is_to_be_renewed (const Entry *entry, int64_t now)
{
  int64_t half = (entry->expires_s - entry->fetched_s) / 2;

  return is_kept (entry, now) && entry->rest_until_s <= now && now - entry->fetched_s >= MIN (half, DAY_S);
}

static gboolean
on_look (void *data)
{
  ClrStsKeeper *keeper = data;
  GHashTableIter iter;
  void *value;
  int64_t now = now_s ();
  unsigned begun = 0;

  g_hash_table_iter_init (&iter, keeper->entries);
  while (begun < RENEW_MOST && g_hash_table_iter_next (&iter, NULL, &value))
    if (is_to_be_renewed (value, now))
      {
        fetch (value, ((Entry *)value)->id);
        begun++;
      }
  return G_SOURCE_CONTINUE;
}

/* -- questions */

/* RFC 8461 section 5.1: a record with a new id makes us fetch; without one that can be had, what is kept
 * counts. */
static void
take (ClrStsKeeper *keeper, ClrStsQuestion *question)
{
  int64_t now = now_s ();
  Entry *entry = g_hash_table_lookup (keeper->entries, question->domain);
  gboolean is_new;

  /* Of a domain that has never had a policy nothing needs to be remembered. */
  if (entry == NULL && question->status != CLR_STS_RECORD_FOUND)
    {
      send_back (question);
      return;
    }
  entry = find_entry (keeper, question->domain);
  entry->asked_s = now;
  is_new = question->status == CLR_STS_RECORD_FOUND
           && (!is_kept (entry, now) || strcmp (question->id, entry->id) != 0);
  if (is_new && entry->rest_until_s <= now)
    {
      g_queue_push_tail (&entry->waiting, question);
      fetch (entry, question->id);
      return;
    }
  if (question->status == CLR_STS_RECORD_FOUND && is_to_be_renewed (entry, now))
    fetch (entry, question->id);
  answer (entry, question);
}

static void
open_question (ClrLetter *letter, void *owner)
{
  take (owner, (ClrStsQuestion *)letter);
}

void
clr_sts_keeper_post (ClrStsKeeper *keeper, ClrStsQuestion *question)
{
  question->letter.open = open_question;
  clr_main_box_post (keeper->box, &question->letter);
}

void
clr_sts_keeper_tell_policy (ClrStsKeeper *keeper, const char *domain, char ***lines, char ***patterns)
{
  const Entry *entry = g_hash_table_lookup (keeper->entries, domain);
  const char *problem;
  g_autoptr (ClrStsPolicy) policy = NULL;

  *lines = *patterns = NULL;
  if (entry == NULL || entry->text == NULL)
    return;
  policy = clr_sts_policy_parse (entry->text, strlen (entry->text), &problem);
  *patterns = g_steal_pointer (&policy->patterns);
  *lines = g_strsplit (entry->text, "\n", 0);
  for (char **line = *lines; *line; line++)
    g_strchomp (*line);
  for (unsigned n = g_strv_length (*lines); n > 0 && *(*lines)[n - 1] == 0; n--)
    g_clear_pointer (&(*lines)[n - 1], g_free);
}

ClrStsKeeper *
clr_sts_keeper_new (const ClrStsKeeperOptions *options, GError **error)
{
  ClrStsKeeper *keeper = g_new0 (ClrStsKeeper, 1);

  keeper->options = *options;
  keeper->box = clr_main_box_new (keeper);
  keeper->entries = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, entry_free);
  keeper->look = g_timeout_add_seconds (LOOK_S, on_look, keeper);
  if (options->state && !clr_state_load (options->state, CLR_STATE_STS, on_stored, keeper, error))
    g_clear_pointer (&keeper, clr_sts_keeper_free);
  return keeper;
}

void
clr_sts_keeper_free (ClrStsKeeper *keeper)
{
  g_source_remove (keeper->look);
  clr_main_box_free (keeper->box);
  g_hash_table_unref (keeper->entries);
  g_free (keeper);
}
