/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The declarations of all settings, told: as JSON for programs, as text for people, as a commented sample
 * file.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

G_BEGIN_DECLS

/**
 * clr_describe_to_json:
 *
 * Returns: (transfer full): a JSON array of the sections with their settings
 */
char *clr_describe_to_json (void);

/**
 * clr_describe_to_text:
 *
 * Returns: (transfer full): the same for people
 */
char *clr_describe_to_text (void);

/**
 * clr_describe_to_sample:
 *
 * Returns: (transfer full): a settings file in which every setting stands as a comment with its default
 */
char *clr_describe_to_sample (void);

G_END_DECLS
