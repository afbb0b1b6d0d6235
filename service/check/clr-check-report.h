/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrCheckReport: the report that a check is about, in a file of its own, packed or not, or attached to a
 * message.
 */
#pragma once

#include <json-glib/json-glib.h>

/* @first: what a report begins with: '<' of XML, '{' of JSON. @in: with "file" or "message". @problem: (out)
 * (transfer full): why there is none. Returns: (transfer full) (nullable): its text */
GBytes *clr_check_report_open (JsonObject *in, char first, char **problem);
