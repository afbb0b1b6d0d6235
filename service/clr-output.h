/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Standard error of a service of Windows, which nobody reads: it goes to a file, LOGS\service.log beside the
 * settings, unless [log] file names another one. One former file is kept. Main thread, before others write.
 */
#pragma once

/* Where nothing can be written, the relay works without. */
void clr_output_keep (void);
