/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The whole queue by clocks of our own, without waiting: who is served beside a slow next hop, when reports
 * come and which do not, what becomes of mail when the clock is set, and of a store that cannot be read for a
 * moment.
 */
#include "clr-queue-rig.h"

#include <string.h>

static const char *const one_lane[] = { "smarthost:a", NULL }, *const two_lanes[]
                                                               = { "smarthost:a", "smarthost:b", NULL };

/* Within a second: what is over leaves the store a little later. */
static void
check_idle (ClrQueueRig *rig)
{
  rig_wait (rig, SECOND);
  g_assert_cmpuint (rig->jobs.length, ==, 0);
  g_assert_cmpuint (rig->reports.length, ==, 0);
}

/* Until something other than another attempt is there, every attempt is deferred. Returns: what has passed.
 */
static int64_t
defer_for (ClrQueueRig *rig, int64_t time)
{
  int64_t passed = 0;

  while (passed < time && rig->reports.length == 0)
    {
      passed += rig_wait (rig, time - passed);
      while (rig->jobs.length > 0)
        rig_answer (rig, rig_take_job (rig), CLR_OUTCOME_DEFERRED, FALSE);
    }
  return passed;
}

/* Every job that comes in that time has @outcome. Returns: how many came. */
static unsigned
answer_all (ClrQueueRig *rig, ClrOutcome outcome, int64_t time)
{
  unsigned n = 0;

  for (int64_t end = rig->monotonic + time; rig->monotonic < end;)
    {
      rig_wait (rig, end - rig->monotonic);
      for (; rig->jobs.length > 0; n++)
        rig_answer (rig, rig_take_job (rig), outcome, FALSE);
      rig_pass (rig, SECOND / 100);
    }
  return n;
}

static ClrReportJob *
take_report (ClrQueueRig *rig, ClrReportKind kind, unsigned n_recipients)
{
  ClrReportJob *job = g_queue_pop_head (&rig->reports);

  g_assert_nonnull (job);
  g_assert_cmpint (job->kind, ==, kind);
  g_assert_cmpuint (job->message->n_recipients, ==, n_recipients);
  return job;
}

/* The report arrives, and nothing else is there. */
static void
deliver_report (ClrQueueRig *rig, uint64_t id)
{
  rig_settle (rig);
  ClrJob *job = rig_take_job (rig);
  g_assert_true (job->message->id == id);
  rig_answer (rig, job, CLR_OUTCOME_DELIVERED, FALSE);
  check_idle (rig);
}

/* -- fairness */

typedef struct
{
  ClrJob *job;
  int64_t answer_us;
} Slow;

#define QUICK 100u

/* Many messages for each of @n_slow next hops that take one in 20 s each, then two for each of a hundred
 * quick ones, which take theirs at once. Returns: how long the last of these had to wait. */
