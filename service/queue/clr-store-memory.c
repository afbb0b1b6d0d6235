/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-store.h"

#include "base/clr-error.h"
#include "queue/clr-report-job.h"

#include <string.h>

typedef struct
{
  ClrQueueStore parent;
  ClrContentStore content;
  GTree *rows;       /* id -> ClrMessage, in order */
  GHashTable *lanes; /* key -> Lane */
  uint64_t last_lane;
} Memory;

typedef struct
{
  uint64_t id;
  char *key, *site;
  int64_t look_us; /* INT64_MAX: none */
} Lane;

static void
lane_free (void *data)
{
  Lane *lane = data;

  g_free (lane->key);
  g_free (lane->site);
  g_free (lane);
}

static Lane *
find_lane (Memory *self, const char *key)
{
  Lane *lane = g_hash_table_lookup (self->lanes, key);

  if (lane == NULL)
    {
      lane = g_new0 (Lane, 1);
      lane->id = ++self->last_lane;
      lane->key = g_strdup (key);
      lane->look_us = INT64_MAX;
      g_hash_table_insert (self->lanes, lane->key, lane);
    }
  return lane;
}

/* Something waits, or does not. */
static void
note_waiting (Memory *self, const ClrRecipient *recipient)
{
  Lane *lane = find_lane (self, recipient->lane);

  if (recipient->state == CLR_RECIPIENT_WAITING)
    lane->look_us = MIN (lane->look_us, recipient->due_us);
}

static int
compare_ids (const void *a, const void *b, void *data)
{
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

  return (x > y) - (x < y);
}

static ClrMessage *
copy_message (const ClrMessage *from, gboolean with_content)
{
  ClrMessage *to = clr_message_new (from->n_recipients);

  to->id = from->id;
  to->node = from->node;
  to->created_us = from->created_us;
  to->sender = g_strdup (from->sender);
  to->ret = from->ret;
  to->envid = g_strdup (from->envid);
  to->eight_bit = from->eight_bit;
  to->size = from->size;
  to->origin = g_strdup (from->origin);
  to->client = g_strdup (from->client);
  to->device = g_strdup (from->device);
  to->priority = from->priority;
  to->requiretls = from->requiretls;
  to->smtputf8 = from->smtputf8;
  to->stream = g_strdup (from->stream);
  to->campaign = g_strdup (from->campaign);
  to->tag = g_strdup (from->tag);
  to->attributes = g_strdup (from->attributes);
  to->spool_size = from->spool_size;
  to->n_all = from->n_all;
  if (with_content)
    {
      clr_rope_append_rope (&to->content, &from->content);
      to->is_loaded = TRUE;
    }
  for (unsigned i = 0; i < from->n_recipients; i++)
    {
      ClrRecipient *recipient = &to->recipients[i];

      *recipient = from->recipients[i];
      recipient->address = g_strdup (recipient->address);
      recipient->orcpt = g_strdup (recipient->orcpt);
      recipient->lane = g_strdup (recipient->lane);
      recipient->enhanced = g_strdup (recipient->enhanced);
      recipient->text = g_strdup (recipient->text);
      recipient->host = g_strdup (recipient->host);
    }
  return to;
}

static ClrRecipient *
find_recipient (Memory *self, uint64_t message, unsigned number)
{
  ClrMessage *row = g_tree_lookup (self->rows, &message);

  for (unsigned i = 0; row && i < row->n_recipients; i++)
    if (row->recipients[i].number == number)
      return &row->recipients[i];
  return NULL;
}

static void
update (Memory *self, const ClrRecipientUpdate *update)
{
  ClrRecipient *recipient = find_recipient (self, update->message, update->number);

  if (recipient == NULL || recipient->state != update->from)
    return;
  recipient->state = update->state;
  recipient->report = update->report | (update->state == CLR_RECIPIENT_WAITING ? recipient->report : 0);
  recipient->due_us = update->due_us;
  recipient->attempts = update->attempts;
  recipient->code = update->code;
  recipient->tried_us = update->tried_us;
  g_free (recipient->enhanced);
  g_free (recipient->text);
  g_free (recipient->host);
  recipient->enhanced = g_strdup (update->enhanced);
  recipient->text = g_strdup (update->text);
  recipient->host = g_strdup (update->host);
  note_waiting (self, recipient);
}

