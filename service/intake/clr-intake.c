/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/clr-intake.h"

#include "auth/clr-authres.h"
#include "base/clr-clock.h"
#include "base/clr-counter.h"
#include "base/clr-domain.h"
#include "base/clr-id.h"
#include "base/clr-log.h"
#include "evaluation/clr-evaluation.h"
#include "intake/clr-attributes.h"
#include "intake/clr-rewrite.h"
#include "intake/clr-stamp.h"
#include "mail/clr-repair.h"
#include "policy/clr-acceptance.h"
#include "policy/clr-account.h"

#include <string.h>

#define SPOOL_PIECE (256u * 1024)     /* octets of one write */
#define SPOOL_AHEAD (4 * SPOOL_PIECE) /* octets on their way to the disk, then pause */

struct ClrIntake
{
  ClrIntakePlace place;
  ClrPolicy *policy;
  ClrIntakeEvents events;
  void *data;

  uint64_t id;
  int64_t time_us;
  char *origin, *client, *helo, *protocol, *tls, *device, *sender, *envid;
  const ClrDevice *is; /* which device it comes from */
  gboolean eight_bit;
  gboolean says_smtputf8;
  gboolean utf8_header; /* the header section has octets above 127 */
  gboolean outside;
  ClrEvaluation *evaluation; /* of what comes from outside, NULL: none */
  gboolean evaluating;       /* its end is awaited */
  unsigned ret;
  GArray *recipients; /* of ClrRecipient */

  GString *header; /* the header section while it comes in, then as it will be sent */
  gboolean has_header;
  ClrRope body; /* what stands behind the header section and is not spooled */
  uint64_t size;
  uint64_t spooled;  /* octets given to the disk */
  uint64_t on_way;   /* of these, not yet answered */
  unsigned requests; /* to the disk, not yet answered */
  gboolean spooling;
  gboolean paused;
  gboolean finishing;
  gboolean submitted;
  gboolean abandoned;

  ClrRepair repairs;
  ClrQuirks quirks;   /* that were used */
  ClrCharge charge;   /* what the device's account says of it */
  gboolean is_frozen; /* its sender is */
  ClrStamp stamp;
  /* Why it will not be stored; the first reason counts. */
  const char *refusal, *refusal_enhanced;
  int refusal_code;
  char *disk_problem;
  gboolean disk_full;
  gboolean is_foreign; /* the spool file of our id is another message's */
};

ClrIntake *
clr_intake_begin (const ClrIntakePlace *place, ClrPolicy *policy, const ClrOrigin *origin,
                  const ClrIntakeEvents *events, void *data)
{
  ClrIntake *intake = g_new0 (ClrIntake, 1);

  intake->place = *place;
  intake->policy = clr_policy_ref (policy);
  intake->events = *events;
  intake->data = data;
  intake->time_us = clr_clock_wall ();
  intake->id = clr_id_new (clr_policy_get_node (policy), intake->time_us);
  intake->origin = g_strdup (origin->origin);
  intake->client = g_strdup (origin->client);
  intake->helo = g_strdup (origin->helo);
  intake->protocol = g_strdup (origin->protocol);
  intake->tls = g_strdup (origin->tls);
  intake->device = g_strdup (origin->device->name);
  intake->says_smtputf8 = origin->smtputf8;
  intake->outside = origin->outside;
  intake->is = origin->device;
  intake->recipients = g_array_new (FALSE, TRUE, sizeof (ClrRecipient));
  intake->header = g_string_sized_new (1024);
  return intake;
}

static void
intake_free (ClrIntake *intake)
{
  if (intake->spooling && !intake->submitted && !intake->is_foreign)
    clr_disk_post_unlink (intake->place.disk, intake->id);
  for (unsigned i = 0; i < intake->recipients->len; i++)
    clr_recipient_clear (&g_array_index (intake->recipients, ClrRecipient, i));
  g_array_unref (intake->recipients);
  g_string_free (intake->header, TRUE);
  clr_rope_clear (&intake->body);
  clr_stamp_clear (&intake->stamp);
  g_clear_pointer (&intake->evaluation, clr_evaluation_free);
  clr_policy_unref (intake->policy);
  g_free (intake->origin);
  g_free (intake->client);
  g_free (intake->helo);
  g_free (intake->protocol);
  g_free (intake->tls);
  g_free (intake->device);
  g_free (intake->sender);
  g_free (intake->envid);
  g_free (intake->disk_problem);
  g_free (intake);
}