static int64_t
race (ClrQueueRig *rig, unsigned n_slow, unsigned n_each)
{
  g_autoptr (GArray) slow = g_array_new (FALSE, FALSE, sizeof (Slow));
  g_autofree int64_t *free_at = g_new0 (int64_t, n_slow);
  unsigned served = 0;
  int64_t began;

  for (unsigned i = 0; i < n_each; i++)
    for (unsigned s = 0; s < n_slow; s++)
      {
        g_autofree char *lane = g_strdup_printf ("slow:%u", s);
        rig_submit (rig, 0, (const char *const[]){ lane, NULL });
        if (i % 8 == 0) /* a transaction holds what some sessions have sent */
          rig_settle (rig);
      }
  rig_settle (rig);
  for (unsigned i = 0; i < 2 * QUICK; i++)
    {
      g_autofree char *lane = g_strdup_printf ("quick:%u", i % QUICK);
      rig_submit (rig, 0, (const char *const[]){ lane, NULL });
    }
  began = rig->wall;
  while (served < 2 * QUICK && rig->wall < began + HOUR)
    {
      int64_t step = MIN (rig_settle (rig), SECOND);
      ClrJob *job;
      gboolean answered = FALSE;

      while ((job = g_queue_pop_head (&rig->jobs)))
        {
          unsigned site;

          if (sscanf (job->key, "slow:%u", &site) == 1)
            {
              free_at[site] = MAX (free_at[site], rig->wall) + 20 * SECOND;
              Slow one = { job, free_at[site] };
              g_array_append_val (slow, one);
              continue;
            }
          served++;
          answered = TRUE;
          rig_answer (rig, job, CLR_OUTCOME_DELIVERED, FALSE);
        }
      for (unsigned i = 0; i < slow->len;)
        {
          Slow *one = &g_array_index (slow, Slow, i);

          if (one->answer_us > rig->wall)
            {
              i++;
              continue;
            }
          rig_answer (rig, one->job, CLR_OUTCOME_DELIVERED, FALSE);
          g_array_remove_index_fast (slow, i);
        }
      if (!answered)
        rig_pass (rig, step);
    }
  g_assert_cmpuint (served, ==, 2 * QUICK);
  g_assert_cmpuint (slow->len, >, 0); /* they were slow */
  for (unsigned i = 0; i < slow->len; i++)
    clr_job_free (g_array_index (slow, Slow, i).job);
  return rig->wall - began;
}

static void
test_one_slow (ClrQueueRig *rig, const void *kind)
{
  g_assert_cmpint (race (rig, 1, 600), <, SECOND);
}

/* More of them than all the windows that are in memory. */
static void
test_many_slow (ClrQueueRig *rig, const void *kind)
{
  g_assert_cmpint (race (rig, 30, 40), <, 30 * SECOND);
}

/* One that fails as a whole rests, and everything else goes on. */
static void
test_dead_hop (ClrQueueRig *rig, const void *kind)
{
  unsigned served = 0;

  for (unsigned i = 0; i < 300; i++)
    rig_submit (rig, 0, (const char *const[]){ "dead", NULL });
  for (unsigned i = 0; i < 50; i++)
    rig_submit (rig, 0, one_lane);
  for (int64_t end = rig->wall + 10 * MINUTE; rig->wall < end;)
    {
      int64_t wait = rig_settle (rig);

      if (rig->jobs.length == 0)
        rig_pass (rig, MIN (wait, MINUTE));
      while (rig->jobs.length > 0)
        {
          ClrJob *job = rig_take_job (rig);
          gboolean dead = g_str_equal (job->key, "dead");

          served += !dead;
          rig_answer (rig, job, dead ? CLR_OUTCOME_DEFERRED : CLR_OUTCOME_DELIVERED, dead);
        }
    }
  g_assert_cmpuint (served, ==, 50);
  g_assert_cmpuint (rig_count_messages (rig), ==, 300);
}

/* -- reports */

/* A notice after four hours, once; a report after five days; then nothing is left. */
static void
test_delay_and_failure (ClrQueueRig *rig, const void *kind)
{
  int64_t began = rig->wall;

  rig_submit (rig, 0, one_lane);
  int64_t passed = defer_for (rig, DAY);
  g_assert_cmpint (passed, >=, 4 * HOUR);
  g_assert_cmpint (passed, <=, 4 * HOUR + 2 * MINUTE);
  deliver_report (rig, rig_make_report (rig, take_report (rig, CLR_REPORT_DELAYED, 1), "smarthost:b"));

  defer_for (rig, 10 * DAY);
  g_assert_cmpint (rig->wall - began, >=, 5 * DAY);
  g_assert_cmpint (rig->wall - began, <=, 5 * DAY + 2 * MINUTE);
  deliver_report (rig, rig_make_report (rig, take_report (rig, CLR_REPORT_FAILED, 1), "smarthost:b"));
  g_assert_cmpuint (rig_count_messages (rig), ==, 0);
}

