/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-dmarc-report.h"

#include <gio/gio.h>
#include <libxml/xmlreader.h>
#include <string.h>

#define DEPTH_MOST 32
#define LIST_MOST  100u /* results of a row, errors, notes */
#define PATH_MOST  200u

typedef struct
{
  ClrDmarcReport *report;
  GString *path; /* of the element that is open: "feedback/record/row" */
  GString *text; /* inside it */
  ClrDmarcReportRow row;
  char *begin, *end, *count; /* as they stand there */
  char *problem;
  char *xml_problem; /* what libxml said first */
} Reader;

typedef struct
{
  const char *path;
  size_t offset;
} Place;

#define REPORT(member) offsetof (ClrDmarcReport, member)
#define ROW(member)    offsetof (ClrDmarcReportRow, member)
#define RESULT(member) offsetof (ClrDmarcReportResult, member)
#define REASON(member) offsetof (ClrDmarcReportReason, member)

static const Place report_places[] = {
  { "feedback/version", REPORT (version) },
  { "feedback/report_metadata/org_name", REPORT (org_name) },
  { "feedback/report_metadata/email", REPORT (email) },
  { "feedback/report_metadata/extra_contact_info", REPORT (contact) },
  { "feedback/report_metadata/report_id", REPORT (report_id) },
  { "feedback/report_metadata/generator", REPORT (generator) },
  { "feedback/policy_published/domain", REPORT (domain) },
  { "feedback/policy_published/adkim", REPORT (adkim) },
  { "feedback/policy_published/aspf", REPORT (aspf) },
  { "feedback/policy_published/p", REPORT (p) },
  { "feedback/policy_published/sp", REPORT (sp) },
  { "feedback/policy_published/np", REPORT (np) },
  { "feedback/policy_published/pct", REPORT (pct) },
  { "feedback/policy_published/fo", REPORT (fo) },
  { "feedback/policy_published/testing", REPORT (testing) },
  { "feedback/policy_published/discovery_method", REPORT (discovery_method) },
  { "feedback/policy_published/version_published", REPORT (version_published) },
};

/* Below feedback/record/. Drafts called the identifiers identities. */
static const Place row_places[] = {
  { "row/source_ip", ROW (source_ip) },
  { "row/policy_evaluated/disposition", ROW (disposition) },
  { "row/policy_evaluated/dkim", ROW (dkim) },
  { "row/policy_evaluated/spf", ROW (spf) },
  { "identifiers/header_from", ROW (header_from) },
  { "identifiers/envelope_from", ROW (envelope_from) },
  { "identifiers/envelope_to", ROW (envelope_to) },
  { "identities/header_from", ROW (header_from) },
  { "identities/envelope_from", ROW (envelope_from) },
  { "identities/envelope_to", ROW (envelope_to) },
};

static const Place result_places[] = {
  { "domain", RESULT (domain) }, { "selector", RESULT (selector) },         { "scope", RESULT (scope) },
  { "result", RESULT (result) }, { "human_result", RESULT (human_result) },
};

static const Place reason_places[] = {
  { "type", REASON (type) },
  { "comment", REASON (comment) },
};

static void
clear_texts (void *object, const Place *places, unsigned n)
{
  for (unsigned i = 0; i < n; i++)
    g_clear_pointer ((char **)((char *)object + places[i].offset), g_free);
}

static void
clear_result (void *data)
{
  clear_texts (data, result_places, G_N_ELEMENTS (result_places));
}

static void
clear_reason (void *data)
{
  clear_texts (data, reason_places, G_N_ELEMENTS (reason_places));
}

static GArray *
new_list (size_t size, GDestroyNotify clear)
{
  GArray *list = g_array_new (FALSE, TRUE, size);

  g_array_set_clear_func (list, clear);
  return list;
}

static void
init_row (ClrDmarcReportRow *row)
{
  *row = (ClrDmarcReportRow){ .reasons = new_list (sizeof (ClrDmarcReportReason), clear_reason),
                              .dkim_results = new_list (sizeof (ClrDmarcReportResult), clear_result),
                              .spf_results = new_list (sizeof (ClrDmarcReportResult), clear_result) };
}