const ClrObjection *
clr_intake_set_sender (ClrIntake *intake, const char *sender, unsigned ret, const char *envid)
{
  const char *used = sender;
  const ClrObjection *why = clr_acceptance_judge_sender (intake->is, &used, intake->time_us);

  if (why)
    return why;
  if (used != sender)
    intake->repairs |= CLR_REPAIR_SENDER;
  intake->sender = g_strdup (used);
  intake->ret = ret;
  intake->envid = *envid ? g_strdup (envid) : NULL;
  if (intake->outside)
    intake->evaluation = clr_evaluation_new (
        intake->place.worker,
        &(ClrEvaluationFacts){ .client = intake->client,
                               .helo = intake->helo,
                               .sender = used,
                               .hostname = clr_policy_get_hostname (intake->policy),
                               .timeout_us = clr_policy_get_outside (intake->policy)->timeout_us });
  return NULL;
}

/* Takes @lane. */
static void
add_row (ClrIntake *intake, const char *recipient, unsigned notify, const char *orcpt, char *lane)
{
  ClrRecipient row = {
    .number = intake->recipients->len,
    .address = g_strdup (recipient),
    .notify = notify,
    .orcpt = *orcpt ? g_strdup (orcpt) : NULL,
    .lane = lane,
  };
  g_array_append_val (intake->recipients, row);
}

const ClrObjection *
clr_intake_add_recipient (ClrIntake *intake, const char *recipient, unsigned notify, const char *orcpt)
{
  char *lane = NULL;
  const ClrObjection *why = clr_acceptance_judge_recipient (intake->policy, intake->is, intake->sender,
                                                            &recipient, intake->recipients->len, &lane);

  if (why == NULL)
    add_row (intake, recipient, notify, orcpt, lane);
  return why;
}

/* The copy for the journal, unless it has one already. Nobody is told of what becomes of it. */
static void
add_journal (ClrIntake *intake)
{
  const char *journal = intake->is->journal;

  for (unsigned i = 0; journal && i < intake->recipients->len; i++)
    if (g_ascii_strcasecmp (g_array_index (intake->recipients, ClrRecipient, i).address, journal) == 0)
      return;
  if (journal == NULL)
    return;
  ClrRouteCase what = { intake->sender, intake->device, journal, intake->is->route };
  char *lane = clr_policy_find_lane (intake->policy, &what);
  if (lane)
    add_row (intake, journal, CLR_TELL_NEVER, "", lane);
}

static void
refuse (ClrIntake *intake, int code, const char *enhanced, const char *text)
{
  if (intake->refusal)
    return;
  intake->refusal_code = code;
  intake->refusal_enhanced = enhanced;
  intake->refusal = text;
  /* What is refused is not kept. */
  clr_rope_clear (&intake->body);
}

static void
repair (ClrIntake *intake)
{
  char id[CLR_ID_TEXT];
  GString *repaired = g_string_sized_new (intake->header->len + 256);
  ClrRepairFacts facts = {
    .sender = intake->sender,
    .postmaster = clr_policy_get_postmaster (intake->policy),
    .hostname = clr_policy_get_hostname (intake->policy),
    .id = id,
    .time_us = intake->time_us,
    .wanted = intake->is->repairs,
  };

  clr_id_to_text (intake->id, id);
  intake->repairs |= clr_repair_header (intake->header->str, intake->header->len, &facts, repaired);
  g_string_free (intake->header, TRUE);
  intake->header = repaired;
}

/* What the client declares is not asked: many declare 8BITMIME for plain text, and old devices the opposite.
 */
static gboolean
has_high_octets (const uint8_t *bytes, size_t size)
{
  uint64_t high = 0, word;

  for (; size >= sizeof word; bytes += sizeof word, size -= sizeof word)
    {
      memcpy (&word, bytes, sizeof word);
      high |= word;
    }
  for (; size > 0; bytes++, size--)
    high |= *bytes;
  return (high & UINT64_C (0x8080808080808080)) != 0;
}

