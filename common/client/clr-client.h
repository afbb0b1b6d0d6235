/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrClient: the control API from the other side.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define CLR_TYPE_CLIENT (clr_client_get_type ())
G_DECLARE_FINAL_TYPE (ClrClient, clr_client, CLR, CLIENT, GObject)

/**
 * clr_client_new:
 * @socket: (nullable): path of the control socket, or of a pass file, which ends in `.pass` and tells where
 * the service is reached over TCP and with which token; %NULL for the usual socket
 *
 * Returns: (transfer full): a client; it connects with the first request
 */
ClrClient *clr_client_new (const char *socket);

/**
 * clr_client_new_remote:
 * @url: "https://HOST:PORT", or "http://" and a loopback address
 * @token: of `clrelay token add`
 * @fingerprint: (nullable): of the service's certificate, "sha256:" and hex digits; %NULL: an authority that
 *   this machine trusts vouches for it
 *
 * Returns: (transfer full): a client; it connects with the first request
 */
ClrClient *clr_client_new_remote (const char *url, const char *token, const char *fingerprint);

/**
 * clr_client_request_sync:
 * @method: "GET", "POST", "PUT", "PATCH" or "DELETE"
 * @path: path and query, such as "/v1/status"
 * @body: (nullable): JSON to send
 * @cancellable: (nullable): cancels the request
 * @error: what failed, in words: no connection (%G_IO_ERROR_NOT_CONNECTED), or what the service said
 *
 * Sends one request and waits for its answer.
 *
 * Returns: (transfer full): the JSON text of the answer
 */
char *clr_client_request_sync (ClrClient *self, const char *method, const char *path, const char *body,
                               GCancellable *cancellable, GError **error);

/**
 * clr_client_request_async:
 * @method: "GET", "POST", "PUT", "PATCH" or "DELETE"
 * @path: path and query, such as "/v1/status"
 * @body: (nullable): JSON to send
 * @cancellable: (nullable): cancels the request
 * @callback: (scope async): called when the answer is in
 * @user_data: for @callback
 *
 * clr_client_request_sync() that does not wait.
 */
void clr_client_request_async (ClrClient *self, const char *method, const char *path, const char *body,
                               GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);

/**
 * clr_client_request_finish:
 * @result: what the callback was given
 * @error: as of clr_client_request_sync(); %G_IO_ERROR_CANCELLED when it was cancelled
 *
 * Returns: (transfer full): the JSON text of the answer
 */
char *clr_client_request_finish (ClrClient *self, GAsyncResult *result, GError **error);

/**
 * clr_client_fetch_sync:
 * @path: path and query, such as "/v1/contents/ID"
 * @cancellable: (nullable): cancels the request
 * @error: as of clr_client_request_sync()
 *
 * Fetches what is no JSON: the content of a message. It is held in memory as a whole.
 *
 * Returns: (transfer full): the octets of the answer
 */
GBytes *clr_client_fetch_sync (ClrClient *self, const char *path, GCancellable *cancellable, GError **error);

/**
 * clr_client_fetch_async:
 * @path: path and query, such as "/v1/contents/ID"
 * @cancellable: (nullable): cancels the request
 * @callback: (scope async): called when the answer is in
 * @user_data: for @callback
 *
 * clr_client_fetch_sync() that does not wait.
 */
void clr_client_fetch_async (ClrClient *self, const char *path, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data);

/**
 * clr_client_fetch_finish:
 * @result: what the callback was given
 * @error: as of clr_client_request_sync(); %G_IO_ERROR_CANCELLED when it was cancelled
 *
 * Returns: (transfer full): the octets of the answer
 */
GBytes *clr_client_fetch_finish (ClrClient *self, GAsyncResult *result, GError **error);

/**
 * clr_client_backup_sync:
 * @passphrase: without which nobody can read the backup, or restore it
 * @with_history: what has become of finished mail goes along
 * @file: where to write; must not be there yet
 * @cancellable: (nullable): cancels it
 * @error: as of clr_client_request_sync(); or why the file cannot be written
 *
 * Has the service make a backup of itself, and writes it to @file, readable by the user alone. Needs the role
 * admin.
 *
 * Returns: whether @file is whole and on disk; else it is not there
 */
gboolean clr_client_backup_sync (ClrClient *self, const char *passphrase, gboolean with_history,
                                 const char *file, GCancellable *cancellable, GError **error);

/**
 * clr_client_backup_async:
 * @passphrase: as of clr_client_backup_sync()
 * @with_history: as of clr_client_backup_sync()
 * @file: as of clr_client_backup_sync()
 * @cancellable: (nullable): cancels it
 * @callback: (scope async): called when the backup is written, or has failed
 * @user_data: for @callback
 *
 * clr_client_backup_sync() that does not wait.
 */
void clr_client_backup_async (ClrClient *self, const char *passphrase, gboolean with_history,
                              const char *file, GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data);

/**
 * clr_client_backup_finish:
 * @result: what the callback was given
 * @error: as of clr_client_backup_sync()
 *
 * Returns: as of clr_client_backup_sync()
 */
gboolean clr_client_backup_finish (ClrClient *self, GAsyncResult *result, GError **error);

/**
 * clr_client_submit_sync:
 * @sender: the envelope's sender, "" for none
 * @recipients: (array zero-terminated=1): the envelope's recipients
 * @content: the message
 * @cancellable: (nullable): cancels the request
 * @error: what failed, in words
 *
 * Gives the relay a message to deliver.
 *
 * Returns: (transfer full): the JSON text of the answer, with the message's "id"
 */
char *clr_client_submit_sync (ClrClient *self, const char *sender, const char *const *recipients,
                              GBytes *content, GCancellable *cancellable, GError **error);

/**
 * clr_client_submit_async:
 * @sender: the sender's address, "" for none
 * @recipients: (array zero-terminated=1): addresses
 * @content: the message (RFC 5322)
 * @cancellable: (nullable): to give up
 * @callback: (scope async): is called when the service has answered
 * @user_data: for @callback
 *
 * Hands a message to the service, without waiting.
 */
void clr_client_submit_async (ClrClient *self, const char *sender, const char *const *recipients,
                              GBytes *content, GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data);

/**
 * clr_client_submit_finish:
 *
 * Returns: (transfer full): the answer, as of clr_client_submit_sync(); %NULL with @error
 */
char *clr_client_submit_finish (ClrClient *self, GAsyncResult *result, GError **error);

G_END_DECLS