static void
clear_row (void *data)
{
  ClrDmarcReportRow *row = data;

  clear_texts (row, row_places, G_N_ELEMENTS (row_places));
  g_clear_pointer (&row->reasons, g_array_unref);
  g_clear_pointer (&row->dkim_results, g_array_unref);
  g_clear_pointer (&row->spf_results, g_array_unref);
}

void
clr_dmarc_report_free (ClrDmarcReport *report)
{
  clear_texts (report, report_places, G_N_ELEMENTS (report_places));
  g_ptr_array_unref (report->errors);
  g_ptr_array_unref (report->notes);
  g_array_unref (report->rows);
  g_free (report);
}

uint64_t
clr_dmarc_report_count (const ClrDmarcReport *report)
{
  uint64_t n = 0;

  for (unsigned i = 0; i < report->rows->len; i++)
    n += MIN (g_array_index (report->rows, ClrDmarcReportRow, i).count, G_MAXUINT64 - n);
  return n;
}

static void
note (Reader *reader, char *text)
{
  if (reader->report->notes->len < LIST_MOST)
    g_ptr_array_add (reader->report->notes, text);
  else
    g_free (text);
}

static void
fail (Reader *reader, char *problem)
{
  if (reader->problem == NULL)
    reader->problem = problem;
  else
    g_free (problem);
}

/* The text of the element that ends, without the blanks around it; NULL when it is empty. (transfer full) */
static char *
take_text (Reader *reader)
{
  g_autofree char *text = NULL;

  g_strstrip (reader->text->str);
  if (*reader->text->str == 0)
    return NULL;
  text = g_utf8_make_valid (reader->text->str, MIN (strlen (reader->text->str), CLR_DMARC_REPORT_TEXT_MOST));
  return g_steal_pointer (&text);
}

/* The first of several counts. */
static gboolean
set_text (Reader *reader, void *object, const Place *places, unsigned n, const char *path)
{
  for (unsigned i = 0; i < n; i++)
    if (g_str_equal (places[i].path, path))
      {
        char **into = (char **)((char *)object + places[i].offset);

        if (*into == NULL)
          *into = take_text (reader);
        return TRUE;
      }
  return FALSE;
}

static gboolean
set_once (Reader *reader, char **into, const char *wanted, const char *path)
{
  if (!g_str_equal (wanted, path))
    return FALSE;
  if (*into == NULL)
    *into = take_text (reader);
  return TRUE;
}

static void *
get_last (GArray *list, size_t size)
{
  return list->len ? list->data + (list->len - 1) * size : NULL;
}

static void
end_in_record (Reader *reader, const char *path)
{
  ClrDmarcReportRow *row = &reader->row;
  static const char dkim[] = "auth_results/dkim/", spf[] = "auth_results/spf/",
                    reason[] = "row/policy_evaluated/reason/";
  void *object;

  if (set_text (reader, row, row_places, G_N_ELEMENTS (row_places), path)
      || set_once (reader, &reader->count, "row/count", path))
    return;
  if (g_str_has_prefix (path, dkim) && (object = get_last (row->dkim_results, sizeof (ClrDmarcReportResult))))
    set_text (reader, object, result_places, G_N_ELEMENTS (result_places), path + strlen (dkim));
  else if (g_str_has_prefix (path, spf)
           && (object = get_last (row->spf_results, sizeof (ClrDmarcReportResult))))
    set_text (reader, object, result_places, G_N_ELEMENTS (result_places), path + strlen (spf));
  else if (g_str_has_prefix (path, reason)
           && (object = get_last (row->reasons, sizeof (ClrDmarcReportReason))))
    set_text (reader, object, reason_places, G_N_ELEMENTS (reason_places), path + strlen (reason));
}

static gboolean
read_number (const char *text, uint64_t *number)
{
  return text && g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, number, NULL);
}

