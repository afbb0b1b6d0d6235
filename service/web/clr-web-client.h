/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrWebClient: HTTPS requests over libsoup, in the main thread. A redirect is an answer like any other,
 * never followed; the certificate must be good for the name; time and size are bounded.
 */
#pragma once

#include "web/clr-web-resolver.h"

typedef struct ClrWebClient ClrWebClient;
typedef struct ClrWebCall ClrWebCall;

typedef enum
{
  CLR_WEB_ANSWERED,    /* whatever its status */
  CLR_WEB_UNREACHABLE, /* no address, no connection, or it broke */
  CLR_WEB_UNTRUSTED,   /* TLS failed: its certificate, or the handshake */
  CLR_WEB_TOO_LARGE,
  CLR_WEB_TOO_LATE,
} ClrWebOutcome;

typedef struct
{
  ClrWebOutcome outcome;
  unsigned status;  /* 200, ...; 0 unless answered */
  const char *type; /* the Content-Type field with its parameters; NULL when there is none */
  const char *body; /* a NUL stands behind it */
  size_t size;
  const char *why; /* in words, unless answered */
} ClrWebReply;

typedef struct
{
  const char *method;        /* "GET", "POST" */
  const char *url;           /* https: only, or http: to a loopback address */
  const char *type;          /* Content-Type of @body, or NULL */
  GBytes *body;              /* or NULL */
  const char *const *fields; /* name, value, ..., NULL; or NULL */
  size_t size_most;          /* octets of the answer's body */
  unsigned timeout_s;        /* for all of it */
} ClrWebRequest;

/* @ca_file: authorities in PEM, or NULL for the system's. @proxy: "http://host:port", or NULL for none. */
ClrWebClient *clr_web_client_new (ClrWebResolver *resolver, const char *ca_file, const char *proxy,
                                  GError **error);
/* Open calls end without a word. */
void clr_web_client_free (ClrWebClient *client);

/* @done is called once, never inside this call; the reply is valid during it. What @request points to may go
 * afterwards. */
ClrWebCall *clr_web_client_send (ClrWebClient *client, const ClrWebRequest *request,
                                 void (*done) (const ClrWebReply *reply, void *data), void *data);
/* @done will not come. */
void clr_web_call_cancel (ClrWebCall *call);
