/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrPickupFolder: one [pickup] of the settings, and what is known of the files in it: which has not changed
 * for long enough to be whole, which is on its way, which has to wait. Pickup thread.
 */
#pragma once

#include "pickup/clr-pickup-file.h"
#include "settings/clr-settings.h"

/* The folder of clrelay-sendmail. */
#define CLR_PICKUP_DROP "/var/spool/clrelay/drop"

typedef enum
{
  CLR_PICKUP_NEW,     /* it may still be written */
  CLR_PICKUP_ON_WAY,  /* a worker has it */
  CLR_PICKUP_RESTING, /* it was deferred */
  CLR_PICKUP_STUCK,   /* taken or bad, but it cannot be moved away: it must not be sent again */
} ClrPickupState;

typedef struct
{
  char *name; /* of the section */
  char *directory;
  char *bad; /* where bad files go */
  gboolean local_users;
  gboolean repair_headers;
  int64_t poll_us;
  int64_t settle_us;
  ClrFolder *place;  /* NULL: it cannot be used, and that was said */
  int64_t next_us;   /* monotonic; when it is looked into again */
  gboolean told;     /* that it cannot be used */
  gboolean dirty;    /* files were removed and the folder is not synced yet */
  GHashTable *notes; /* name -> ClrPickupNote */
  unsigned round;
} ClrPickupFolder;

typedef struct
{
  ClrPickupState state;
  uint64_t size;
  int64_t modified_us;
  int64_t until_us; /* monotonic; NEW: whole if unchanged then; RESTING: not before */
  unsigned round;
} ClrPickupNote;

ClrPickupFolder *clr_pickup_folder_new (ClrSection *section, const char *state_directory);
void clr_pickup_folder_free (ClrPickupFolder *folder);
/* Makes and opens the folder; with local-users, marks it as open to them. Returns: FALSE, after a line in the
 * log. */
gboolean clr_pickup_folder_open (ClrPickupFolder *folder);
/* The relay takes nothing from @directory any more: users are told so. */
void clr_pickup_folder_close_to_users (const char *directory);
/* Looks for files that are whole. @take: returns FALSE when it can take no more now.
 * Returns: when to look again, monotonic microseconds. */
int64_t clr_pickup_folder_look (ClrPickupFolder *folder, int64_t now,
                                gboolean (*take) (ClrPickupFolder *folder, const char *name, void *data),
                                void *data);
void clr_pickup_folder_note (ClrPickupFolder *folder, const char *name, ClrPickupState state,
                             int64_t until_us);
void clr_pickup_folder_forget (ClrPickupFolder *folder, const char *name);
