/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-dkim-queries.h"

typedef struct
{
  char *name; /* in lower case */
  ClrDkimKeyStatus status;
  char **records;
  gboolean fed;
} Query;

struct ClrDkimQueries
{
  GArray *queries; /* of Query */
};

static void
clear_query (void *data)
{
  Query *query = data;

  g_free (query->name);
  g_strfreev (query->records);
}

static Query *
get (const ClrDkimQueries *queries, unsigned index)
{
  g_assert (index < queries->queries->len);
  return &g_array_index (queries->queries, Query, index);
}

ClrDkimQueries *
clr_dkim_queries_new (void)
{
  ClrDkimQueries *queries = g_new (ClrDkimQueries, 1);

  queries->queries = g_array_new (FALSE, TRUE, sizeof (Query));
  g_array_set_clear_func (queries->queries, clear_query);
  return queries;
}

void
clr_dkim_queries_free (ClrDkimQueries *queries)
{
  g_array_unref (queries->queries);
  g_free (queries);
}

unsigned
clr_dkim_queries_add (ClrDkimQueries *queries, const ClrDkimSignature *says)
{
  g_autofree char *joined = g_strdup_printf ("%s._domainkey.%s", says->selector, says->domain);
  Query query = { g_utf8_strdown (joined, -1), CLR_DKIM_KEY_TEMPORARY, NULL, FALSE };

  for (unsigned i = 0; i < queries->queries->len; i++)
    if (g_str_equal (get (queries, i)->name, query.name))
      {
        g_free (query.name);
        return i;
      }
  g_array_append_val (queries->queries, query);
  return queries->queries->len - 1;
}

unsigned
clr_dkim_queries_get_size (const ClrDkimQueries *queries)
{
  return queries->queries->len;
}

const char *
clr_dkim_queries_get_name (const ClrDkimQueries *queries, unsigned index)
{
  return get (queries, index)->name;
}

void
clr_dkim_queries_feed (ClrDkimQueries *queries, unsigned index, ClrDkimKeyStatus status,
                       const char *const *records, unsigned n_records)
{
  Query *query = get (queries, index);
  unsigned n = MIN (n_records, CLR_DKIM_RECORDS_MOST);

  g_assert (!query->fed);
  query->fed = TRUE;
  query->status = status == CLR_DKIM_KEY_FOUND && n == 0 ? CLR_DKIM_KEY_NONE : status;
  query->records = g_new0 (char *, n + 1);
  for (unsigned i = 0; i < n; i++)
    query->records[i] = g_strdup (records[i]);
}

ClrDkimKeyStatus
clr_dkim_queries_get (const ClrDkimQueries *queries, unsigned index, const char *const **records)
{
  const Query *query = get (queries, index);

  *records = (const char *const *)query->records;
  return query->status;
}
