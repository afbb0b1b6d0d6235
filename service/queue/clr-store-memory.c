/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-store.h"

#include "base/clr-error.h"

typedef struct
{
  ClrQueueStore parent;
  ClrContentStore content;
  GTree *rows; /* id -> ClrMessage, in order */
} Memory;

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
  to->smtputf8 = from->smtputf8;
  to->size = from->size;
  to->origin = g_strdup (from->origin);
  to->client = g_strdup (from->client);
  to->device = g_strdup (from->device);
  to->priority = from->priority;
  to->requiretls = from->requiretls;
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

static void
update (Memory *self, const ClrRecipientUpdate *update)
{
  ClrMessage *row = g_tree_lookup (self->rows, &update->message);

  for (unsigned i = 0; row && i < row->n_recipients; i++)
    if (row->recipients[i].number == update->number)
      {
        ClrRecipient *recipient = &row->recipients[i];

        recipient->state = update->state;
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
      }
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
  int64_t x = ((const Due *)a)->recipient->due_us, y = ((const Due *)b)->recipient->due_us;

  return (x > y) - (x < y);
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
  /* Who has waited longest goes first; recipients of one message go together. */
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
}

static gboolean
is_chosen (const ClrRecipient *recipient, const ClrAct *act)
{
  switch (act->kind)
    {
    case CLR_ACT_RETRY:
      return recipient->state == CLR_RECIPIENT_WAITING || recipient->state == CLR_RECIPIENT_FAILED;
    case CLR_ACT_DELETE:
      return recipient->state == CLR_RECIPIENT_WAITING || recipient->state == CLR_RECIPIENT_FAILED
             || recipient->state == CLR_RECIPIENT_HELD;
    case CLR_ACT_EXPIRE:
      return recipient->state == CLR_RECIPIENT_WAITING && recipient->expires_us <= act->now_us;
    }
  g_assert_not_reached ();
}

static gboolean
keep_chosen (const ClrRecipient *recipient, void *data)
{
  return is_chosen (recipient, data);
}

static gboolean
drop_chosen (const ClrRecipient *recipient, void *data)
{
  return !is_chosen (recipient, data);
}

static void
act (Memory *self, ClrAct *act)
{
  g_autoptr (GPtrArray) rows = list_rows (self);

  for (unsigned r = 0; r < rows->len; r++)
    {
      ClrMessage *row = g_ptr_array_index (rows, r), *copy;

      if (act->message && act->message != row->id)
        continue;
      copy = copy_message (row, FALSE);
      keep_only (copy, keep_chosen, act);
      act->n_changed += copy->n_recipients;
      if (copy->n_recipients > 0)
        g_ptr_array_add (act->messages, copy);
      else
        clr_message_unref (copy);
      if (act->kind == CLR_ACT_DELETE)
        {
          keep_only (row, drop_chosen, act);
          if (row->n_recipients == 0)
            g_tree_remove (self->rows, &row->id);
          continue;
        }
      for (unsigned i = 0; i < row->n_recipients; i++)
        if (is_chosen (&row->recipients[i], act))
          {
            ClrRecipient *recipient = &row->recipients[i];

            if (act->kind == CLR_ACT_RETRY && recipient->state == CLR_RECIPIENT_FAILED)
              recipient->expires_us += act->now_us - row->created_us;
            recipient->state = act->kind == CLR_ACT_EXPIRE ? CLR_RECIPIENT_FAILED : CLR_RECIPIENT_WAITING;
            recipient->due_us = act->now_us;
          }
    }
}

