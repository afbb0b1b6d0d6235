/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The parts of the dictionary, looked through in this order. Each ends with an entry without a pattern.
 */
#pragma once

#include "replies/clr-reply-dictionary.h"

#include <glib/gi18n-lib.h>

extern const ClrReplyEntry clr_replies_microsoft[], clr_replies_google[], clr_replies_providers[],
    clr_replies_servers[], clr_replies_common[];
