/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "alerts/clr-alert-book.h"

#include <string.h>

struct ClrAlertBook
{
  ClrAlertTell tell;
  void *data;
  GPtrArray *alerts; /* beyond their threshold, whether they are raised already or not */
  GPtrArray *over;   /* the oldest first */
};

static void
alert_free (void *data)
{
  ClrAlert *alert = data;

  g_free (alert->name);
  g_free (alert->subject);
  g_free (alert->text);
  g_free (alert->acknowledged_by);
  g_free (alert);
}

ClrAlertBook *
clr_alert_book_new (ClrAlertTell tell, void *data)
{
  ClrAlertBook *book = g_new0 (ClrAlertBook, 1);

  book->tell = tell;
  book->data = data;
  book->alerts = g_ptr_array_new_with_free_func (alert_free);
  book->over = g_ptr_array_new_with_free_func (alert_free);
  return book;
}

void
clr_alert_book_free (ClrAlertBook *book)
{
  g_ptr_array_unref (book->alerts);
  g_ptr_array_unref (book->over);
  g_free (book);
}

static ClrAlert *
find (ClrAlertBook *book, const char *name, const char *subject)
{
  for (unsigned i = 0; i < book->alerts->len; i++)
    {
      ClrAlert *alert = g_ptr_array_index (book->alerts, i);

      if (g_str_equal (alert->name, name) && g_str_equal (alert->subject, subject))
        return alert;
    }
  return NULL;
}

void
clr_alert_book_begin (ClrAlertBook *book)
{
  for (unsigned i = 0; i < book->alerts->len; i++)
    ((ClrAlert *)g_ptr_array_index (book->alerts, i))->is_seen = FALSE;
}

static ClrAlert *
add (ClrAlertBook *book, const ClrAlertRule *rule, const char *subject, int64_t now_us)
{
  ClrAlert *alert;

  if (book->alerts->len >= CLR_ALERTS_MOST)
    return NULL;
  alert = g_new0 (ClrAlert, 1);
  alert->name = g_strdup (rule->name);
  alert->kind = rule->kind;
  alert->subject = g_strdup (subject);
  alert->beyond_us = now_us;
  g_ptr_array_add (book->alerts, alert);
  return alert;
}

static void
tell (ClrAlertBook *book, ClrAlertChange change, ClrAlert *alert, const ClrAlertRule *rule, int64_t now_us)
{
  alert->told_us = now_us;
  book->tell (change, alert, rule, book->data);
}

void
clr_alert_book_note (ClrAlertBook *book, const ClrAlertRule *rule, const char *subject, int64_t value,
                     const char *text, int64_t now_us)
{
  ClrAlert *alert = find (book, rule->name, subject);
  gboolean is_raised = alert && alert->raised_us > 0;

  /* A rule that was made another is another alert. */
  if (alert && alert->kind != rule->kind)
    return;
  if (!clr_alert_rule_holds (rule, value, is_raised))
    return; /* the end of the round clears it */
  if (alert == NULL && (alert = add (book, rule, subject, now_us)) == NULL)
    return;
  alert->is_seen = TRUE;
  alert->value = value;
  g_free (alert->text);
  alert->text = g_strdup (text);
  /* A clock that goes back begins anew; nothing is told twice for that. */
  alert->beyond_us = MIN (alert->beyond_us, now_us);
  alert->told_us = MIN (alert->told_us, now_us);
  if (!is_raised)
    {
      if (now_us - alert->beyond_us < rule->hold_us)
        return;
      alert->raised_us = now_us;
      tell (book, CLR_ALERT_RAISED, alert, rule, now_us);
    }
  else if (rule->repeat_us > 0 && alert->acknowledged_us == 0 && now_us - alert->told_us >= rule->repeat_us)
    tell (book, CLR_ALERT_REMINDED, alert, rule, now_us);
}

void
clr_alert_book_keep (ClrAlertBook *book, const ClrAlertRule *rule)
{
  for (unsigned i = 0; i < book->alerts->len; i++)
    {
      ClrAlert *alert = g_ptr_array_index (book->alerts, i);

      if (g_str_equal (alert->name, rule->name))
        alert->is_seen = TRUE;
    }
}

static const ClrAlertRule *
find_rule (const GPtrArray *rules, const char *name)
{
  for (unsigned i = 0; i < rules->len; i++)
    {
      const ClrAlertRule *rule = g_ptr_array_index (rules, i);

      if (g_str_equal (rule->name, name))
        return rule;
    }
  return NULL;
}

void
clr_alert_book_end (ClrAlertBook *book, const GPtrArray *rules, int64_t now_us)
{
  for (unsigned i = book->alerts->len; i-- > 0;)
    {
      ClrAlert *alert = g_ptr_array_index (book->alerts, i);

      if (alert->is_seen)
        continue;
      g_ptr_array_steal_index (book->alerts, i);
      if (alert->raised_us == 0)
        {
          alert_free (alert);
          continue;
        }
      alert->cleared_us = now_us;
      tell (book, CLR_ALERT_CLEARED, alert, find_rule (rules, alert->name), now_us);
      if (book->over->len >= CLR_ALERTS_OVER)
        g_ptr_array_remove_index (book->over, 0);
      g_ptr_array_add (book->over, alert);
    }
}

gboolean
clr_alert_book_acknowledge (ClrAlertBook *book, const char *name, const char *subject, const char *who,
                            int64_t now_us)
{
  ClrAlert *alert = find (book, name, subject);

  if (alert == NULL || alert->raised_us == 0)
    return FALSE;
  alert->acknowledged_us = now_us;
  g_free (alert->acknowledged_by);
  alert->acknowledged_by = g_strdup (who);
  return TRUE;
}

void
clr_alert_book_restore (ClrAlertBook *book, const ClrAlert *alert)
{
  ClrAlert *copy;

  if (book->alerts->len >= CLR_ALERTS_MOST || find (book, alert->name, alert->subject))
    return;
  copy = g_new0 (ClrAlert, 1);
  *copy = *alert;
  copy->name = g_strdup (alert->name);
  copy->subject = g_strdup (alert->subject);
  copy->text = g_strdup (alert->text);
  copy->acknowledged_by = g_strdup (alert->acknowledged_by);
  g_ptr_array_add (book->alerts, copy);
}

static int
compare (const void *a, const void *b)
{
  const ClrAlert *left = *(ClrAlert *const *)a, *right = *(ClrAlert *const *)b;
  int64_t since_left = left->cleared_us ? left->cleared_us : left->raised_us;
  int64_t since_right = right->cleared_us ? right->cleared_us : right->raised_us;

  if ((left->cleared_us == 0) != (right->cleared_us == 0))
    return left->cleared_us == 0 ? -1 : 1;
  return (since_left < since_right) - (since_left > since_right);
}

GPtrArray *
clr_alert_book_list (ClrAlertBook *book)
{
  GPtrArray *list = g_ptr_array_new ();

  for (unsigned i = 0; i < book->alerts->len; i++)
    if (((ClrAlert *)g_ptr_array_index (book->alerts, i))->raised_us > 0)
      g_ptr_array_add (list, g_ptr_array_index (book->alerts, i));
  g_ptr_array_extend (list, book->over, NULL, NULL);
  g_ptr_array_sort (list, compare);
  return list;
}

unsigned
clr_alert_book_count (ClrAlertBook *book)
{
  unsigned n = 0;

  for (unsigned i = 0; i < book->alerts->len; i++)
    n += ((ClrAlert *)g_ptr_array_index (book->alerts, i))->raised_us > 0;
  return n;
}
