/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/clr-intake-private.h"

#include "base/clr-clock.h"
#include "base/clr-counter.h"
#include "base/clr-domain.h"
#include "base/clr-id.h"
#include "base/clr-log.h"
#include "intake/clr-attributes.h"

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

void
clr_intake_free (ClrIntake *intake)
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

static void
answer (ClrIntake *intake, ClrIntakeResult result, int code, const char *enhanced, const char *text)
{
  ClrIntakeAnswer answer = { result, code, enhanced, text };

  intake->events.done (&answer, intake->data);
  clr_intake_free (intake);
}

static gboolean
write_stamp (ClrIntake *intake, GString *prefix, GError **error)
{
  char id[CLR_ID_TEXT];
  const char *hostname = clr_policy_get_hostname (intake->policy);
  /* RFC 6531 section 3.7.3: U-labels, where the header section is international already. */
  g_autofree char *unicode = clr_intake_needs_smtputf8 (intake) ? clr_domain_to_unicode (hostname) : NULL;
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
    clr_intake_free (intake);
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
  clr_intake_add_journal (intake);
  ClrMessage *message = clr_message_new (0);
  message->id = intake->id;
  message->priority = intake->is->priority;
  message->tag = g_strdup (intake->is->tag);
  message->node = clr_policy_get_node (intake->policy);
  message->created_us = intake->time_us;
  message->smtputf8 = clr_intake_needs_smtputf8 (intake);
  message->sender = g_steal_pointer (&intake->sender);
  message->ret = intake->ret;
  message->envid = g_steal_pointer (&intake->envid);
  message->eight_bit = intake->eight_bit || !g_str_is_ascii (prefix->str);
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

void
clr_intake_submit_when_ready (ClrIntake *intake)
{
  if (intake->requests == 0 && !intake->evaluating)
    submit (intake);
}

static void
on_evaluated (void *data)
{
  ClrIntake *intake = data;

  intake->evaluating = FALSE;
  clr_intake_submit_when_ready (intake);
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
    clr_intake_take_header (intake);
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
  clr_intake_end_content (intake);
  clr_intake_submit_when_ready (intake);
}

void
clr_intake_abandon (ClrIntake *intake)
{
  intake->abandoned = TRUE;
  /* Answers that are still to come find it, and free it. */
  if (intake->requests == 0 && !intake->submitted)
    clr_intake_free (intake);
}