static void
report_made (Memory *self, const ClrReportMade *made)
{
  ClrRecipient *recipient = find_recipient (self, made->message, made->number);

  if (recipient == NULL || !(recipient->report & made->kind))
    return;
  recipient->report &= ~made->kind;
  recipient->reported |= made->kind;
  if (recipient->state == CLR_RECIPIENT_BOUNCING && made->kind == CLR_REPORT_FAILED)
    recipient->state = made->state;
}

static GPtrArray *
list_rows (Memory *self)
{
  GPtrArray *rows = g_ptr_array_new ();

  for (GTreeNode *node = g_tree_node_first (self->rows); node; node = g_tree_node_next (node))
    g_ptr_array_add (rows, g_tree_node_value (node));
  return rows;
}

static void
keep_only (ClrMessage *message, gboolean (*keep) (const ClrRecipient *recipient, void *data), void *data)
{
  unsigned kept = 0;

  for (unsigned i = 0; i < message->n_recipients; i++)
    if (keep (&message->recipients[i], data))
      message->recipients[kept++] = message->recipients[i];
    else
      clr_recipient_clear (&message->recipients[i]);
  message->n_recipients = kept;
}

static gboolean
is_claimed (const ClrRecipient *recipient, void *data)
{
  return g_hash_table_contains (data, GUINT_TO_POINTER (recipient->number));
}

typedef struct
{
  ClrMessage *row;
  ClrRecipient *recipient;
} Due;

static int
compare_due (const void *a, const void *b)
{
  int p = ((const Due *)a)->recipient->priority, q = ((const Due *)b)->recipient->priority;
  int64_t x = ((const Due *)a)->recipient->due_us, y = ((const Due *)b)->recipient->due_us;

  return p != q ? (p < q) - (p > q) : (x > y) - (x < y);
}

static int
compare_rows (const void *a, const void *b)
{
  return compare_ids (&((const Due *)a)->row->id, &((const Due *)b)->row->id, NULL);
}

static void
claim (Memory *self, ClrClaim *claim)
{
  g_autoptr (GPtrArray) rows = list_rows (self);
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (Due));
  g_autoptr (GHashTable) numbers = g_hash_table_new (NULL, NULL);

  claim->messages = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_message_unref);
  for (unsigned r = 0; r < rows->len; r++)
    {
      ClrMessage *row = g_ptr_array_index (rows, r);
      for (unsigned i = 0; i < row->n_recipients; i++)
        {
          Due due = { row, &row->recipients[i] };
          if (due.recipient->state == CLR_RECIPIENT_WAITING && due.recipient->due_us <= claim->now_us
              && g_str_equal (due.recipient->lane, claim->lane))
            g_array_append_val (found, due);
        }
    }
  /* Highest priority first, then who has waited longest; recipients of one message go together. */
  g_array_sort (found, compare_due);
  if (found->len > claim->n)
    g_array_set_size (found, claim->n);
  g_array_sort (found, compare_rows);
  for (unsigned i = 0; i < found->len; i++)
    {
      Due *due = &g_array_index (found, Due, i);

      due->recipient->state = CLR_RECIPIENT_ACTIVE;
      g_hash_table_add (numbers, GUINT_TO_POINTER (due->recipient->number));
      if (i + 1 < found->len && due[1].row == due->row)
        continue;
      ClrMessage *copy = copy_message (due->row, TRUE);
      keep_only (copy, is_claimed, numbers);
      g_ptr_array_add (claim->messages, copy);
      g_hash_table_remove_all (numbers);
    }

  claim->next_due_us = INT64_MAX;
  for (unsigned r = 0; r < rows->len; r++)
    {
      ClrMessage *row = g_ptr_array_index (rows, r);
      for (unsigned i = 0; i < row->n_recipients; i++)
        if (row->recipients[i].state == CLR_RECIPIENT_WAITING
            && g_str_equal (row->recipients[i].lane, claim->lane))
          claim->next_due_us = MIN (claim->next_due_us, row->recipients[i].due_us);
    }
  find_lane (self, claim->lane)->look_us = claim->next_due_us;
}