/* A <record> ends: what it is about must be known. */
static void
end_record (Reader *reader)
{
  ClrDmarcReport *report = reader->report;
  ClrDmarcReportRow *row = &reader->row;
  unsigned number = report->rows->len + 1;
  g_autoptr (GInetAddress) address = row->source_ip ? g_inet_address_new_from_string (row->source_ip) : NULL;

  if (address == NULL)
    fail (reader,
          g_strdup_printf ("record %u: source_ip is %s", number, row->source_ip ? "no address" : "missing"));
  else if (!read_number (reader->count, &row->count))
    fail (reader,
          g_strdup_printf ("record %u: count is %s", number, reader->count ? "no number" : "missing"));
  else if (number > CLR_DMARC_REPORT_ROWS_MOST)
    fail (reader, g_strdup_printf ("it has more than %u records", CLR_DMARC_REPORT_ROWS_MOST));
  if (row->header_from == NULL)
    note (reader, g_strdup_printf ("record %u: header_from is missing", number));
  if (row->disposition == NULL)
    note (reader, g_strdup_printf ("record %u: disposition is missing", number));
  g_clear_pointer (&reader->count, g_free);
  if (reader->problem)
    return;
  g_array_append_val (report->rows, *row);
  init_row (row);
}

static void
end_element (Reader *reader)
{
  static const char record[] = "feedback/record/";
  const char *path = reader->path->str;

  if (g_str_has_prefix (path, record))
    end_in_record (reader, path + strlen (record));
  else if (g_str_equal (path, "feedback/record"))
    end_record (reader);
  else if (g_str_equal (path, "feedback/report_metadata/error"))
    {
      char *text = take_text (reader);

      if (text && reader->report->errors->len < LIST_MOST)
        g_ptr_array_add (reader->report->errors, text);
      else
        g_free (text);
    }
  else if (!set_text (reader, reader->report, report_places, G_N_ELEMENTS (report_places), path)
           && !set_once (reader, &reader->begin, "feedback/report_metadata/date_range/begin", path))
    set_once (reader, &reader->end, "feedback/report_metadata/date_range/end", path);
  g_string_truncate (reader->text, 0);
  const char *slash = strrchr (path, '/');
  g_string_truncate (reader->path, slash ? (gsize)(slash - path) : 0);
}

static void
add_result (GArray *list)
{
  ClrDmarcReportResult result = { 0 };

  if (list->len < LIST_MOST)
    g_array_append_val (list, result);
}

static void
begin_element (Reader *reader, const char *name)
{
  const char *path = reader->path->str;

  if (reader->path->len == 0 && !g_str_equal (name, "feedback"))
    fail (reader, g_strdup ("it is no aggregate report of DMARC: its root is not <feedback>"));
  if (reader->path->len + strlen (name) >= PATH_MOST)
    {
      fail (reader, g_strdup ("its elements are nested too deep"));
      return;
    }
  g_string_append_printf (reader->path, "%s%s", reader->path->len ? "/" : "", name);
  g_string_truncate (reader->text, 0);
  path = reader->path->str;
  if (g_str_equal (path, "feedback/record/auth_results/dkim"))
    add_result (reader->row.dkim_results);
  else if (g_str_equal (path, "feedback/record/auth_results/spf"))
    add_result (reader->row.spf_results);
  else if (g_str_equal (path, "feedback/record/row/policy_evaluated/reason")
           && reader->row.reasons->len < LIST_MOST)
    {
      ClrDmarcReportReason reason = { 0 };

      g_array_append_val (reader->row.reasons, reason);
    }
}

static void
on_node (Reader *reader, xmlTextReaderPtr xml)
{
  switch (xmlTextReaderNodeType (xml))
    {
    case XML_READER_TYPE_DOCUMENT_TYPE:
      fail (reader, g_strdup ("a report has no document type"));
      break;
    case XML_READER_TYPE_ENTITY_REFERENCE:
      fail (reader, g_strdup ("a report has no entities of its own"));
      break;
    case XML_READER_TYPE_ELEMENT:
      if (xmlTextReaderDepth (xml) >= DEPTH_MOST)
        {
          fail (reader, g_strdup ("its elements are nested too deep"));
          break;
        }
      begin_element (reader, (const char *)xmlTextReaderConstLocalName (xml));
      if (reader->problem == NULL && xmlTextReaderIsEmptyElement (xml))
        end_element (reader);
      break;
    case XML_READER_TYPE_END_ELEMENT:
      end_element (reader);
      break;
    case XML_READER_TYPE_TEXT:
    case XML_READER_TYPE_CDATA:
      {
        const char *text = (const char *)xmlTextReaderConstValue (xml);

        if (text && reader->text->len < 4 * CLR_DMARC_REPORT_TEXT_MOST)
          g_string_append_len (reader->text, text, MIN (strlen (text), 4 * CLR_DMARC_REPORT_TEXT_MOST));
        break;
      }
    default:
      break;
    }
}

