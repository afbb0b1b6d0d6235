/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/clr-intake-private.h"

#include "auth/clr-authres.h"
#include "base/clr-id.h"
#include "intake/clr-rewrite.h"

#include <string.h>

#define SPOOL_PIECE (256u * 1024)     /* octets of one write */
#define SPOOL_AHEAD (4 * SPOOL_PIECE) /* octets on their way to the disk, then pause */

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

void
clr_intake_take_header (ClrIntake *intake)
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
        clr_intake_free (intake);
      return;
    }
  if (intake->paused && intake->on_way < SPOOL_AHEAD / 2)
    {
      intake->paused = FALSE;
      intake->events.resume (intake->data);
    }
  else if (intake->finishing)
    clr_intake_submit_when_ready (intake);
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
  clr_intake_take_header (intake);
  size_t used = end - before;
  if (!intake->refusal && size > used)
    write_body (intake, bytes + used, size - used);
}

void
clr_intake_end_content (ClrIntake *intake)
{
  if (!intake->spooling)
    return;
  if (intake->body.size > 0)
    post_to_disk (intake, CLR_DISK_WRITE);
  post_to_disk (intake, CLR_DISK_SYNC);
}
