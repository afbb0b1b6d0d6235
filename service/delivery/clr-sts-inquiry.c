/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-sts-inquiry.h"

#include "dns/clr-resolver.h"

struct ClrStsInquiry
{
  const ClrDeliveryPlace *place;
  ClrLookup *lookup;        /* of the record */
  ClrStsQuestion *question; /* the keeper's meanwhile, once asked */
  void (*done) (ClrStsQuestion *answer, void *data);
  void *data;
};

static void
open_answer (ClrLetter *letter, void *owner)
{
  ClrStsQuestion *question = (ClrStsQuestion *)letter;
  ClrStsInquiry *inquiry = question->data;

  /* NULL: cancelled meanwhile. */
  if (inquiry)
    {
      inquiry->done (question, inquiry->data);
      g_free (inquiry);
    }
  clr_sts_question_free (question);
}

static void
on_record (const ClrDnsAnswer *answer, void *data)
{
  ClrStsInquiry *inquiry = data;
  ClrStsQuestion *question = inquiry->question;
  const char *problem;

  inquiry->lookup = NULL;
  question->status = clr_sts_record_choose (answer, question->id, &problem);
  clr_sts_keeper_post (inquiry->place->sts, question);
}

ClrStsInquiry *
clr_sts_inquiry_new (const ClrDeliveryPlace *place, const char *domain,
                     void (*done) (ClrStsQuestion *answer, void *data), void *data)
{
  ClrStsInquiry *inquiry = g_new0 (ClrStsInquiry, 1);
  ClrStsQuestion *question = g_new0 (ClrStsQuestion, 1);
  g_autofree char *name = g_strconcat ("_mta-sts.", domain, NULL);

  question->open = open_answer;
  question->worker = place->worker;
  question->domain = g_strdup (domain);
  question->data = inquiry;
  inquiry->place = place;
  inquiry->question = question;
  inquiry->done = done;
  inquiry->data = data;
  inquiry->lookup = clr_resolver_ask (place->worker->resolver, name, CLR_DNS_TXT, on_record, inquiry);
  return inquiry;
}

void
clr_sts_inquiry_cancel (ClrStsInquiry *inquiry)
{
  if (inquiry->lookup)
    {
      clr_lookup_cancel (inquiry->lookup);
      clr_sts_question_free (inquiry->question);
    }
  else
    /* The keeper does not look at it. */
    inquiry->question->data = NULL;
  g_free (inquiry);
}