/* RFC 8601 section 5: what says that it is from us, and is not. */
static void
remove_forged_fields (ClrIntake *intake)
{
  ClrHeaderBlock block;
  GString *kept = g_string_sized_new (intake->header->len);
  size_t end = 0;

  clr_header_block_parse (&block, intake->header->str, intake->header->len);
  for (unsigned i = 0; i < block.n_fields; i++)
    {
      size_t start = block.fields[i].start - intake->header->str;

      if (!clr_authres_is_forged (&block.fields[i], clr_policy_get_hostname (intake->policy)))
        continue;
      g_string_append_len (kept, intake->header->str + end, start - end);
      end = start + block.fields[i].size;
    }
  g_string_append_len (kept, intake->header->str + end, intake->header->len - end);
  clr_header_block_clear (&block);
  g_string_free (intake->header, TRUE);
  intake->header = kept;
}

/* The header section is complete (or the message was only that). */
static void
take_header (ClrIntake *intake)
{
  ClrHeaderBlock block;

  intake->has_header = TRUE;
  if (intake->evaluation)
    {
      clr_evaluation_take_header (intake->evaluation, intake->header->str, intake->header->len);
      remove_forged_fields (intake);
    }
  if (intake->is->repairs)
    repair (intake);
  ClrAuthor author = clr_rewrite_author (intake->header, intake->is);
  if (author == CLR_AUTHOR_REWRITTEN)
    intake->repairs |= CLR_REPAIR_SENDER;
  else if (author == CLR_AUTHOR_REFUSED)
    refuse (intake, 550, "5.7.1",
            "this device may not write in the name of this author; see from-domains of its [device] section");
  clr_header_block_parse (&block, intake->header->str, intake->header->len);
  /* RFC 5321 section 6.3 */
  if (clr_header_block_count (&block, "Received") > clr_policy_get_limits (intake->policy)->max_received)
    refuse (intake, 554, "5.4.6", "the message goes round in circles: too many Received fields");
  intake->utf8_header = has_high_octets ((const uint8_t *)intake->header->str, block.size);
  if (!intake->outside) /* whose From it is, a stranger only says */
    clr_stamp_begin (&intake->stamp, intake->policy, &block);
  /* Text behind a separator that the repair put in is body already. */
  size_t body = block.size + 2;
  if (intake->header->len > body)
    clr_stamp_hash_body (&intake->stamp, (const uint8_t *)intake->header->str + body,
                         intake->header->len - body);
  clr_header_block_clear (&block);
}

static void submit_when_ready (ClrIntake *intake);

static void
on_disk_answer (ClrLetter *letter, void *owner)
{
  ClrDiskRequest *request = (ClrDiskRequest *)letter;
  ClrIntake *intake = request->data;

  intake->requests--;
  if (request->kind == CLR_DISK_WRITE)
    intake->on_way -= request->size;
  if (request->problem && intake->disk_problem == NULL)
    {
      intake->disk_problem = g_steal_pointer (&request->problem);
      intake->disk_full = request->no_space;
      intake->is_foreign = request->is_foreign;
    }
  clr_disk_request_free (request);

  if (intake->abandoned)
    {
      if (intake->requests == 0)
        intake_free (intake);
      return;
    }
  if (intake->paused && intake->on_way < SPOOL_AHEAD / 2)
    {
      intake->paused = FALSE;
      intake->events.resume (intake->data);
    }
  else if (intake->finishing)
    submit_when_ready (intake);
}

static void
post_to_disk (ClrIntake *intake, ClrDiskKind kind)
{
  ClrDiskRequest *request = g_new0 (ClrDiskRequest, 1);

  request->kind = kind;
  request->id = intake->id;
  request->reply_to = intake->place.worker->mailbox;
  request->open = on_disk_answer;
  request->data = intake;
  if (kind == CLR_DISK_WRITE)
    {
      request->size = intake->body.size;
      clr_rope_take (&request->bytes, &intake->body);
      intake->spooled += request->size;
      intake->on_way += request->size;
    }
  intake->requests++;
  intake->spooling = TRUE;
  clr_disk_post (intake->place.disk, request);
}

static void
write_body (ClrIntake *intake, const uint8_t *bytes, size_t size)
{
  clr_stamp_hash_body (&intake->stamp, bytes, size);
  if (intake->evaluation)
    clr_evaluation_feed_body (intake->evaluation, bytes, size);
  clr_rope_append (&intake->body, bytes, size);
  if (intake->body.size
      < (intake->spooling ? SPOOL_PIECE : clr_policy_get_limits (intake->policy)->spool_size))
    return;
  post_to_disk (intake, CLR_DISK_WRITE);
  if (intake->on_way > SPOOL_AHEAD && !intake->paused)
    {
      intake->paused = TRUE;
      intake->events.pause (intake->data);
    }
}

