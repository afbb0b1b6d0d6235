/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clr-system-log.h"

#include "system/clr-identity.h"

#include <stdatomic.h>
#include <windows.h>

#include "clr-messages.h"

#define TEXT_MOST 30000 /* UTF-16 units; the event log takes 31839 in a string */

/* Whoever may be called out of bed, and the service's comings and goings. */
static const struct
{
  ClrEventId id;
  DWORD message;
} told[] = {
  { CLR_EVENT_SERVICE_READY, CLR_MESSAGE_SERVICE_READY },
  { CLR_EVENT_SERVICE_STOPPING, CLR_MESSAGE_SERVICE_STOPPING },
  { CLR_EVENT_SERVICE_STOPPED, CLR_MESSAGE_SERVICE_STOPPED },
  { CLR_EVENT_SETTINGS_APPLIED, CLR_MESSAGE_SETTINGS_APPLIED },
  { CLR_EVENT_SETTINGS_REFUSED, CLR_MESSAGE_SETTINGS_REFUSED },
  { CLR_EVENT_OPEN_RELAY, CLR_MESSAGE_OPEN_RELAY },
  { CLR_EVENT_LISTENER_FAILED, CLR_MESSAGE_LISTENER_FAILED },
  { CLR_EVENT_BAN_SET, CLR_MESSAGE_BAN_SET },
  { CLR_EVENT_PICKUP_FAILED, CLR_MESSAGE_PICKUP_FAILED },
  { CLR_EVENT_OAUTH_FAILED, CLR_MESSAGE_OAUTH_FAILED },
  { CLR_EVENT_OAUTH_BACK, CLR_MESSAGE_OAUTH_BACK },
  { CLR_EVENT_STORE_FAILED, CLR_MESSAGE_STORE_FAILED },
  { CLR_EVENT_STORE_RECOVERED, CLR_MESSAGE_STORE_RECOVERED },
  { CLR_EVENT_HISTORY_FAILED, CLR_MESSAGE_HISTORY_FAILED },
  { CLR_EVENT_STATE_FAILED, CLR_MESSAGE_STATE_FAILED },
};

static _Atomic (HANDLE) source;

void
clr_system_log_open (void)
{
  if (atomic_load (&source) == NULL)
    atomic_store (&source, RegisterEventSourceW (NULL, L"" CLR_IDENTITY_SOURCE));
}

/* The message's severity is in its two highest bits. */
static WORD
type_of (DWORD message)
{
  DWORD severity = message >> 30;

  return severity == 3   ? EVENTLOG_ERROR_TYPE
         : severity == 2 ? EVENTLOG_WARNING_TYPE
                         : EVENTLOG_INFORMATION_TYPE;
}

static void
report (DWORD message, const char *text)
{
  HANDLE log = atomic_load (&source);
  long units;
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autofree wchar_t *wide = (wchar_t *)g_utf8_to_utf16 (valid, -1, NULL, &units, NULL);
  const wchar_t *strings[] = { wide };

  if (log == NULL || wide == NULL)
    return;
  wide[MIN (units, TEXT_MOST)] = 0;
  ReportEventW (log, type_of (message), 0, message, NULL, 1, 0, strings, NULL);
}

void
clr_system_log_tell (ClrEventId id, const char *const *values)
{
  if (atomic_load (&source) == NULL)
    return;
  for (unsigned i = 0; i < G_N_ELEMENTS (told); i++)
    if (told[i].id == id)
      {
        g_autoptr (GString) text = g_string_new (NULL);

        clr_event_to_sentence (id, values, text);
        report (told[i].message, text->str);
      }
}

void
clr_system_log_tell_failure (const char *why)
{
  report (CLR_MESSAGE_START_FAILED, why);
}
