/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-dmarc.h"

#include "base/clr-domain.h"
#include "mail/clr-address-list.h"

#include <string.h>

#define LABELS_MOST  7u /* of all names of a walk but the first (section 4.10, step 4) */
#define AUTHORS_MOST 100u

/* What is known of one name. */
typedef struct
{
  char *domain;
  char *text;
  ClrDmarcRecord *record; /* NULL: none, or none that is valid */
  gboolean temporary;
} Node;

/* A walk up the tree, as far as it is known. */
typedef struct
{
  const Node *start;          /* the record of the domain itself; NULL: it has none */
  const Node *organization;   /* the record of the organizational domain */
  const Node *suffix;         /* the record with psd=y above it */
  const char *organizational; /* the domain */
  gboolean temporary;
} Walk;

/* Which of them have been asked for, to know whether the author's domain exists (section 3.2.13). */
static const ClrAuthType existence_types[] = { CLR_AUTH_A, CLR_AUTH_AAAA, CLR_AUTH_MX };

struct ClrDmarc
{
  char *spf_domains[CLR_DMARC_IDENTIFIERS_MOST + 1], *dkim_domains[CLR_DMARC_IDENTIFIERS_MOST + 1];
  ClrDmarcResult result;
  gboolean ended;
  GPtrArray *nodes; /* of Node */
  ClrAuthQuestion question;
  char *name;         /* of the question; NULL: none is open */
  char *asked_domain; /* whose record is asked for; NULL: existence is */
  unsigned n_existence;
  gboolean exists, existence_known;
};

const char *
clr_dmarc_verdict_get_name (ClrDmarcVerdict verdict)
{
  static const char *const names[] = { "none", "pass", "fail", "temperror", "permerror" };

  return names[verdict];
}

static void
free_node (void *data)
{
  Node *node = data;

  g_free (node->domain);
  g_free (node->text);
  if (node->record)
    clr_dmarc_record_free (node->record);
  g_free (node);
}

static gboolean
is_below (const char *name, const char *domain)
{
  size_t n = strlen (name), size = strlen (domain);

  return n >= size && strcmp (name + n - size, domain) == 0 && (n == size || name[n - size - 1] == '.');
}

static void
copy_domains (const char *const *domains, char **into)
{
  unsigned n = 0;

  for (; domains && *domains && n < CLR_DMARC_IDENTIFIERS_MOST; domains++)
    {
      char *domain = g_utf8_validate (*domains, -1, NULL) ? clr_domain_to_ascii (*domains) : NULL;

      if (domain)
        into[n++] = domain;
    }
}

static void G_GNUC_PRINTF (3, 4) end (ClrDmarc *dmarc, ClrDmarcVerdict verdict, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  dmarc->result.reason = g_strdup_vprintf (format, args);
  va_end (args);
  dmarc->result.verdict = verdict;
  dmarc->ended = TRUE;
}

/* Returns: NULL when it had to be asked for. */
static const Node *
find_node (ClrDmarc *dmarc, const char *domain)
{
  for (unsigned i = 0; i < dmarc->nodes->len; i++)
    {
      Node *node = g_ptr_array_index (dmarc->nodes, i);

      if (g_str_equal (node->domain, domain))
        return node;
    }
  dmarc->asked_domain = g_strdup (domain);
  dmarc->name = g_strconcat ("_dmarc.", domain, NULL);
  dmarc->question = (ClrAuthQuestion){ CLR_AUTH_TXT, dmarc->name };
  g_ptr_array_add (dmarc->result.questions, g_strdup (dmarc->name));
  return NULL;
}

/* Steps 3, 4 and 7 of section 4.10. Returns: NULL at the end of the tree. */
static const char *
go_up (const char *domain)
{
  unsigned labels = 1;

  for (const char *p = domain; *p; p++)
    labels += *p == '.';
  do
    {
      const char *dot = strchr (domain, '.');

      domain = dot ? dot + 1 : NULL;
    }
  while (domain && --labels > LABELS_MOST);
  return domain;
}

