/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation/clr-question.h"

static const ClrDnsType types[] = {
  [CLR_AUTH_A] = CLR_DNS_A,     [CLR_AUTH_AAAA] = CLR_DNS_AAAA, [CLR_AUTH_MX] = CLR_DNS_MX,
  [CLR_AUTH_PTR] = CLR_DNS_PTR, [CLR_AUTH_TXT] = CLR_DNS_TXT,
};

static const ClrAuthStatus statuses[] = {
  [CLR_DNS_FOUND] = CLR_AUTH_FOUND,
  [CLR_DNS_NO_NAME] = CLR_AUTH_NO_NAME,
  [CLR_DNS_NO_DATA] = CLR_AUTH_NO_DATA,
  [CLR_DNS_TEMPORARY] = CLR_AUTH_TEMPORARY,
};

/* (transfer full) */
static char *
record_to_text (const ClrDnsRecord *record, ClrDnsType type)
{
  char address[CLR_ENDPOINT_TEXT];
  char *text;

  switch (type)
    {
    case CLR_DNS_MX:
      return g_strdup_printf ("%u %s", record->preference, record->name);
    case CLR_DNS_PTR:
      return g_strdup (record->name);
    case CLR_DNS_TXT:
      text = g_memdup2 (record->bytes, record->size + 1);
      for (size_t i = 0; i < record->size; i++)
        text[i] = text[i] ? text[i] : 1; /* see ClrAuthAnswer */
      return text;
    default:
      clr_endpoint_address_to_text (&record->address, address);
      return g_strdup (address);
    }
}

static void
on_answer (const ClrDnsAnswer *answer, void *data)
{
  ClrQuestion *question = data;
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func (g_free);

  question->lookup = NULL;
  for (unsigned i = 0; i < answer->n_records; i++)
    g_ptr_array_add (records, record_to_text (&answer->records[i], question->type));
  ClrAuthAnswer told = { .status = statuses[answer->status],
                         .records = (const char *const *)records->pdata,
                         .n_records = records->len };
  question->done (&told, question->data);
}

void
clr_question_ask (ClrQuestion *question, ClrResolver *resolver, const ClrAuthQuestion *what,
                  void (*done) (const ClrAuthAnswer *answer, void *data), void *data)
{
  g_autofree char *name = clr_dns_escape_name (what->name);

  g_assert (question->lookup == NULL);
  question->done = done;
  question->data = data;
  question->type = types[what->type];
  question->lookup = clr_resolver_ask (resolver, name, question->type, on_answer, question);
}

void
clr_question_cancel (ClrQuestion *question)
{
  g_clear_pointer (&question->lookup, clr_lookup_cancel);
}
