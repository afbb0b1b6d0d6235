/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clr-log.h"
#include "base/clr-error.h"
#include "base/clr-ring.h"
#include "base/clr-system-log.h"
#include "system/clr-file.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FLUSH_SIZE (16u * 1024)

static atomic_int log_fd = STDERR_FILENO;
static atomic_int log_level = CLR_LEVEL_INFO;
static atomic_int log_format = CLR_LOG_HUMAN;

/* What a thread has gathered since its last flush. */
typedef struct
{
  GString *lines;      /* for the log */
  GByteArray *records; /* for those who follow */
} Gathered;

static void
free_gathered (void *data)
{
  Gathered *gathered = data;

  g_string_free (gathered->lines, TRUE);
  g_byte_array_unref (gathered->records);
  g_free (gathered);
}

static GPrivate gathered_key = G_PRIVATE_INIT (free_gathered);

static Gathered *
get_gathered (void)
{
  Gathered *gathered = g_private_get (&gathered_key);

  if (gathered == NULL)
    {
      gathered = g_new0 (Gathered, 1);
      gathered->lines = g_string_sized_new (1024);
      gathered->records = g_byte_array_sized_new (1024);
      g_private_set (&gathered_key, gathered);
    }
  return gathered;
}

gboolean
clr_log_setup (ClrLogFormat format, ClrLevel level, const char *path, GError **error)
{
  int fd = STDERR_FILENO;

  if (path && *path)
    {
      fd = clr_file_open (path, CLR_FILE_APPEND, 0640);
      if (fd < 0)
        {
          g_set_error (error, CLR_ERROR, CLR_ERROR_FAILED, "log file %s cannot be opened: %s", path,
                       g_strerror (errno));
          return FALSE;
        }
    }
  int former = atomic_exchange (&log_fd, fd);
  atomic_store (&log_format, format);
  atomic_store (&log_level, level);
  /* Another thread may be about to write to the former descriptor: it is replaced in place, never closed
   * under it. */
  if (former != STDERR_FILENO && fd != STDERR_FILENO)
    {
      clr_file_take_place (fd, former);
      atomic_store (&log_fd, former);
    }
  return TRUE;
}

gboolean
clr_log_wants (ClrEventId id)
{
  return (int)clr_event_get_info (id)->level <= atomic_load_explicit (&log_level, memory_order_relaxed);
}

static void
append_time (GString *lines, int64_t now)
{
  static _Thread_local time_t cached = -1;
  static _Thread_local char text[32];
  time_t second = now / 1000000;

  if (second != cached)
    {
      struct tm tm;
      gmtime_r (&second, &tm);
      strftime (text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
      cached = second;
    }
  g_string_append_printf (lines, "%s.%03dZ", text, (int)(now % 1000000 / 1000));
}

void
clr_log_event_values (ClrEventId id, const char *const *values)
{
  static const char *const level_names[] = { "error", "warning", "info", "debug" };
  const ClrEventInfo *info = clr_event_get_info (id);

  if (!clr_log_wants (id))
    return;

  Gathered *gathered = get_gathered ();
  GString *lines = gathered->lines;
  int64_t now = g_get_real_time ();
  clr_system_log_tell (id, values);
  clr_ring_gather (gathered->records, id, now, values);
  if (atomic_load_explicit (&log_format, memory_order_relaxed) == CLR_LOG_JSON)
    {
      g_string_append (lines, "{\"time\":\"");
      append_time (lines, now);
      g_string_append_printf (lines, "\",\"level\":\"%s\",\"event\":\"%s\"", level_names[info->level],
                              info->name);
      clr_event_to_json (id, values, lines);
      g_string_append (lines, "}\n");
    }
  else
    {
      append_time (lines, now);
      g_string_append_printf (lines, " %-7s ", level_names[info->level]);
      clr_event_to_sentence (id, values, lines);
      g_string_append_c (lines, '\n');
    }
  if (info->level == CLR_LEVEL_ERROR || lines->len >= FLUSH_SIZE)
    clr_log_flush ();
}

void
clr_log_flush (void)
{
  Gathered *gathered = g_private_get (&gathered_key);
  GString *lines;

  if (gathered == NULL || gathered->lines->len == 0)
    return;
  clr_ring_append (gathered->records);
  lines = gathered->lines;
  int fd = atomic_load_explicit (&log_fd, memory_order_relaxed);
  for (size_t done = 0; done < lines->len;)
    {
      ssize_t n = write (fd, lines->str + done, lines->len - done);
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        break; /* the log's disk is full or its reader is gone: mail goes on */
      done += n;
    }
  g_string_truncate (lines, 0);
}