/* The part of @name that is @domain and one label more. */
static const char *
one_below (const char *name, const char *domain)
{
  const char *p = name + strlen (name) - strlen (domain) - 1; /* the dot */

  while (p > name && p[-1] != '.')
    p--;
  return p;
}

/* Section 4.10 and 4.10.2. Returns: FALSE when there is a question first. */
static gboolean
walk (ClrDmarc *dmarc, const char *start, Walk *found)
{
  *found = (Walk){ .organizational = start };
  for (const char *domain = start; domain; domain = go_up (domain))
    {
      const Node *node = find_node (dmarc, domain);

      if (node == NULL)
        return FALSE;
      if (node->temporary)
        {
          found->temporary = TRUE;
          return TRUE;
        }
      if (node->record == NULL)
        continue;
      if (domain == start)
        found->start = node;
      if (node->record->psd == CLR_DMARC_PSD_YES && domain != start)
        {
          const char *organizational = one_below (start, domain);

          if (found->organization && !g_str_equal (found->organizational, organizational))
            found->organization = NULL;
          found->organizational = organizational;
          found->suffix = node;
          return TRUE;
        }
      found->organization = node;
      found->organizational = domain;
      if (node->record->psd != CLR_DMARC_PSD_UNKNOWN)
        return TRUE;
    }
  return TRUE;
}

/* Section 4.10.1: whether np= counts. Returns: FALSE when there is a question first. */
static gboolean
find_existence (ClrDmarc *dmarc)
{
  if (dmarc->existence_known)
    return TRUE;
  dmarc->name = g_strdup (dmarc->result.author_domain);
  dmarc->question = (ClrAuthQuestion){ existence_types[dmarc->n_existence], dmarc->name };
  return FALSE;
}

/* The record that applies, and what it asks for. Returns: FALSE when there is a question first, or an end. */
static gboolean
find_policy (ClrDmarc *dmarc, const Walk *author)
{
  ClrDmarcResult *result = &dmarc->result;
  const Node *node = author->start          ? author->start
                     : author->organization ? author->organization
                                            : author->suffix;
  const ClrDmarcRecord *record = node ? node->record : NULL;

  if (author->start == NULL && author->temporary)
    end (dmarc, CLR_DMARC_TEMPERROR, "the DMARC record of %s cannot be had now", result->author_domain);
  else if (record == NULL)
    end (dmarc, CLR_DMARC_NONE, "%s has no DMARC record", result->author_domain);
  if (dmarc->ended)
    return FALSE;
  if (node != author->start && record->applies && record->absent_policy != record->subdomain_policy
      && !find_existence (dmarc))
    return FALSE;
  if (result->record == NULL)
    {
      result->record = g_strdup (node->text);
      result->record_domain = g_strdup (node->domain);
      result->parsed = record;
    }
  if (!record->applies)
    {
      end (dmarc, CLR_DMARC_NONE, "the DMARC record of %s asks for no policy that there is", node->domain);
      return FALSE;
    }
  result->absent = dmarc->existence_known && !dmarc->exists;
  result->published = node == author->start ? record->policy
                      : result->absent      ? record->absent_policy
                                            : record->subdomain_policy;
  /* Section 4.7, t: one level below. */
  result->policy = record->testing && result->published > 0 ? result->published - 1 : result->published;
  return TRUE;
}

typedef enum
{
  ALIGNED,
  NOT_ALIGNED,
  ALIGNMENT_UNKNOWN,
  ALIGNMENT_ASKED, /* there is a question first */
} Alignment;

/* Section 4.4 and 4.10.2. */
static Alignment
align (ClrDmarc *dmarc, const Walk *author, const char *domain, gboolean strict)
{
  Walk own;

  if (g_str_equal (domain, dmarc->result.author_domain))
    return ALIGNED;
  if (strict)
    return NOT_ALIGNED;
  if (author->temporary)
    return ALIGNMENT_UNKNOWN;
  if (!is_below (domain, author->organizational))
    return NOT_ALIGNED;
  if (!walk (dmarc, domain, &own))
    return ALIGNMENT_ASKED;
  return own.temporary                                              ? ALIGNMENT_UNKNOWN
         : g_str_equal (own.organizational, author->organizational) ? ALIGNED
                                                                    : NOT_ALIGNED;
}