static void
apply (ClrQueueStore *store, ClrBatch *batch, ClrStoreDone done, void *data)
{
  Memory *self = (Memory *)store;

  for (unsigned i = 0; i < batch->inserts->len; i++)
    {
      ClrMessage *row = copy_message (g_ptr_array_index (batch->inserts, i), TRUE);
      g_tree_replace (self->rows, &row->id, row);
    }
  for (unsigned i = 0; i < batch->updates->len; i++)
    update (self, &g_array_index (batch->updates, ClrRecipientUpdate, i));
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
  g_autoptr (GPtrArray) rows = list_rows ((Memory *)store);

  for (unsigned r = 0; r < rows->len; r++)
    {
      ClrMessage *row = g_ptr_array_index (rows, r);
      gboolean all_done = TRUE;

      for (unsigned i = 0; i < row->n_recipients; i++)
        {
          if (row->recipients[i].state == CLR_RECIPIENT_ACTIVE)
            row->recipients[i].state = CLR_RECIPIENT_WAITING;
          all_done = all_done && clr_recipient_state_is_final (row->recipients[i].state);
        }
      if (all_done)
        g_ptr_array_add (finished, copy_message (row, FALSE));
    }
  return TRUE;
}

typedef struct
{
  unsigned n;
  int64_t due;
} Waiting;

static gboolean
visit_lanes (ClrQueueStore *store, ClrLaneVisitor visitor, void *data, GError **error)
{
  g_autoptr (GPtrArray) rows = list_rows ((Memory *)store);
  g_autoptr (GHashTable) lanes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  GHashTableIter iter;
  void *key, *value;

  for (unsigned r = 0; r < rows->len; r++)
    {
      ClrMessage *row = g_ptr_array_index (rows, r);

      for (unsigned i = 0; i < row->n_recipients; i++)
        {
          ClrRecipient *recipient = &row->recipients[i];
          Waiting *waiting = g_hash_table_lookup (lanes, recipient->lane);

          if (recipient->state != CLR_RECIPIENT_WAITING)
            continue;
          if (waiting == NULL)
            {
              waiting = g_new (Waiting, 1);
              *waiting = (Waiting){ 0, INT64_MAX };
              g_hash_table_insert (lanes, recipient->lane, waiting);
            }
          waiting->n++;
          waiting->due = MIN (waiting->due, recipient->due_us);
        }
    }
  g_hash_table_iter_init (&iter, lanes);
  while (g_hash_table_iter_next (&iter, &key, &value))
    visitor (key, ((Waiting *)value)->n, ((Waiting *)value)->due, data);
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

static GPtrArray *
page (ClrQueueStore *store, uint64_t after, unsigned n, int state, GError **error)
{
  g_autoptr (GPtrArray) rows = list_rows ((Memory *)store);
  GPtrArray *messages = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_message_unref);

  for (unsigned r = 0; r < rows->len && messages->len < n; r++)
    {
      ClrMessage *row = g_ptr_array_index (rows, r);
      gboolean wanted = state < 0;

      for (unsigned i = 0; i < row->n_recipients; i++)
        wanted = wanted || (int)row->recipients[i].state == state;
      if (row->id > after && wanted)
        g_ptr_array_add (messages, copy_message (row, FALSE));
    }
  return messages;
}

static gboolean
count (ClrQueueStore *store, uint64_t *messages, uint64_t *recipients_by_state, GError **error)
{
  g_autoptr (GPtrArray) rows = list_rows ((Memory *)store);

  *messages = rows->len;
  for (unsigned r = 0; r < rows->len; r++)
    {
      ClrMessage *row = g_ptr_array_index (rows, r);
      for (unsigned i = 0; i < row->n_recipients; i++)
        recipients_by_state[row->recipients[i].state]++;
    }
  return TRUE;
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

static void
maintain (ClrQueueStore *store)
{
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
  g_free (store);
}

static const ClrContentStoreClass content_class = { content_put, content_get, content_drop };
static const ClrQueueStoreClass memory_class
    = { "memory", apply,       recover,           visit_lanes, renew,    load,        page,
        count,    has_message, wants_maintenance, maintain,    maintain, get_content, memory_free };

ClrQueueStore *
clr_store_memory_new (void)
{
  Memory *self = g_new0 (Memory, 1);

  self->parent.klass = &memory_class;
  self->content.klass = &content_class;
  self->rows = g_tree_new_full (compare_ids, NULL, NULL, (GDestroyNotify)clr_message_unref);
  return &self->parent;
}
