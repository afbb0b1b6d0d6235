/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GMutex as ThreadSanitizer must see it. GLib is not built with it and locks with futexes of its own, so that
 * what a lock orders would look like a race. The linker puts these in place of the calls in our code
 * (--wrap).
 */
#include <glib.h>

/* Weak: it is linked into everything, programs without GLib or ThreadSanitizer included. */
void __real_g_mutex_lock (GMutex *mutex) __attribute__ ((weak));
void __real_g_mutex_unlock (GMutex *mutex) __attribute__ ((weak));
void __tsan_acquire (void *address) __attribute__ ((weak));
void __tsan_release (void *address) __attribute__ ((weak));
void __wrap_g_mutex_lock (GMutex *mutex);
void __wrap_g_mutex_unlock (GMutex *mutex);

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
