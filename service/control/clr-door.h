/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrDoor: the control API's addresses over TCP. Loopback is plain, everything else TLS with the relay's own
 * certificate, which clients know by its fingerprint. An address that cannot be bound now is tried again. The
 * pass file for this machine's own programs is made when the first address is bound. Main thread.
 */
#pragma once

#include <gio/gio.h>

typedef struct ClrDoor ClrDoor;

typedef struct
{
  const char *const *addresses; /* of the setting: host:port */
  const char *hostname;
  const char *certificate_file; /* PEM; NULL where all addresses are loopback */
  const char *key_file;
  const char *pass_file;
  const char *token; /* that goes into it */
} ClrDoorOptions;

/* Whoever has come, in TLS if need be. The handshake is done with the first byte read. */
typedef void (*ClrDoorVisitor) (GSocket *socket, GIOStream *stream, GSocketAddress *peer, void *data);

/* TRUE when one of @addresses is not on loopback: a certificate is needed. */
gboolean clr_door_needs_certificate (const char *const *addresses);

ClrDoor *clr_door_new (const ClrDoorOptions *options, ClrDoorVisitor visitor, void *data, GError **error);
void clr_door_free (ClrDoor *door);

/* Where remote programs reach it, or this machine's own when it is on loopback only; NULL when nothing is
 * bound. (transfer full) */
char *clr_door_dup_url (ClrDoor *door);
/* Of the certificate, or NULL. (transfer none) */
const char *clr_door_get_fingerprint (ClrDoor *door);