void
clr_intake_write (ClrIntake *intake, const uint8_t *bytes, size_t size)
{
  size_t before = intake->header->len, end;

  intake->size += size;
  if (intake->is->max_message_size && intake->size > intake->is->max_message_size)
    refuse (intake, 552, "5.3.4", "the message is larger than max-message-size of its [device] section");
  intake->eight_bit = intake->eight_bit || has_high_octets (bytes, size);
  if (intake->refusal || intake->disk_problem)
    return;
  if (intake->has_header)
    {
      write_body (intake, bytes, size);
      return;
    }

  size_t room = clr_policy_get_limits (intake->policy)->max_header_size + 4 - before;
  g_string_append_len (intake->header, (const char *)bytes, MIN (size, room));
  /* The end may lie across the seam of two pieces. */
  size_t seam = before > 3 ? before - 3 : 0;
  end = seam == 0 ? clr_header_block_find_end (intake->header->str, intake->header->len) : 0;
  if (seam > 0)
    {
      const char *found = memmem (intake->header->str + seam, intake->header->len - seam, "\r\n\r\n", 4);
      end = found ? (size_t)(found - intake->header->str) + 4 : 0;
    }
  if (end == 0)
    {
      if (intake->header->len > clr_policy_get_limits (intake->policy)->max_header_size)
        refuse (intake, 552, "5.3.4", "the header section is larger than this relay accepts");
      return;
    }
  g_string_truncate (intake->header, end);
  take_header (intake);
  size_t used = end - before;
  if (!intake->refusal && size > used)
    write_body (intake, bytes + used, size - used);
}

static void
answer (ClrIntake *intake, ClrIntakeResult result, int code, const char *enhanced, const char *text)
{
  ClrIntakeAnswer answer = { result, code, enhanced, text };

  intake->events.done (&answer, intake->data);
  intake_free (intake);
}

/* Whether SMTPUTF8 (RFC 6531) is needed to send it as it is. A client that only says the word asks nothing of
 * the next hop. One that does not say it, and has octets above 127 in its header section all the same, as
 * many a device has, gets them carried as 8-bit content, octet by octet. */
static gboolean
needs_smtputf8 (const ClrIntake *intake)
{
  if ((intake->utf8_header && intake->says_smtputf8)
      || has_high_octets ((const uint8_t *)intake->sender, strlen (intake->sender)))
    return TRUE;
  for (unsigned i = 0; i < intake->recipients->len; i++)
    {
      const char *address = g_array_index (intake->recipients, ClrRecipient, i).address;
      if (has_high_octets ((const uint8_t *)address, strlen (address)))
        return TRUE;
    }
  return FALSE;
}

static gboolean
write_stamp (ClrIntake *intake, GString *prefix, GError **error)
{
  char id[CLR_ID_TEXT];
  const char *hostname = clr_policy_get_hostname (intake->policy);
  /* RFC 6531 section 3.7.3: U-labels, where the header section is international already. */
  g_autofree char *unicode = needs_smtputf8 (intake) ? clr_domain_to_unicode (hostname) : NULL;
  ClrReceived received = {
    .helo = intake->helo,
    /* Who sent it by another way than SMTP has no address. */
    .address = g_str_equal (intake->origin, "smtp") ? intake->client : NULL,
    .hostname = unicode ? unicode : hostname,
    .protocol = intake->protocol,
    .tls = intake->tls,
    .id = id,
    .recipient
    = intake->recipients->len == 1 ? g_array_index (intake->recipients, ClrRecipient, 0).address : NULL,
    .time_us = intake->time_us,
  };

  clr_id_to_text (intake->id, id);
  if (intake->evaluation)
    clr_evaluation_write_field (intake->evaluation, prefix);
  return clr_stamp_write (&intake->stamp, intake->policy, intake->header, &received, prefix, error);
}

