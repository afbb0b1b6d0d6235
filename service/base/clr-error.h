/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * CLR_ERROR: the local failures a caller may act on. What a peer said is never an error but data
 * (ClrSmtpReply).
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef enum
{
  CLR_ERROR_FAILED,
  CLR_ERROR_NO_SPACE, /* the disk is full, or nearly */
  CLR_ERROR_STORE,    /* the store refused, try again later */
  CLR_ERROR_CORRUPT,  /* a file is not what it should be; it was left untouched */
  CLR_ERROR_NEWER,    /* a file was written by a newer version; it was left untouched */
  CLR_ERROR_IN_USE,   /* another process has it */
  CLR_ERROR_NOT_FOUND,
  CLR_ERROR_INVALID, /* what was given does not fit */
} ClrErrorCode;

#define CLR_ERROR (clr_error_quark ())
GQuark clr_error_quark (void);