/* The rows of one slice, up to @most of those that fit; the cursor moves on. Returns: whether more follows.
 */
static gboolean
slice (Memory *self, const ClrFilter *filter, uint64_t *after, unsigned most, GPtrArray *found)
{
  g_autoptr (GPtrArray) rows = list_rows (self);
  unsigned looked = 0, most_looked = most == UINT_MAX ? UINT_MAX : CLR_ACT_LOOK;

  for (unsigned r = 0; r < rows->len; r++)
    {
      ClrMessage *row = g_ptr_array_index (rows, r);
      gboolean fits = filter == NULL;

      if (row->id <= *after)
        continue;
      if (looked++ == most_looked)
        return TRUE;
      for (unsigned i = 0; i < row->n_recipients && !fits; i++)
        fits = clr_filter_fits (filter, row, &row->recipients[i]);
      if (fits && found->len == most)
        return TRUE;
      if (fits)
        g_ptr_array_add (found, row);
      *after = row->id;
    }
  return FALSE;
}

static void
act_on (Memory *self, ClrAct *act, ClrMessage *row)
{
  ClrMessage *copy = copy_message (row, FALSE);
  unsigned changed = 0, left = 0;

  for (unsigned i = 0; i < row->n_recipients; i++)
    {
      ClrRecipient *recipient = &row->recipients[i], *told = &copy->recipients[i];
      gboolean gone, is_changed = clr_act_change (act, row, recipient, &gone);

      if (is_changed)
        {
          told->state = recipient->state;
          told->report = recipient->report;
          told->due_us = recipient->due_us;
          g_free (told->lane);
          told->lane = g_strdup (recipient->lane);
          g_free (told->address);
          told->address = g_strdup (recipient->address);
          told->code = recipient->code;
          g_free (told->enhanced);
          told->enhanced = g_strdup (recipient->enhanced);
          g_free (told->text);
          told->text = g_strdup (recipient->text);
          g_free (told->host);
          told->host = g_strdup (recipient->host);
          copy->recipients[changed++] = *told;
          if (!gone)
            note_waiting (self, recipient);
        }
      else
        clr_recipient_clear (told);
      if (is_changed && gone)
        clr_recipient_clear (recipient);
      else
        row->recipients[left++] = *recipient;
    }
  copy->n_recipients = changed;
  row->n_recipients = left;
  act->n_changed += changed;
  if (left == 0)
    g_tree_remove (self->rows, &copy->id);
  if (changed > 0)
    g_ptr_array_add (act->messages, copy);
  else
    clr_message_unref (copy);
}

static void
act (Memory *self, ClrAct *act)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new ();
  ClrMessage *one = g_tree_lookup (self->rows, &act->message);

  if (one)
    g_ptr_array_add (rows, one);
  else if (act->message == 0 && clr_act_is_by_time (act))
    slice (self, NULL, &(uint64_t){ 0 }, UINT_MAX, rows);
  else if (act->message == 0)
    act->more = slice (self, act->filter, &act->after, CLR_ACT_CHANGE, rows);
  for (unsigned i = 0; i < rows->len && act->messages->len < CLR_ACT_CHANGE; i++)
    act_on (self, act, g_ptr_array_index (rows, i));
  act->more = act->more || act->messages->len == CLR_ACT_CHANGE;
}