static void
test_success (ClrQueueRig *rig, const void *kind)
{
  rig_submit (rig, CLR_TELL_SUCCESS, one_lane);
  rig_settle (rig);
  rig_answer (rig, rig_take_job (rig), CLR_OUTCOME_DELIVERED, FALSE);
  g_assert_cmpint (rig_wait (rig, MINUTE), <, SECOND);
  deliver_report (rig, rig_make_report (rig, take_report (rig, CLR_REPORT_DELIVERED, 1), "smarthost:b"));
  g_assert_cmpuint (rig_count_messages (rig), ==, 0);
}

static void
test_nobody_is_told (ClrQueueRig *rig, const void *kind)
{
  rig_submit (rig, CLR_TELL_NEVER, one_lane);
  g_assert_cmpint (defer_for (rig, 6 * DAY), ==, 6 * DAY);
  check_idle (rig);
  g_assert_cmpuint (rig_count_messages (rig), ==, 0);
}

/* While a worker writes that the mail waits, it is delivered: then nobody is told that it waits. */
static void
test_late_notice (ClrQueueRig *rig, const void *kind)
{
  rig_submit (rig, 0, one_lane);
  defer_for (rig, DAY);
  ClrReportJob *report = take_report (rig, CLR_REPORT_DELAYED, 1);
  rig_wait (rig, DAY);
  rig_answer (rig, rig_take_job (rig), CLR_OUTCOME_DELIVERED, FALSE);
  check_idle (rig);
  rig_make_report (rig, report, "smarthost:b");
  check_idle (rig);
  g_assert_cmpuint (rig_count_messages (rig), ==, 0);
}

/* One of two is delivered meanwhile: the sender hears of it. */
static void
test_notice_of_two (ClrQueueRig *rig, const void *kind)
{
  rig_submit (rig, 0, two_lanes);
  defer_for (rig, DAY);
  ClrReportJob *report = take_report (rig, CLR_REPORT_DELAYED, 2);
  rig_wait (rig, DAY);
  rig_answer (rig, rig_take_job (rig), CLR_OUTCOME_DELIVERED, FALSE);
  defer_for (rig, SECOND);
  deliver_report (rig, rig_make_report (rig, report, "smarthost:c"));
  g_assert_cmpuint (rig_count_messages (rig), ==, 1);
}

/* -- a store that cannot be read for a moment */

static void
test_reports_unreadable (ClrQueueRig *rig, const void *kind)
{
  rig_submit (rig, 0, one_lane);
  rig_settle (rig);
  rig->store->bad_reports = 3;
  rig_answer (rig, rig_take_job (rig), CLR_OUTCOME_FAILED, FALSE);
  check_idle (rig);
  g_assert_cmpuint (rig->store->bad_reports, ==, 2); /* it does not ask again and again */
  g_assert_cmpint (rig_wait (rig, HOUR), <, 3 * MINUTE);
  deliver_report (rig, rig_make_report (rig, take_report (rig, CLR_REPORT_FAILED, 1), "smarthost:b"));
  g_assert_cmpuint (rig_count_messages (rig), ==, 0);
}

/* The last recipient is over, but whether it was the last cannot be read: the message leaves later. */
static void
test_finished_unreadable (ClrQueueRig *rig, const void *kind)
{
  rig_submit (rig, 0, two_lanes);
  rig_settle (rig);
  g_assert_cmpuint (rig->jobs.length, ==, 2);
  rig_answer (rig, rig_take_job (rig), CLR_OUTCOME_DELIVERED, FALSE);
  rig_settle (rig);
  rig->store->bad_loads = 2;
  rig_answer (rig, rig_take_job (rig), CLR_OUTCOME_DELIVERED, FALSE);
  check_idle (rig);
  g_assert_cmpuint (rig_count_messages (rig), ==, 1);
  rig_wait (rig, 2 * MINUTE);
  g_assert_cmpuint (rig->store->bad_loads, ==, 0);
  g_assert_cmpuint (rig_count_messages (rig), ==, 0);
}

/* -- the clock is set */

