/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GMutex as ThreadSanitizer must see it. GLib is not built with it and locks with futexes of its own, so that
 * what a lock orders would look like a race. The linker puts these in place of the calls in our code
 * (--wrap).
 */
#include <glib.h>

void __real_g_mutex_lock (GMutex *mutex);
void __real_g_mutex_unlock (GMutex *mutex);
void __wrap_g_mutex_lock (GMutex *mutex);
void __wrap_g_mutex_unlock (GMutex *mutex);
void __tsan_acquire (void *address);
void __tsan_release (void *address);

void
__wrap_g_mutex_lock (GMutex *mutex)
{
  __real_g_mutex_lock (mutex);
  __tsan_acquire (mutex);
}

void
__wrap_g_mutex_unlock (GMutex *mutex)
{
  __tsan_release (mutex);
  __real_g_mutex_unlock (mutex);
}
