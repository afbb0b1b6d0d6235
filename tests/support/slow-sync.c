/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For LD_PRELOAD: a disk that is slow to sync. Each fsync() and fdatasync() takes CLR_SLOW_SYNC_MS longer.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int
slowly (const char *name, int fd)
{
  const char *text = getenv ("CLR_SLOW_SYNC_MS");
  long ms = text ? atol (text) : 0;
  struct timespec time = { ms / 1000, ms % 1000 * 1000000 };
  int (*sync_fd) (int) = (int (*) (int))dlsym (RTLD_NEXT, name);

  nanosleep (&time, NULL);
  return sync_fd (fd);
}

int
fsync (int fd)
{
  return slowly ("fsync", fd);
}

int
fdatasync (int fd)
{
  return slowly ("fdatasync", fd);
}
