/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSmtpReply: what a server said, as data; and the reader that makes it of bytes. RFC 5321 section 4.2,
 * enhanced status codes of RFC 2034 and 3463. Pure. Long replies are cut in text and count, never in sense.
 */
#pragma once

#include "base/clr-buffer.h"

#define CLR_REPLY_TEXT_MAX  1000 /* octets of text kept */
#define CLR_REPLY_LINE_MAX  2048 /* longer lines are cut, RFC 5321 says 512 */
#define CLR_REPLY_LINES_MAX 200
#define CLR_ENHANCED_MAX    12

typedef struct
{
  int code;                        /* 200 to 599; 0: no reply (a local or transport failure, told in text) */
  char enhanced[CLR_ENHANCED_MAX]; /* "5.1.1", or "" */
  char text[CLR_REPLY_TEXT_MAX + 1]; /* the lines, joined by a line feed, without codes */
  gboolean is_own; /* no server said it: it was decided here, and code is what one would have said */
} ClrSmtpReply;

/* Sees each line of a reply as it comes, without its codes: also what is beyond the text that is kept. @n: 0
 * for the first line. */
typedef void (*ClrReplyWatch) (int code, unsigned n, const char *line, size_t size, void *data);

typedef struct
{
  ClrSmtpReply reply;
  char line[CLR_REPLY_LINE_MAX];
  size_t line_size;
  unsigned lines;
  gboolean in_lines; /* a multi-line reply has begun */
  ClrReplyWatch watch;
  void *watch_data;
} ClrReplyReader;

typedef enum
{
  CLR_REPLY_MORE,    /* everything was eaten, the reply is not complete */
  CLR_REPLY_DONE,    /* reader->reply holds it */
  CLR_REPLY_GARBAGE, /* this is not SMTP */
} ClrReplyStatus;

void clr_reply_reader_init (ClrReplyReader *reader);
void clr_reply_reader_watch (ClrReplyReader *reader, ClrReplyWatch watch, void *data);
/* Eats bytes up to the end of one reply. @eaten: how many. */
ClrReplyStatus clr_reply_reader_feed (ClrReplyReader *reader, const void *bytes, size_t size, size_t *eaten);

/* Writes a reply line by line; @text may hold line feeds. @enhanced: NULL or "" for none. */
void clr_reply_write (ClrBuffer *into, int code, const char *enhanced, const char *text);

/* "550 5.1.1 no such user" in one line, for people. Returns: (transfer full) */
char *clr_smtp_reply_to_text (const ClrSmtpReply *reply);
/* The code a server said; 0 when it was decided here. */
static inline int
clr_smtp_reply_get_said (const ClrSmtpReply *reply)
{
  return reply->is_own ? 0 : reply->code;
}

/* A verdict of our own, in the form of a reply. */
void clr_smtp_reply_set (ClrSmtpReply *reply, int code, const char *enhanced, const char *text);
