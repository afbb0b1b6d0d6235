/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Fields of real messages: dates, ids, addresses, Received. The public suite tells what another program
 * reads; where we read otherwise, the case stands here with the reason.
 */
#include "mail/clr-address-list.h"
#include "mail/clr-date.h"
#include "mail/clr-hop.h"
#include "mail/clr-message-id.h"
#include "vectors.h"

/* @part: of the field. @reason: why we read it otherwise. */
typedef struct
{
  const char *part, *reason;
} Difference;

static const Difference date_differences[] = { { 0 } };
static const Difference id_differences[] = {
  { "local(blah)  .machine", "blanks and comments are no part of an id (RFC 5322 section 4.5.4)" },
  { 0 },
};
static const Difference address_differences[] = {
  { "@node.test:mary", "a source route is no part of the address (RFC 5322 section 4.4); nor are blanks" },
  { "machine(comment)", "blanks and comments are no part of an address" },
  { 0 },
};
static const Difference received_differences[] = {
  { "EE/20-30863", "the id is what was written, not its beginning" },
  { "8B/57-16227", "the id is what was written, not its beginning" },
  { "web40310.mail.yahoo.com", "PST is a zone (RFC 5322 section 4.3)" },
  { "26 Mar 03", "03 is 2003 (RFC 5322 section 4.3)" },
  { "27 Feb 04", "04 is 2004 (RFC 5322 section 4.3)" },
  { "for <address>;", "a recipient is what was written" },
  { "(from vashugins", "a comment is no clause; PDT is a zone" },
  { "invoked from network", "a comment is no clause" },
  { "from userid 1002", "a comment is no clause" },
  { 0 },
};

static const Difference *differences;
static unsigned n_cases, n_alike;

/* The octets of a value that can be a field's: up to the first line end that no blank follows. */
static size_t
value_size (const char *value)
{
  for (const char *lf = strchr (value, '\n'); lf; lf = strchr (lf + 1, '\n'))
    if (lf[1] != ' ' && lf[1] != '\t')
      return lf - value;
  return strlen (value);
}

/* @problem: what differs, or NULL. */
static void
judge (const char *value, const char *problem)
{
  const Difference *known = NULL;

  for (const Difference *one = differences; one->part && !known; one++)
    if (strstr (value, one->part))
      known = one;
  n_cases++;
  n_alike += problem == NULL;
  if (problem && known)
    g_test_message ("read otherwise: %s: %s", known->reason, value);
  else if (problem)
    g_test_fail_printf ("%s: %s", value, problem);
  else if (known)
    g_test_fail_printf ("%s: read alike, though a reason says otherwise", value);
}

static void
run (const char *file, const Difference *known, ClrVectorCheck check, unsigned floor)
{
  differences = known;
  n_cases = n_alike = 0;
  clr_vectors_run (file, check);
  if (n_cases == 0)
    return;
  g_print ("# %s: %u cases, %u read alike\n", file, n_cases, n_alike);
  g_assert_cmpuint (n_alike, >=, floor);
}

/* -- dates */

static gboolean
is_date (JsonObject *wanted, int64_t time_us, int offset)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (time_us / G_USEC_PER_SEC + offset * 60);
  int zone = json_object_get_int_member (wanted, "tz_hour") * 60
             + json_object_get_int_member (wanted, "tz_minute");

  return json_object_get_int_member (wanted, "year") == g_date_time_get_year (date)
         && json_object_get_int_member (wanted, "month") == g_date_time_get_month (date)
         && json_object_get_int_member (wanted, "day") == g_date_time_get_day_of_month (date)
         && json_object_get_int_member (wanted, "hour") == g_date_time_get_hour (date)
         && json_object_get_int_member (wanted, "minute") == g_date_time_get_minute (date)
         && json_object_get_int_member (wanted, "second") == g_date_time_get_second (date)
         && offset == (json_object_get_boolean_member (wanted, "tz_before_gmt") ? -zone : zone);
}

static void
check_date (JsonObject *one)
{
  const char *value = clr_vector_get (one, "header");
  int64_t time_us;
  int offset;
  gboolean read = clr_date_from_text (value, value_size (value), &time_us, &offset);
  gboolean wanted = !json_object_get_null_member (one, "expected");

  judge (value, read != wanted ? (read ? "this is no date" : "this is a date")
                : read && !is_date (json_object_get_object_member (one, "expected"), time_us, offset)
                    ? "another time"
                    : NULL);
}

/* -- ids */