static void
apply (ClrQueueStore *store, ClrBatch *batch, ClrStoreDone done, void *data)
{
  Memory *self = (Memory *)store;

  for (unsigned i = 0; i < batch->lanes->len; i++)
    {
      ClrLaneUpdate *facts = &g_array_index (batch->lanes, ClrLaneUpdate, i);
      Lane *lane = find_lane (self, facts->lane);

      if (facts->look_us > 0)
        lane->look_us = facts->look_us;
      if (facts->site)
        {
          g_free (lane->site);
          lane->site = g_strdup (facts->site);
        }
    }
  for (unsigned i = 0; i < batch->inserts->len; i++)
    {
      ClrMessage *row = copy_message (g_ptr_array_index (batch->inserts, i), TRUE);
      g_tree_replace (self->rows, &row->id, row);
      for (unsigned k = 0; k < row->n_recipients; k++)
        note_waiting (self, &row->recipients[k]);
    }
  for (unsigned i = 0; i < batch->updates->len; i++)
    update (self, &g_array_index (batch->updates, ClrRecipientUpdate, i));
  for (unsigned i = 0; i < batch->made->len; i++)
    report_made (self, &g_array_index (batch->made, ClrReportMade, i));
  for (unsigned i = 0; i < batch->removes->len; i++)
    g_tree_remove (self->rows, &g_array_index (batch->removes, uint64_t, i));
  for (unsigned i = 0; i < batch->acts->len; i++)
    act (self, g_ptr_array_index (batch->acts, i));
  for (unsigned i = 0; i < batch->claims->len; i++)
    claim (self, &g_array_index (batch->claims, ClrClaim, i));
  done (store, batch, NULL, data);
}

static gboolean
recover (ClrQueueStore *store, unsigned node, GPtrArray *finished, GError **error)
{
  Memory *self = (Memory *)store;
  g_autoptr (GPtrArray) rows = list_rows (self);

  for (unsigned r = 0; r < rows->len; r++)
    {
      ClrMessage *row = g_ptr_array_index (rows, r);
      gboolean all_done = TRUE;

      for (unsigned i = 0; i < row->n_recipients; i++)
        {
          if (row->recipients[i].state == CLR_RECIPIENT_ACTIVE)
            row->recipients[i].state = CLR_RECIPIENT_WAITING;
          note_waiting (self, &row->recipients[i]);
          all_done = all_done && clr_recipient_is_final (&row->recipients[i]);
        }
      if (all_done)
        g_ptr_array_add (finished, copy_message (row, FALSE));
    }
  return TRUE;
}

static int
compare_lanes (const void *a, const void *b)
{
  const Lane *x = *(Lane *const *)a, *y = *(Lane *const *)b;

  return x->look_us != y->look_us ? (x->look_us > y->look_us) - (x->look_us < y->look_us)
                                  : (x->id > y->id) - (x->id < y->id);
}

static gboolean
visit_lanes (ClrQueueStore *store, ClrLaneCursor *cursor, unsigned n, ClrLaneVisitor visitor, void *data,
             GError **error)
{
  g_autoptr (GPtrArray) lanes = g_ptr_array_new ();
  unsigned found = 0;
  GHashTableIter iter;
  void *value;

  g_hash_table_iter_init (&iter, ((Memory *)store)->lanes);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_ptr_array_add (lanes, value);
  g_ptr_array_sort (lanes, compare_lanes);
  for (unsigned i = 0; i < lanes->len && found < n; i++)
    {
      Lane *lane = g_ptr_array_index (lanes, i);

      if (lane->look_us == INT64_MAX || lane->look_us < cursor->look_us
          || (lane->look_us == cursor->look_us && lane->id <= cursor->id))
        continue;
      *cursor = (ClrLaneCursor){ lane->look_us, lane->id };
      visitor (lane->key, lane->site, lane->look_us, data);
      found++;
    }
  if (found < n)
    cursor->look_us = INT64_MAX;
  return TRUE;
}

static gboolean
renew (ClrQueueStore *store, unsigned node, int64_t lease_until_us, GError **error)
{
  return TRUE;
}

static ClrMessage *
load (ClrQueueStore *store, uint64_t id, GError **error)
{
  ClrMessage *row = g_tree_lookup (((Memory *)store)->rows, &id);

  return row ? copy_message (row, FALSE) : NULL;
}

