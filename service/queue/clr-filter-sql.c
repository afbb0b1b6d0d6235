/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-filter-private.h"

#define REPLY(row) "(ifnull(" row ".code,0)||' '||ifnull(" row ".enhanced,'')||' '||ifnull(" row ".text,''))"

#define HELD "CASE WHEN json_valid(m.attributes) THEN json_extract(m.attributes,'$.held') END"

static void
add_text (const ClrFilterTerm *term, const char *column, unsigned number, GString *into)
{
  if (term->whole)
    g_string_append_printf (into, "ifnull(%s,'')=?%u COLLATE NOCASE", column, number);
  else
    g_string_append_printf (into, "instr(lower(ifnull(%s,'')),?%u)>0", column, number);
}

static void
add_address (const ClrFilterTerm *term, const char *column, unsigned number, GString *into)
{
  /* A line end cannot be in an address: it marks the end of it. */
  if (*term->text == '@')
    g_string_append_printf (into, "instr(lower(%s)||char(10),?%u||char(10))>0", column, number);
  else
    add_text (term, column, number, into);
}

static void
add_term (const ClrFilterTerm *term, const ClrFilterColumns *columns, unsigned number, GString *into)
{
  switch (term->word)
    {
    case CLR_FILTER_WORD_FROM:
      add_address (term, "m.sender", number, into);
      break;
    case CLR_FILTER_WORD_TO:
      add_address (term, "r.address", number, into);
      break;
    case CLR_FILTER_WORD_DOMAIN:
      /* A line end cannot be in an address: it marks the end of it. */
      g_string_append_printf (into, "instr(lower(r.address)||char(10),'@'||?%u||char(10))>0", number);
      break;
    case CLR_FILTER_WORD_ADDRESS:
      add_address (term, "m.sender", number, into);
      g_string_append (into, " OR ");
      add_address (term, "r.address", number, into);
      break;
    case CLR_FILTER_WORD_DEVICE:
      add_text (term, "m.device", number, into);
      break;
    case CLR_FILTER_WORD_CLIENT:
      add_text (term, "m.client", number, into);
      break;
    case CLR_FILTER_WORD_ROUTE:
      add_text (term, columns->lane, number, into);
      break;
    case CLR_FILTER_WORD_STATE:
      g_string_append_printf (into, "(CASE r.state WHEN %d THEN %d ELSE r.state END)=?%u",
                              CLR_RECIPIENT_GIVEN_UP, CLR_RECIPIENT_FAILED, number);
      break;
    case CLR_FILTER_WORD_REPLY:
      add_text (term, REPLY ("r"), number, into);
      if (columns->attempts)
        {
          g_string_append_printf (into,
                                  " OR EXISTS(SELECT 1 FROM %s a WHERE a.message=m.id AND a.number=r.number"
                                  " AND ",
                                  columns->attempts);
          add_text (term, REPLY ("a"), number, into);
          g_string_append_c (into, ')');
        }
      break;
    case CLR_FILTER_WORD_SUBJECT:
      add_text (term, columns->subject, number, into);
      break;
    case CLR_FILTER_WORD_MESSAGE_ID:
      add_text (term, columns->message_id, number, into);
      break;
    case CLR_FILTER_WORD_HELD:
      add_text (term, HELD, number, into);
      break;
    case CLR_FILTER_WORD_OLDER:
      g_string_append_printf (into, "m.created<?%u", number);
      break;
    case CLR_FILTER_WORD_NEWER:
      g_string_append_printf (into, "m.created>=?%u", number);
      break;
    case CLR_FILTER_WORD_LARGER:
      g_string_append_printf (into, "m.size>?%u", number);
      break;
    case CLR_FILTER_WORD_SMALLER:
      g_string_append_printf (into, "m.size<?%u", number);
      break;
    case CLR_FILTER_WORD_ID:
      g_string_append_printf (into, "m.id=?%u", number);
      break;
    case CLR_FILTER_WORD_ANY:
      add_text (term, "m.sender", number, into);
      g_string_append (into, " OR ");
      add_text (term, "r.address", number, into);
      g_string_append (into, " OR ");
      if (term->whole)
        g_string_append_printf (into, "ifnull(%s,'')='<'||?%u||'>' COLLATE NOCASE", columns->message_id,
                                number);
      else
        add_text (term, columns->subject, number, into);
      break;
    }
}

void
clr_filter_to_sql (const ClrFilter *filter, const ClrFilterColumns *columns, unsigned first, GString *into)
{
  for (unsigned i = 0; i < filter->terms->len; i++)
    {
      const ClrFilterTerm *term = &g_array_index (filter->terms, ClrFilterTerm, i);

      g_string_append (into, term->negated ? " AND NOT (" : " AND (");
      add_term (term, columns, first + i, into);
      g_string_append_c (into, ')');
    }
}

unsigned
clr_filter_get_n_values (const ClrFilter *filter)
{
  return filter->terms->len;
}

const char *
clr_filter_get_value (const ClrFilter *filter, unsigned i, int64_t *number)
{
  const ClrFilterTerm *term = &g_array_index (filter->terms, ClrFilterTerm, i);

  switch (term->word)
    {
    case CLR_FILTER_WORD_STATE:
    case CLR_FILTER_WORD_OLDER:
    case CLR_FILTER_WORD_NEWER:
    case CLR_FILTER_WORD_LARGER:
    case CLR_FILTER_WORD_SMALLER:
    case CLR_FILTER_WORD_ID:
      *number = term->number;
      return NULL;
    default:
      return term->text;
    }
}