/* A day back: the retry comes after the time it would have come after. */
static void
test_clock_back (ClrQueueRig *rig, const void *kind)
{
  rig_submit (rig, 0, one_lane);
  rig_settle (rig);
  rig_answer (rig, rig_take_job (rig), CLR_OUTCOME_DEFERRED, FALSE);
  g_assert_cmpint (rig_wait (rig, MINUTE), ==, MINUTE);
  rig->wall -= DAY;
  int64_t waited = rig_wait (rig, 2 * DAY);
  g_assert_cmpint (waited, >=, 3 * MINUTE);
  g_assert_cmpint (waited, <=, 5 * MINUTE);
  rig_answer (rig, rig_take_job (rig), CLR_OUTCOME_DELIVERED, FALSE);
  check_idle (rig);
  g_assert_cmpuint (rig_count_messages (rig), ==, 0);
}

/* A few seconds are a correction: nothing is planned anew. */
static void
test_clock_corrected (ClrQueueRig *rig, const void *kind)
{
  rig_submit (rig, 0, one_lane);
  rig_settle (rig);
  rig_answer (rig, rig_take_job (rig), CLR_OUTCOME_DEFERRED, FALSE);
  rig_settle (rig);
  rig->wall -= 30 * SECOND;
  int64_t waited = rig_wait (rig, DAY);
  g_assert_cmpint (waited, >=, 4 * MINUTE);
  g_assert_cmpint (waited, <=, 7 * MINUTE);
}

/* So does the rest of a next hop, and what waits for it. */
static void
test_clock_back_at_rest (ClrQueueRig *rig, const void *kind)
{
  for (unsigned i = 0; i < 20; i++)
    rig_submit (rig, 0, one_lane);
  rig_settle (rig);
  for (unsigned i = 0; i < 20; i++)
    rig_answer (rig, rig_take_job (rig), i ? CLR_OUTCOME_UNTRIED : CLR_OUTCOME_DEFERRED, i == 0);
  rig_settle (rig);
  rig->wall -= 30 * DAY;
  g_assert_cmpint (rig_wait (rig, DAY), <=, 6 * MINUTE);
}

/* All of many, in slices; and what comes meanwhile is planned by the new time. */
static void
test_clock_back_for_many (ClrQueueRig *rig, const void *kind)
{
  unsigned n;

  for (unsigned i = 0; i < 700; i++)
    {
      g_autofree char *lane = g_strdup_printf ("lane:%u", i % 70);
      rig_submit (rig, 0, (const char *const[]){ lane, NULL });
    }
  n = answer_all (rig, CLR_OUTCOME_DEFERRED, 2 * MINUTE);
  g_assert_cmpuint (n, ==, 700);
  rig->wall -= DAY;
  rig_submit (rig, 0, (const char *const[]){ "new", NULL });
  rig_settle (rig);
  rig_answer (rig, rig_take_job (rig), CLR_OUTCOME_DEFERRED, FALSE);
  check_idle (rig);
  n = answer_all (rig, CLR_OUTCOME_DELIVERED, 10 * MINUTE);
  g_assert_cmpuint (n, ==, 701);
}

/* Twice, before the first is through. */
static void
test_clock_back_twice (ClrQueueRig *rig, const void *kind)
{
  for (unsigned i = 0; i < 600; i++)
    rig_submit (rig, 0, one_lane);
  g_assert_cmpuint (answer_all (rig, CLR_OUTCOME_DEFERRED, 2 * MINUTE), ==, 600);
  rig_settle (rig);
  rig->wall -= DAY;
  clr_queue_turn (rig->queue);
  rig->wall -= 30 * DAY;
  g_assert_cmpuint (answer_all (rig, CLR_OUTCOME_DELIVERED, 10 * MINUTE), ==, 600);
}

