/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrTranscript: what both sides of an SMTP dialogue say, as lines for people. What logs somebody in never
 * stands there: initial responses and answers of AUTH and their challenges, and whatever a client says that
 * is no command, are told by their size only. So is the content of messages, unless it is asked for. Where
 * it depends on the server's reply what the client's octets are, they wait for it. Pure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct ClrTranscript ClrTranscript;

typedef enum
{
  CLR_SPEAKER_CLIENT,
  CLR_SPEAKER_SERVER,
  CLR_SPEAKER_CONTENT, /* of a message, line by line; only when it is asked for */
  CLR_SPEAKER_NOTE,    /* nobody said this */
} ClrSpeaker;

const char *clr_speaker_get_name (ClrSpeaker speaker);

/* Longer lines are cut, and say so. */
#define CLR_TRANSCRIPT_LINE 1000u /* octets */

/* @line: printable, without its end. */
typedef void (*ClrTranscriptTell) (ClrSpeaker speaker, const char *line, void *data);

/* @is_ours: the server is this relay, whose reply ends a content that ended otherwise than by CRLF.CRLF. */
ClrTranscript *clr_transcript_new (gboolean with_content, gboolean is_ours, ClrTranscriptTell tell,
                                   void *data);
void clr_transcript_free (ClrTranscript *transcript);

/* Octets as they went over the connection, in clear. */
void clr_transcript_feed_client (ClrTranscript *transcript, const uint8_t *bytes, size_t size);
void clr_transcript_feed_server (ClrTranscript *transcript, const uint8_t *bytes, size_t size);
/* The connection is over: what had no end yet is told. */
void clr_transcript_end (ClrTranscript *transcript);
