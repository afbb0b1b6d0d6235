/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-spf-private.h"

#include <string.h>

static gboolean
is_below (const char *name, const char *domain)
{
  size_t n = strlen (name), size = strlen (domain);

  return n >= size && g_ascii_strcasecmp (name + n - size, domain) == 0
         && (n == size || (size > 0 && name[n - size - 1] == '.'));
}

/* Macro p, section 7.3: the domain itself before one below it before any. */
const char *
clr_spf_choose_validated (ClrSpf *spf)
{
  const char *best = NULL, *domain = clr_spf_top (spf)->domain;
  unsigned rank = 0;

  for (unsigned i = 0; spf->validated && i < spf->validated->len; i++)
    {
      const char *name = g_ptr_array_index (spf->validated, i);
      unsigned r = g_ascii_strcasecmp (name, domain) == 0 ? 3 : is_below (name, domain) ? 2 : 1;

      if (r > rank)
        {
          rank = r;
          best = name;
        }
    }
  return best;
}

void
clr_spf_ask_pointers (ClrSpf *spf)
{
  clr_spf_ask (spf, CLR_SPF_ASKS_POINTERS, CLR_AUTH_PTR,
               clr_spf_address_dup_reverse_name (&spf->request.address));
}

void
clr_spf_match_pointers (ClrSpf *spf, const ClrSpfTerm *term)
{
  g_autofree char *target = clr_spf_expand_target (spf, term->target);

  for (unsigned i = 0; i < spf->validated->len; i++)
    if (is_below (g_ptr_array_index (spf->validated, i), target))
      {
        clr_spf_match (spf);
        return;
      }
  clr_spf_next_term (spf);
}

static gboolean
has_client (ClrSpf *spf, const ClrAuthAnswer *answer, unsigned bits)
{
  ClrSpfAddress address;

  for (unsigned i = 0; i < answer->n_records; i++)
    if (clr_spf_address_parse_literally (&address, answer->records[i])
        && clr_spf_address_is_within (&spf->request.address, &address, bits))
      return TRUE;
  return FALSE;
}

/* Returns: whether the answer may be looked at; else all has ended. */
static gboolean
take_status (ClrSpf *spf, const ClrAuthAnswer *answer)
{
  if (answer->status == CLR_AUTH_TEMPORARY)
    {
      clr_spf_end (spf, CLR_SPF_TEMPERROR, "the %s records of %s cannot be had now",
                   clr_auth_type_get_name (spf->question.type), spf->question.name);
      return FALSE;
    }
  return answer->n_records > 0 || clr_spf_count_void (spf);
}

void
clr_spf_on_addresses (ClrSpf *spf, const ClrAuthAnswer *answer)
{
  const ClrSpfTerm *term = clr_spf_current_term (spf);
  gboolean v6 = spf->request.address.is_v6;

  if (!take_status (spf, answer))
    return;
  if (term->mechanism == CLR_SPF_EXISTS ? answer->n_records > 0
                                        : has_client (spf, answer, v6 ? term->bits6 : term->bits4))
    clr_spf_match (spf);
  else
    clr_spf_next_term (spf);
}

static void
ask_exchanger (ClrSpf *spf)
{
  if (spf->host < spf->hosts->len)
    clr_spf_ask (spf, CLR_SPF_ASKS_EXCHANGER, clr_spf_address_type (spf),
                 g_strdup (g_ptr_array_index (spf->hosts, spf->host++)));
  else if (spf->more_hosts)
    clr_spf_end (spf, CLR_SPF_PERMERROR, "%s names more than %u mail exchangers",
                 clr_spf_current_term (spf)->text, spf->request.limits.exchangers);
  else if (spf->found_host || clr_spf_count_void (spf))
    clr_spf_next_term (spf);
}

void
clr_spf_on_exchangers (ClrSpf *spf, const ClrAuthAnswer *answer)
{
  if (!take_status (spf, answer))
    return;
  g_ptr_array_set_size (spf->hosts, 0);
  spf->host = 0;
  spf->more_hosts = FALSE;
  spf->found_host = answer->n_records == 0; /* then it has been counted */
  for (unsigned i = 0; i < answer->n_records; i++)
    {
      const char *blank = strchr (answer->records[i], ' ');

      if (blank == NULL || blank[1] == 0 || g_str_equal (blank + 1, "."))
        spf->found_host = TRUE; /* RFC 7505: no mail, and nothing to look for */
      else if (spf->hosts->len < spf->request.limits.exchangers)
        g_ptr_array_add (spf->hosts, g_strdup (blank + 1));
      else
        spf->more_hosts = TRUE;
    }
  ask_exchanger (spf);
}

void
clr_spf_on_exchanger (ClrSpf *spf, const ClrAuthAnswer *answer)
{
  const ClrSpfTerm *term = clr_spf_current_term (spf);

  if (answer->status == CLR_AUTH_TEMPORARY)
    take_status (spf, answer);
  else if (has_client (spf, answer, spf->request.address.is_v6 ? term->bits6 : term->bits4))
    clr_spf_match (spf);
  else
    {
      spf->found_host = spf->found_host || answer->n_records > 0;
      ask_exchanger (spf);
    }
}

/* A name of the client counts when it has the client's address (section 5.5). */
static void
ask_pointer (ClrSpf *spf)
{
  if (spf->host < spf->hosts->len)
    clr_spf_ask (spf, CLR_SPF_ASKS_POINTER, clr_spf_address_type (spf),
                 g_strdup (g_ptr_array_index (spf->hosts, spf->host)));
}

void
clr_spf_on_pointers (ClrSpf *spf, const ClrAuthAnswer *answer)
{
  spf->validated = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_set_size (spf->hosts, 0);
  spf->host = 0;
  if (answer->status != CLR_AUTH_TEMPORARY && answer->n_records == 0 && !clr_spf_count_void (spf))
    return;
  for (unsigned i = 0; i < MIN (answer->n_records, spf->request.limits.pointers); i++)
    {
      size_t size = strlen (answer->records[i]);
      gboolean dotted = size > 0 && answer->records[i][size - 1] == '.';

      g_ptr_array_add (spf->hosts, g_strndup (answer->records[i], size - dotted));
    }
  ask_pointer (spf);
}

void
clr_spf_on_pointer (ClrSpf *spf, const ClrAuthAnswer *answer)
{
  if (has_client (spf, answer, spf->request.address.is_v6 ? 128 : 32))
    g_ptr_array_add (spf->validated, g_strdup (g_ptr_array_index (spf->hosts, spf->host)));
  spf->host++;
  ask_pointer (spf);
}
