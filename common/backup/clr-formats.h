/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whose database a file is, and the newest format of each that this version knows: for the service, which
 * opens them, and for restoring, which looks before it puts them in place.
 */
#pragma once

#define CLR_FORMAT_QUEUE_ID   0x434c5251 /* "CLRQ", SQLite's application id */
#define CLR_FORMAT_QUEUE      2
#define CLR_FORMAT_HISTORY_ID 0x434c5248 /* "CLRH" */
#define CLR_FORMAT_HISTORY    3
#define CLR_FORMAT_STATE_ID   0x434c5253 /* "CLRS" */
#define CLR_FORMAT_STATE      1