static gboolean
page (ClrQueueStore *store, ClrPage *page, GError **error)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new ();

  page->more = slice ((Memory *)store, page->filter, &page->after,
                      page->n ? page->n - page->messages->len : UINT_MAX, rows);
  page->n_messages += rows->len;
  for (unsigned r = 0; r < rows->len; r++)
    {
      ClrMessage *row = g_ptr_array_index (rows, r);

      for (unsigned i = 0; i < row->n_recipients; i++)
        page->n_recipients
            += page->filter == NULL || clr_filter_fits (page->filter, row, &row->recipients[i]);
      if (page->n > 0)
        g_ptr_array_add (page->messages, copy_message (row, FALSE));
    }
  return TRUE;
}

static gboolean
has_report (const ClrRecipient *recipient, void *data)
{
  return recipient->report != 0;
}

static GPtrArray *
due_reports (ClrQueueStore *store, unsigned n, GError **error)
{
  g_autoptr (GPtrArray) rows = list_rows ((Memory *)store);
  GPtrArray *messages = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_message_unref);

  for (unsigned r = 0; r < rows->len && messages->len < n; r++)
    {
      g_autoptr (ClrMessage) copy = copy_message (g_ptr_array_index (rows, r), TRUE);

      keep_only (copy, has_report, NULL);
      if (copy->n_recipients > 0)
        g_ptr_array_add (messages, g_steal_pointer (&copy));
    }
  return messages;
}

static void
count (ClrQueueStore *store, uint64_t *messages, uint64_t by_state[CLR_RECIPIENT_STATES])
{
  g_autoptr (GPtrArray) rows = list_rows ((Memory *)store);

  *messages = rows->len;
  memset (by_state, 0, sizeof *by_state * CLR_RECIPIENT_STATES);
  for (unsigned r = 0; r < rows->len; r++)
    {
      ClrMessage *row = g_ptr_array_index (rows, r);
      for (unsigned i = 0; i < row->n_recipients; i++)
        by_state[row->recipients[i].state]++;
    }
  by_state[CLR_RECIPIENT_DELIVERED] = by_state[CLR_RECIPIENT_GIVEN_UP] = 0;
}

static gboolean
has_message (ClrQueueStore *store, uint64_t id)
{
  return g_tree_lookup (((Memory *)store)->rows, &id) != NULL;
}

static gboolean
wants_maintenance (ClrQueueStore *store)
{
  return FALSE;
}

static gboolean
content_put (ClrContentStore *store, uint64_t message, const ClrRope *content, GError **error)
{
  return TRUE; /* came with the insert */
}

static gboolean
content_get (ClrContentStore *content, uint64_t message, ClrRope *rope, GError **error)
{
  Memory *self = (Memory *)((char *)content - offsetof (Memory, content));
  ClrMessage *row = g_tree_lookup (self->rows, &message);

  if (row)
    clr_rope_append_rope (rope, &row->content);
  else
    g_set_error (error, CLR_ERROR, CLR_ERROR_NOT_FOUND, "no such message");
  return row != NULL;
}

static gboolean
content_drop (ClrContentStore *store, uint64_t message, GError **error)
{
  return TRUE;
}

static ClrContentStore *
get_content (ClrQueueStore *store)
{
  return &((Memory *)store)->content;
}

static void
memory_free (ClrQueueStore *store)
{
  g_tree_unref (((Memory *)store)->rows);
  g_hash_table_unref (((Memory *)store)->lanes);
  g_free (store);
}

static const ClrContentStoreClass content_class = { content_put, content_get, content_drop };
static const ClrQueueStoreClass memory_class = {
  .name = "memory",
  .apply = apply,
  .recover = recover,
  .visit_lanes = visit_lanes,
  .renew = renew,
  .load = load,
  .page = page,
  .due_reports = due_reports,
  .count = count,
  .has_message = has_message,
  .wants_maintenance = wants_maintenance,
  .get_content = get_content,
  .free = memory_free,
};

ClrQueueStore *
clr_store_memory_new (void)
{
  Memory *self = g_new0 (Memory, 1);

  self->parent.klass = &memory_class;
  self->content.klass = &content_class;
  self->lanes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, lane_free);
  self->rows = g_tree_new_full (compare_ids, NULL, NULL, (GDestroyNotify)clr_message_unref);
  return &self->parent;
}
