/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One setting is changed in a file of anything: it then has its value, and every other octet stands where it
 * stood. Input: texts separated by a zero: the setting's place, its new value, the file.
 */
#include "fuzz.h"
#include "settings/clr-settings-text.h"

static char *
take_text (const uint8_t **bytes, size_t *size)
{
  const uint8_t *end = *size ? memchr (*bytes, 0, *size) : NULL;
  size_t n = end ? (size_t)(end - *bytes) : *size;
  char *text = fuzz_dup_text (*bytes, n);

  *bytes += n + (end != NULL);
  *size -= n + (end != NULL);
  return text;
}

static unsigned
count_lines (const char *text)
{
  unsigned n = 0;

  for (; (text = strchr (text, '\n')); text++)
    n++;
  return n;
}

/* What differs between two texts: from @start on, @old octets have become @new. */
static void
compare (const char *before, const char *after, size_t *start, size_t *old, size_t *new)
{
  size_t a = strlen (before), b = strlen (after), n = 0;

  while (n < MIN (a, b) && before[n] == after[n])
    n++;
  *start = n;
  for (n = 0; n < MIN (a, b) - *start && before[a - n - 1] == after[b - n - 1];)
    n++;
  *old = a - n - *start;
  *new = b - n - *start;
}

static void
check_set (const char *text, const ClrSettingChange *change)
{
  g_autofree char *was = clr_settings_text_get (text, change);
  g_autoptr (GError) error = NULL;
  g_autofree char *after = clr_settings_text_change (text, change, &error);
  size_t start, old, new;

  fuzz_check ((after == NULL) == (error != NULL));
  if (after == NULL)
    return;
  compare (text, after, &start, &old, &new);
  if (change->key == NULL)
    {
      fuzz_check (old == 0 || new == 0);
      return;
    }
  g_autofree char *is = clr_settings_text_get (after, change);
  fuzz_check (is && strcmp (is, change->value) == 0);
  if (was)
    {
      /* Inside one line, behind its "=". */
      fuzz_check (count_lines (after) == count_lines (text));
      fuzz_check (memchr (text + start, '\n', old) == NULL && memchr (after + start, '\n', new) == NULL);
    }
  else
    fuzz_check (old == 0 && new > 0);

  /* And back, if a person could have written it. */
  if (was && !fuzz_is_line (was))
    return;
  ClrSettingChange back = *change;
  back.value = was;
  g_autofree char *again = clr_settings_text_change (after, &back, NULL);
  fuzz_check (again);
  compare (text, again, &start, &old, &new);
  if (was)
    {
      g_autofree char *value = clr_settings_text_get (again, change);
      fuzz_check (value && strcmp (value, was) == 0 && count_lines (again) == count_lines (text));
    }
  else
    /* The heading that was added stays, and so does a line end that was missing. */
    fuzz_check (old == 0 && memchr (after, '[', strlen (after)));
}

static void
check_unset (const char *text, ClrSettingChange *change)
{
  g_autofree char *was = clr_settings_text_get (text, change);
  g_autoptr (GError) error = NULL;
  size_t start, old, new;

  g_clear_pointer (&change->value, g_free);
  g_autofree char *after = clr_settings_text_change (text, change, &error);
  fuzz_check ((after == NULL) == (error != NULL));
  if (change->key)
    fuzz_check ((was == NULL) == (after == NULL));
  if (after == NULL)
    return;
  compare (text, after, &start, &old, &new);
  fuzz_check (new == 0 && old > 0);
  if (change->key)
    fuzz_check (count_lines (text) - count_lines (after) <= 1);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  g_autofree char *place = take_text (&bytes, &size), *value = take_text (&bytes, &size);
  g_autofree char *text = take_text (&bytes, &size);
  g_autoptr (GError) error = NULL;
  g_autoptr (ClrSettingChange) change = clr_setting_change_new_from_place (place, &error);

  fuzz_check ((change == NULL) == (error != NULL));
  if (change == NULL)
    return 0;
  g_autofree char *written = clr_setting_change_to_place (change);
  g_autoptr (ClrSettingChange) same = clr_setting_change_new_from_place (written, NULL);
  fuzz_check (same && g_str_equal (same->group, change->group) && g_strcmp0 (same->name, change->name) == 0
              && g_strcmp0 (same->key, change->key) == 0);
  change->value = g_strdup (value);
  check_set (text, change);
  check_unset (text, change);
  return 0;
}