/* @aligned: (out): the first that is. Returns: what is known of all. */
static Alignment
align_any (ClrDmarc *dmarc, const Walk *author, char *const *domains, gboolean strict, char **aligned)
{
  Alignment all = NOT_ALIGNED;

  for (; *aligned == NULL && *domains; domains++)
    {
      Alignment one = align (dmarc, author, *domains, strict);

      if (one == ALIGNMENT_ASKED)
        return one;
      if (one == ALIGNED)
        *aligned = g_strdup (*domains);
      else if (one == ALIGNMENT_UNKNOWN)
        all = one;
    }
  return *aligned ? ALIGNED : all;
}

/* Plays all from the start with what is known, as far as that reaches. */
static void
run (ClrDmarc *dmarc)
{
  ClrDmarcResult *result = &dmarc->result;
  Alignment spf, dkim;
  Walk author;

  if (!walk (dmarc, result->author_domain, &author))
    return;
  if (!author.temporary && result->organizational_domain == NULL)
    result->organizational_domain = g_strdup (author.organizational);
  if (!find_policy (dmarc, &author))
    return;
  spf = align_any (dmarc, &author, dmarc->spf_domains, result->parsed->spf_strict, &result->spf_aligned);
  if (spf == ALIGNMENT_ASKED)
    return;
  dkim = align_any (dmarc, &author, dmarc->dkim_domains, result->parsed->dkim_strict, &result->dkim_aligned);
  if (dkim == ALIGNMENT_ASKED)
    return;
  if (spf == ALIGNED || dkim == ALIGNED)
    end (dmarc, CLR_DMARC_PASS, "%s: %s passes for %s", result->author_domain,
         dkim == ALIGNED ? "DKIM" : "SPF", dkim == ALIGNED ? result->dkim_aligned : result->spf_aligned);
  else if (spf == ALIGNMENT_UNKNOWN || dkim == ALIGNMENT_UNKNOWN)
    end (dmarc, CLR_DMARC_TEMPERROR, "whose domain %s is cannot be had now", result->author_domain);
  else
    end (dmarc, CLR_DMARC_FAIL, "%s: %s; %s asks for %s%s", result->author_domain,
         dmarc->spf_domains[0] || dmarc->dkim_domains[0] ? "what passes SPF or DKIM is another's"
                                                         : "neither SPF nor DKIM passes",
         result->record_domain, clr_dmarc_policy_get_name (result->published),
         result->policy != result->published ? " (testing)" : "");
}

ClrDmarc *
clr_dmarc_new (const ClrDmarcRequest *request)
{
  ClrDmarc *dmarc = g_new0 (ClrDmarc, 1);
  const char *author = request->author_domain;

  dmarc->nodes = g_ptr_array_new_with_free_func (free_node);
  dmarc->result.questions = g_ptr_array_new_with_free_func (g_free);
  copy_domains (request->spf_domains, dmarc->spf_domains);
  copy_domains (request->dkim_domains, dmarc->dkim_domains);
  if (author && g_utf8_validate (author, -1, NULL))
    dmarc->result.author_domain = clr_domain_to_ascii (author);
  if (dmarc->result.author_domain)
    run (dmarc);
  else
    end (dmarc, CLR_DMARC_PERMERROR, "the author has no domain that could have a record");
  return dmarc;
}