static void
tell_accepted (ClrIntake *intake, const ClrMessage *message, unsigned signatures)
{
  char id[CLR_ID_TEXT], recipients[24], size[24];
  g_autofree char *repairs = clr_repair_to_text (intake->repairs);
  g_autofree char *repairs_text = *repairs ? g_strdup_printf (", repaired %s", repairs) : g_strdup ("");
  g_autofree char *signatures_text
      = signatures ? g_strdup_printf (", %u DKIM signatures", signatures) : g_strdup ("");

  if (!clr_log_wants (CLR_EVENT_MESSAGE_ACCEPTED))
    return;
  clr_id_to_text (message->id, id);
  g_snprintf (recipients, sizeof recipients, "%u", message->n_all);
  g_snprintf (size, sizeof size, "%" G_GUINT64_FORMAT, message->size);
  clr_log_event (CLR_EVENT_MESSAGE_ACCEPTED, id, message->client, message->device, message->sender,
                 recipients, size, repairs_text, signatures_text);
}

/* Why it is held; a freeze is named by its time, so that its end finds what it held. (transfer full) */
static char *
dup_held (const ClrIntake *intake)
{
  g_autofree char *freeze = intake->charge.frozen_us
                                ? g_strdup_printf (CLR_FREEZE_NAME ": ", intake->charge.frozen_us)
                                : g_strdup ("");

  if (intake->charge.held)
    return g_strdup_printf ("%s[device %s] %s", freeze, intake->device, intake->charge.held);
  return g_strdup (intake->is_frozen ? "[limits] frozen-senders has its sender"
                                     : clr_evaluation_get_dmarc (intake->evaluation)->reason);
}

static void
tell_held (ClrIntake *intake)
{
  char id[CLR_ID_TEXT];
  g_autofree char *held = dup_held (intake);

  clr_id_to_text (intake->id, id);
  clr_log_event (CLR_EVENT_MESSAGE_HELD, id, intake->client, held);
}

/* Whether it waits for a person. */
static gboolean
is_held (const ClrIntake *intake)
{
  return intake->charge.held != NULL || intake->is_frozen
         || (intake->evaluation && clr_policy_get_outside (intake->policy)->hold
             && clr_evaluation_is_suspect (intake->evaluation));
}

static void
on_submitted (ClrLetter *letter, void *owner)
{
  ClrSubmission *submission = (ClrSubmission *)letter;
  ClrIntake *intake = submission->data;
  char text[64], id[CLR_ID_TEXT];

  if (submission->problem == NULL)
    {
      clr_counter_add (CLR_COUNTER_MESSAGES_ACCEPTED_TOTAL, 1);
      tell_accepted (intake, submission->message, clr_stamp_count (&intake->stamp));
      if (is_held (intake))
        tell_held (intake);
    }
  clr_id_to_text (intake->id, id);
  if (intake->abandoned)
    intake_free (intake);
  else if (submission->problem == NULL)
    {
      g_snprintf (text, sizeof text, "queued as %s", id);
      answer (intake, CLR_INTAKE_STORED, 250, "2.0.0", text);
    }
  else
    answer (intake, CLR_INTAKE_DEFERRED, 452, "4.3.1",
            submission->no_space ? "no space left to keep the message, please try again later"
                                 : "the message cannot be kept at the moment, please try again later");
  clr_submission_free (submission);
}

/* Counts it for its device; what comes of that is told once. */
static void
charge (ClrIntake *intake)
{
  char unusual[24];

  intake->charge = clr_account_charge (intake->is, intake->recipients->len, intake->time_us);
  clr_account_record (intake->is->account, intake->quirks, intake->repairs);
  if (intake->charge.froze)
    clr_log_event (CLR_EVENT_DEVICE_FROZEN, intake->device, intake->charge.held);
  if (intake->charge.n_unusual)
    {
      g_snprintf (unusual, sizeof unusual, "%u", intake->charge.n_unusual);
      clr_log_event (CLR_EVENT_DEVICE_UNUSUAL, intake->device, unusual);
    }
}