static void
check_ids (JsonObject *one)
{
  const char *value = clr_vector_get (one, "header");
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
  JsonArray *wanted
      = json_object_get_null_member (one, "expected") ? NULL : json_object_get_array_member (one, "expected");
  gboolean alike;

  clr_message_ids_parse (value, value_size (value), 100, ids);
  alike = ids->len == (wanted ? json_array_get_length (wanted) : 0);
  for (unsigned i = 0; alike && i < ids->len; i++)
    alike = g_str_equal (ids->pdata[i], json_array_get_string_element (wanted, i));
  judge (value, alike ? NULL : "other ids");
}

/* -- addresses */

static void
add_wanted (JsonArray *list, GString *into)
{
  for (unsigned i = 0; i < json_array_get_length (list); i++)
    {
      const char *address = clr_vector_get (json_array_get_object_element (list, i), "address");
      if (address)
        g_string_append_printf (into, "%s\n", address);
    }
}

static void
check_addresses (JsonObject *one)
{
  const char *value = clr_vector_get (one, "header");
  JsonObject *expected = json_object_get_object_member (one, "expected");
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) wanted = g_string_new (NULL), got = g_string_new (NULL);
  gboolean read = clr_address_list_parse (value, value_size (value), 100, addresses);

  if (json_object_has_member (expected, "List"))
    add_wanted (json_object_get_array_member (expected, "List"), wanted);
  else
    {
      JsonArray *groups = json_object_get_array_member (expected, "Group");
      for (unsigned i = 0; i < json_array_get_length (groups); i++)
        add_wanted (json_object_get_array_member (json_array_get_object_element (groups, i), "addresses"),
                    wanted);
    }
  for (unsigned i = 0; i < addresses->len; i++)
    g_string_append_printf (got, "%s\n", (const char *)addresses->pdata[i]);
  judge (value, !read ? "this is a list" : g_str_equal (got->str, wanted->str) ? NULL : got->str);
}

/* -- Received */

/* {"Name": x} or {"IpAddr": x}, or a text */
static const char *
get_text (JsonObject *expected, const char *member)
{
  JsonNode *node = json_object_get_member (expected, member);

  if (node && JSON_NODE_HOLDS_OBJECT (node))
    {
      const char *name = clr_vector_get (json_node_get_object (node), "Name");
      return name ? name : clr_vector_get (json_node_get_object (node), "IpAddr");
    }
  return node && !JSON_NODE_HOLDS_NULL (node) ? json_node_get_string (node) : NULL;
}

static void
check_received (JsonObject *one)
{
  const char *value = clr_vector_get (one, "header");
  JsonObject *expected = json_object_get_object_member (one, "expected");
  g_autoptr (GString) problem = g_string_new (NULL);
  ClrHop hop;

  clr_hop_parse (&hop, value, value_size (value));
  const struct
  {
    const char *member, *got;
  } texts[] = { { "from", hop.from }, { "helo", hop.helo }, { "from_ip", hop.address },
                { "by", hop.by },     { "id", hop.id },     { "for_", hop.recipient } };
  for (unsigned i = 0; i < G_N_ELEMENTS (texts); i++)
    if (g_strcmp0 (texts[i].got, get_text (expected, texts[i].member)) != 0)
      g_string_append_printf (problem, "%s is %s; ", texts[i].member,
                              texts[i].got ? texts[i].got : "missing");
  /* Their names of protocols are a fixed set; we keep what was written. */
  const char *with = get_text (expected, "with");
  g_autofree char *upper = with ? g_ascii_strup (with, -1) : NULL;
  if (with && (hop.protocol == NULL || !strstr (hop.protocol, upper)))
    g_string_append_printf (problem, "with is %s; ", hop.protocol ? hop.protocol : "missing");
  gboolean dated = !json_object_get_null_member (expected, "date");
  if (dated != hop.has_time
      || (dated && !is_date (json_object_get_object_member (expected, "date"), hop.time_us, hop.offset)))
    g_string_append (problem, "date; ");
  judge (value, problem->len > 0 ? problem->str : NULL);
  clr_hop_clear (&hop);
}

static void
test_dates (void)
{
  run ("address/header-date.json", date_differences, check_date, 12);
}

static void
test_ids (void)
{
  run ("address/header-id.json", id_differences, check_ids, 7);
}

static void
test_addresses (void)
{
  run ("address/header-address.json", address_differences, check_addresses, 30);
}

static void
test_received (void)
{
  run ("address/header-received.json", received_differences, check_received, 88);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_set_nonfatal_assertions ();
  g_test_add_func ("/vectors/address/header-date", test_dates);
  g_test_add_func ("/vectors/address/header-id", test_ids);
  g_test_add_func ("/vectors/address/header-address", test_addresses);
  g_test_add_func ("/vectors/address/header-received", test_received);
  return g_test_run ();
}