void
clr_dmarc_free (ClrDmarc *dmarc)
{
  for (char **p = dmarc->spf_domains; *p; p++)
    g_free (*p);
  for (char **p = dmarc->dkim_domains; *p; p++)
    g_free (*p);
  g_ptr_array_unref (dmarc->nodes);
  g_ptr_array_unref (dmarc->result.questions);
  g_free (dmarc->name);
  g_free (dmarc->asked_domain);
  g_free (dmarc->result.reason);
  g_free (dmarc->result.author_domain);
  g_free (dmarc->result.organizational_domain);
  g_free (dmarc->result.record_domain);
  g_free (dmarc->result.record);
  g_free (dmarc->result.spf_aligned);
  g_free (dmarc->result.dkim_aligned);
  g_free (dmarc);
}

const ClrAuthQuestion *
clr_dmarc_get_question (const ClrDmarc *dmarc)
{
  return dmarc->name ? &dmarc->question : NULL;
}

/* Section 4.10, steps 2 and 6: of several records none counts. */
static void
take_record (ClrDmarc *dmarc, const ClrAuthAnswer *answer)
{
  Node *node = g_new0 (Node, 1);
  const char *text = NULL, *problem;
  unsigned n = 0;

  node->domain = g_steal_pointer (&dmarc->asked_domain);
  node->temporary = answer->status == CLR_AUTH_TEMPORARY;
  for (unsigned i = 0; i < answer->n_records; i++)
    if (clr_dmarc_record_is_one (answer->records[i]))
      {
        text = answer->records[i];
        n++;
      }
  if (n == 1)
    {
      node->text = g_strdup (text);
      node->record = clr_dmarc_record_parse (text, &problem);
    }
  g_ptr_array_add (dmarc->nodes, node);
}

/* Without an answer it is taken to exist. */
static void
take_existence (ClrDmarc *dmarc, const ClrAuthAnswer *answer)
{
  dmarc->n_existence++;
  dmarc->exists = answer->n_records > 0 || answer->status == CLR_AUTH_TEMPORARY;
  dmarc->existence_known = dmarc->exists || answer->status == CLR_AUTH_NO_NAME
                           || dmarc->n_existence == G_N_ELEMENTS (existence_types);
}

void
clr_dmarc_feed (ClrDmarc *dmarc, const ClrAuthAnswer *answer)
{
  g_assert (dmarc->name && !dmarc->ended);
  g_clear_pointer (&dmarc->name, g_free);
  if (dmarc->asked_domain)
    take_record (dmarc, answer);
  else
    take_existence (dmarc, answer);
  run (dmarc);
}

void
clr_dmarc_give_up (ClrDmarc *dmarc, const char *reason)
{
  g_clear_pointer (&dmarc->name, g_free);
  if (!dmarc->ended)
    end (dmarc, CLR_DMARC_TEMPERROR, "%s", reason);
}

const ClrDmarcResult *
clr_dmarc_get_result (const ClrDmarc *dmarc)
{
  return dmarc->ended ? &dmarc->result : NULL;
}

char *
clr_dmarc_find_author (const ClrHeaderBlock *header, const char **problem)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *author = NULL;
  const ClrField *field = clr_header_block_find (header, "From");
  size_t size;

  *problem = "there is no From field";
  if (field == NULL)
    return NULL;
  *problem = "there are several From fields";
  if (clr_header_block_count (header, "From") > 1)
    return NULL;
  const char *value = clr_field_get_value (field, &size);
  *problem = "the From field holds no address that can be read";
  if (!clr_address_list_parse (value, size, AUTHORS_MOST, addresses) || addresses->len == 0)
    return NULL;
  for (unsigned i = 0; i < addresses->len; i++)
    {
      const char *at = strrchr (g_ptr_array_index (addresses, i), '@');
      g_autofree char *domain = at && g_utf8_validate (at, -1, NULL) ? clr_domain_to_ascii (at + 1) : NULL;

      if (domain == NULL)
        return NULL;
      *problem = "the From field has addresses of several domains";
      if (author && !g_str_equal (author, domain))
        return NULL;
      g_free (author);
      author = g_steal_pointer (&domain);
      *problem = "the From field holds no address that can be read";
    }
  return g_steal_pointer (&author);
}