/* The content is where it belongs: sign, and hand over. */
static void
submit (ClrIntake *intake)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) prefix = g_string_sized_new (2048);

  if (intake->disk_problem)
    {
      answer (intake, CLR_INTAKE_DEFERRED, 452, "4.3.1",
              intake->disk_full ? "no space left to keep the message, please try again later"
                                : "the message cannot be kept at the moment, please try again later");
      return;
    }
  if (!write_stamp (intake, prefix, &error))
    {
      answer (intake, CLR_INTAKE_DEFERRED, 451, "4.7.0", "the message cannot be signed at the moment");
      return;
    }

  if (intake->is->account)
    charge (intake);
  intake->is_frozen = clr_policy_is_frozen (intake->policy, intake->sender);
  add_journal (intake);
  ClrMessage *message = clr_message_new (0);
  message->id = intake->id;
  message->priority = intake->is->priority;
  message->tag = g_strdup (intake->is->tag);
  message->node = clr_policy_get_node (intake->policy);
  message->created_us = intake->time_us;
  message->smtputf8 = needs_smtputf8 (intake);
  message->sender = g_steal_pointer (&intake->sender);
  message->ret = intake->ret;
  message->envid = g_steal_pointer (&intake->envid);
  message->eight_bit = intake->eight_bit || has_high_octets ((const uint8_t *)prefix->str, prefix->len);
  message->origin = g_steal_pointer (&intake->origin);
  message->client = g_strdup (intake->client);
  message->device = g_strdup (intake->device);
  g_auto (GStrv) authentication = intake->evaluation ? clr_evaluation_dup_words (intake->evaluation) : NULL;
  g_autofree char *held = is_held (intake) ? dup_held (intake) : NULL;
  message->attributes = clr_attributes_make (intake->header, &intake->stamp, intake->repairs, intake->quirks,
                                             authentication, held, 0);
  clr_rope_append (&message->content, prefix->str, prefix->len);
  clr_rope_append (&message->content, intake->header->str, intake->header->len);
  clr_rope_append_rope (&message->content, &intake->body);
  message->is_loaded = TRUE;
  message->spool_size = intake->spooled;
  message->size = message->content.size + intake->spooled;
  message->n_recipients = message->n_all = intake->recipients->len;
  g_free (message->recipients);
  message->recipients = (ClrRecipient *)(void *)g_array_free (intake->recipients, FALSE);
  intake->recipients = g_array_new (FALSE, TRUE, sizeof (ClrRecipient));
  for (unsigned i = 0; is_held (intake) && i < message->n_recipients; i++)
    message->recipients[i].state = CLR_RECIPIENT_HELD;

  ClrSubmission *submission = g_new0 (ClrSubmission, 1);
  submission->message = message;
  submission->reply_to = intake->place.worker->mailbox;
  submission->open = on_submitted;
  submission->data = intake;
  intake->submitted = TRUE;
  clr_queue_post_submission (intake->place.queue, submission);
}

/* The disk has it all, and what is to be known of the sender is known. */
static void
submit_when_ready (ClrIntake *intake)
{
  if (intake->requests == 0 && !intake->evaluating)
    submit (intake);
}

static void
on_evaluated (void *data)
{
  ClrIntake *intake = data;

  intake->evaluating = FALSE;
  submit_when_ready (intake);
}

void
clr_intake_set_quirks (ClrIntake *intake, ClrQuirks quirks)
{
  intake->quirks = quirks;
}

void
clr_intake_finish (ClrIntake *intake, unsigned normalized)
{
  if (!intake->has_header && !intake->refusal)
    take_header (intake);
  if (normalized > 0)
    intake->repairs |= CLR_REPAIR_NEWLINES;
  if (intake->refusal)
    {
      clr_counter_add (CLR_COUNTER_MESSAGES_REFUSED_TOTAL, 1);
      intake->events.done (&(ClrIntakeAnswer){ CLR_INTAKE_REFUSED, intake->refusal_code,
                                               intake->refusal_enhanced, intake->refusal },
                           intake->data);
      clr_intake_abandon (intake);
      return;
    }
  intake->finishing = TRUE;
  if (intake->evaluation)
    {
      intake->evaluating = TRUE;
      clr_evaluation_finish (intake->evaluation, on_evaluated, intake);
    }
  if (intake->spooling)
    {
      if (intake->body.size > 0)
        post_to_disk (intake, CLR_DISK_WRITE);
      post_to_disk (intake, CLR_DISK_SYNC);
    }
  else
    submit_when_ready (intake);
}

void
clr_intake_abandon (ClrIntake *intake)
{
  intake->abandoned = TRUE;
  /* Answers that are still to come find it, and free it. */
  if (intake->requests == 0 && !intake->submitted)
    intake_free (intake);
}
