/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * TLS as an engine: bytes in, bytes out; it never touches a socket. ClrTlsContext holds credentials and what
 * is allowed (frozen, may be shared between threads); ClrTls is one connection's state and belongs to its
 * worker.
 */
#pragma once

#include "base/clr-buffer.h"
#include "net/clr-server-certificate.h"

#include <gnutls/gnutls.h>

typedef struct ClrTlsContext ClrTlsContext;
typedef struct ClrTls ClrTls;

typedef enum
{
  CLR_TLS_VERIFY_NOTHING, /* opportunistic: any certificate will do */
  CLR_TLS_VERIFY_NAME,    /* chain to a trusted authority, and the name must match */
  CLR_TLS_VERIFY_LATER,   /* the handshake takes any; the owner may ask clr_tls_check_name() afterwards */
} ClrTlsVerify;

typedef enum
{
  CLR_TLS_OK,
  CLR_TLS_AGAIN, /* needs more bytes from the peer */
  CLR_TLS_CLOSED,
  CLR_TLS_FAILED,
} ClrTlsStatus;

typedef enum
{
  CLR_TLS_MODERN, /* TLS 1.2 and later */
  CLR_TLS_OLD,    /* TLS 1.0 and 1.1 too, with the ciphers of their time */
} ClrTlsAge;

/* A server's, without a certificate yet. */
ClrTlsContext *clr_tls_context_new_server (ClrTlsAge age);
/* One more certificate; the client's server_name chooses, else the first one that fits what the client can.
 * Before the context is shared. Returns: FALSE when its key is another's. */
gboolean clr_tls_context_add_certificate (ClrTlsContext *context, ClrServerCertificate *certificate,
                                          GError **error);
/* @ca_file: authorities in PEM, or NULL for the system's. */
ClrTlsContext *clr_tls_context_new_client (ClrTlsVerify verify, const char *ca_file, GError **error);
/* What a client shows to servers that ask for a certificate. Before the context is shared. */
gboolean clr_tls_context_show_certificate (ClrTlsContext *context, const char *certificate_file,
                                           const char *key_file, GError **error);
ClrTlsContext *clr_tls_context_ref (ClrTlsContext *context);
void clr_tls_context_unref (ClrTlsContext *context);

/* What is wrong with the certificates of a peer. */
typedef enum
{
  CLR_TLS_FLAWLESS,
  CLR_TLS_FLAW_NAME,      /* good, but for another name */
  CLR_TLS_FLAW_EXPIRED,   /* or not valid yet */
  CLR_TLS_FLAW_UNTRUSTED, /* nobody whom we trust vouches for it */
} ClrTlsFlaw;

/* @name: the host name to ask for and to verify; a client's only. */
ClrTls *clr_tls_new (ClrTlsContext *context, const char *name);
void clr_tls_free (ClrTls *tls);

/* Bytes that came from the peer. */
void clr_tls_give (ClrTls *tls, const void *wire, size_t size);
/* Bytes to be sent to the peer; the caller drops what it has sent. */
ClrBuffer *clr_tls_get_wire (ClrTls *tls);

/* On CLR_TLS_FAILED clr_tls_get_problem() says why in words. */
ClrTlsStatus clr_tls_handshake (ClrTls *tls);
ClrTlsStatus clr_tls_read (ClrTls *tls, void *into, size_t size, size_t *got);
ClrTlsStatus clr_tls_write (ClrTls *tls, const void *data, size_t size);
void clr_tls_say_bye (ClrTls *tls);
const char *clr_tls_get_problem (ClrTls *tls);
/* Channel binding in base64, for SCRAM-…-PLUS: tls-exporter (RFC 9266), or tls-unique (RFC 5929 section 3),
 * which TLS 1.3 does not have. (transfer full) (nullable) */
char *clr_tls_dup_binding (ClrTls *tls, gboolean exporter);
/* For example "TLS1.3 ECDHE-... AES-256-GCM"; valid as long as @tls. */
const char *clr_tls_get_description (ClrTls *tls);

/* Of a client, after the handshake: whether the peer's certificates lead to an authority of the context and
 * are for @name. @why: (out) (transfer full): what is wrong, unless flawless. */
ClrTlsFlaw clr_tls_check_name (ClrTls *tls, const char *name, char **why);
/* What the peer has shown, DER, its own first; valid as long as @tls. @n: (out): 0 when nothing. */
const gnutls_datum_t *clr_tls_get_chain (ClrTls *tls, unsigned *n);