/* The clock was a year ahead when the mail came: it lives for five days from now on, not for a year. */
static void
test_clock_was_ahead (ClrQueueRig *rig, const void *kind)
{
  rig->wall += 365 * DAY;
  uint64_t id = rig_submit (rig, 0, one_lane);
  rig_settle (rig);
  rig_answer (rig, rig_take_job (rig), CLR_OUTCOME_DEFERRED, FALSE);
  rig_settle (rig);
  rig->wall -= 365 * DAY;
  rig_wait (rig, MINUTE);
  g_autoptr (ClrMessage) stored = rig_load_message (rig, id);
  g_assert_cmpint (stored->recipients[0].expires_us, <=, rig->wall + 5 * DAY);
  g_assert_cmpint (stored->recipients[0].notice_us, <=, rig->wall + 4 * HOUR);
  int64_t passed = defer_for (rig, DAY);
  g_assert_cmpint (passed, <=, 4 * HOUR + 2 * MINUTE);
  deliver_report (rig, rig_make_report (rig, take_report (rig, CLR_REPORT_DELAYED, 1), "smarthost:b"));
  passed += defer_for (rig, 10 * DAY);
  g_assert_cmpint (passed, <=, 5 * DAY + 2 * MINUTE);
  g_queue_push_head (&rig->reports, take_report (rig, CLR_REPORT_FAILED, 1));
}

/* A week ahead: mail is not a week older. */
static void
test_clock_ahead (ClrQueueRig *rig, const void *kind)
{
  rig_submit (rig, 0, one_lane);
  rig_settle (rig);
  rig_answer (rig, rig_take_job (rig), CLR_OUTCOME_DEFERRED, FALSE);
  rig_wait (rig, MINUTE);
  rig->wall += 7 * DAY;
  int64_t passed = defer_for (rig, DAY);
  g_assert_cmpint (passed, >=, 4 * HOUR - 2 * MINUTE);
  deliver_report (rig, rig_make_report (rig, take_report (rig, CLR_REPORT_DELAYED, 1), "smarthost:b"));
  g_assert_cmpint (defer_for (rig, 4 * DAY), ==, 4 * DAY);
}

/* Set back while the relay did not run: by how much is not known, but no retry is later than one can be. */
static void
test_clock_back_meanwhile (ClrQueueRig *rig, const void *kind)
{
  if (g_str_equal (kind, "memory"))
    {
      g_test_skip ("it forgets");
      return;
    }
  rig_submit (rig, CLR_TELL_NEVER, one_lane);
  rig_settle (rig);
  rig_answer (rig, rig_take_job (rig), CLR_OUTCOME_DEFERRED, FALSE);
  rig_settle (rig);
  rig_stop (rig);
  rig->wall -= 30 * DAY;
  rig_start (rig, kind);
  g_assert_cmpint (rig_wait (rig, 10 * DAY), <=, 4 * HOUR + 30 * MINUTE + SECOND);
  g_assert_cmpuint (rig->jobs.length, ==, 1);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    void (*test) (ClrQueueRig *rig, const void *kind);
  } cases[] = {
    { "fairness/one-slow", test_one_slow },
    { "fairness/many-slow", test_many_slow },
    { "fairness/dead-hop", test_dead_hop },
    { "reports/delay-and-failure", test_delay_and_failure },
    { "reports/success", test_success },
    { "reports/nobody", test_nobody_is_told },
    { "reports/late-notice", test_late_notice },
    { "reports/notice-of-two", test_notice_of_two },
    { "unreadable/reports", test_reports_unreadable },
    { "unreadable/finished", test_finished_unreadable },
    { "clock/back", test_clock_back },
    { "clock/corrected", test_clock_corrected },
    { "clock/back-at-rest", test_clock_back_at_rest },
    { "clock/back-for-many", test_clock_back_for_many },
    { "clock/back-twice", test_clock_back_twice },
    { "clock/was-ahead", test_clock_was_ahead },
    { "clock/ahead", test_clock_ahead },
    { "clock/back-meanwhile", test_clock_back_meanwhile },
  };

  g_test_init (&argc, &argv, NULL);
  for (unsigned k = 0; k < 2; k++)
    for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
      {
        const char *kind = k ? "sqlite" : "memory";
        g_autofree char *path = g_strdup_printf ("/queue-time/%s/%s", kind, cases[i].name);

        g_test_add (path, ClrQueueRig, kind, rig_set_up, cases[i].test, rig_tear_down);
      }
  return g_test_run ();
}