static void
on_xml_error (void *data, const char *message, xmlParserSeverities severity, xmlTextReaderLocatorPtr locator)
{
  Reader *reader = data;
  g_autofree char *line = NULL;

  if (reader->xml_problem || severity == XML_PARSER_SEVERITY_WARNING
      || severity == XML_PARSER_SEVERITY_VALIDITY_WARNING)
    return;
  line = g_utf8_make_valid (message, -1);
  reader->xml_problem = g_strdup_printf ("it is not well formed: line %d: %s",
                                         xmlTextReaderLocatorLineNumber (locator), g_strchomp (line));
}

/* What every report says, or it says nothing. */
static void
check_whole (Reader *reader)
{
  ClrDmarcReport *report = reader->report;
  uint64_t begin = 0, end = 0;

  if (!read_number (reader->begin, &begin) || !read_number (reader->end, &end))
    fail (reader, g_strdup ("date_range does not say from when to when"));
  else if (report->domain == NULL)
    fail (reader, g_strdup ("policy_published does not say for which domain"));
  report->begin = (int64_t)begin;
  report->end = (int64_t)end;
  if (end < begin)
    note (reader, g_strdup ("date_range ends before it begins"));
  if (report->org_name == NULL)
    note (reader, g_strdup ("org_name is missing"));
  if (report->report_id == NULL)
    note (reader, g_strdup ("report_id is missing"));
  if (report->p == NULL)
    note (reader, g_strdup ("the published policy p is missing"));
  if (report->rows->len == 0)
    note (reader, g_strdup ("there is no record"));
}

ClrDmarcReport *
clr_dmarc_report_parse (const char *text, size_t size, char **problem)
{
  Reader reader = { .path = g_string_new (NULL), .text = g_string_new (NULL) };
  xmlTextReaderPtr xml = NULL;
  int more = 0;

  reader.report = g_new0 (ClrDmarcReport, 1);
  reader.report->errors = g_ptr_array_new_with_free_func (g_free);
  reader.report->notes = g_ptr_array_new_with_free_func (g_free);
  reader.report->rows = new_list (sizeof (ClrDmarcReportRow), clear_row);
  init_row (&reader.row);
  /* Some reporters write an empty line in front of the declaration. */
  while (size > 0 && g_ascii_isspace (*text))
    {
      text++;
      size--;
    }
  if (size > 0 && size <= G_MAXINT)
    xml = xmlReaderForMemory (text, (int)size, NULL, NULL, XML_PARSE_NONET | XML_PARSE_COMPACT);
  if (xml)
    {
      xmlTextReaderSetErrorHandler (xml, on_xml_error, &reader);
      while (reader.problem == NULL && (more = xmlTextReaderRead (xml)) == 1)
        on_node (&reader, xml);
      xmlFreeTextReader (xml);
    }
  else
    fail (&reader, g_strdup ("it is empty"));
  if (reader.problem == NULL && (more < 0 || reader.xml_problem))
    fail (&reader,
          reader.xml_problem ? g_steal_pointer (&reader.xml_problem) : g_strdup ("it is not well formed"));
  if (reader.problem == NULL)
    check_whole (&reader);
  clear_row (&reader.row);
  g_string_free (reader.path, TRUE);
  g_string_free (reader.text, TRUE);
  g_free (reader.begin);
  g_free (reader.end);
  g_free (reader.count);
  g_free (reader.xml_problem);
  if (reader.problem == NULL)
    return reader.report;
  clr_dmarc_report_free (reader.report);
  *problem = reader.problem;
  return NULL;
}
