/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/clr-openapi.h"

#include "clr-version.h"
#include "control/clr-api.h"
#include "control/clr-keyring.h"
#include "model/clr-model.h"

#include <string.h>

static const struct
{
  const char *name, *help;
} words[] = {
  { "account", "Name of an [oauth] section" },
  { "accounts", "One for each [oauth] section" },
  { "after", "Cursor: what \"next\" said; the answer goes on behind it" },
  { "alerts", "What is wrong, or how many" },
  { "all", "true: everything in the queue; in an answer: how many there are" },
  { "applied", "1: the settings count now" },
  { "bans", "Who is banned" },
  { "before", "Cursor: what \"next\" said; the answer goes on before it" },
  { "begun", "When it began" },
  { "certificates", "Certificates, file by file" },
  { "client", "An IP address that would send" },
  { "clients", "Every client address that tried, the one seen last first" },
  { "code", "A code that a person types at the address" },
  { "complete", "true: all of the list is in order, and its length known" },
  { "content", "true: with the content of messages; only for the roles reader and admin" },
  { "create", "true: a new user; otherwise the user must exist" },
  { "cut", "true: there was more than was to be kept" },
  { "days", "How long it is good, 1 to 3650 days; 0: for ever" },
  { "descending", "true: the last first" },
  { "details", "What was found, member by member" },
  { "device", "Name of a [device] section" },
  { "devices", "The [device] sections, in their order" },
  { "diff", "What has changed, as a unified diff" },
  { "direction", "in or out" },
  { "domain", "A domain that mail comes from" },
  { "domains", "Domains that are asked where they want their reports" },
  { "end", "When the last step ends" },
  { "ended", "true: it is over" },
  { "entries", "The newest first" },
  { "etag", "Of the settings file; a change is refused when it is no longer this" },
  { "event", "Name of an event; with a final dot, all that begin so" },
  { "events", "What happened, in order" },
  { "expires", "When it ends" },
  { "file", "Where the settings stand" },
  { "filter", "Words of the filter language, such as \"from:a@example.com older:4h\"" },
  { "fingerprint", "SHA-256 of the certificate that is shown over TCP" },
  { "force", "true: even where the settings open the relay to strangers" },
  { "format", "json or text" },
  { "found", "What stands in the DNS" },
  { "from", "The envelope's sender, empty for none" },
  { "frozen", "1: it is frozen" },
  { "generate", "true: the service makes a password and answers it" },
  { "groups", "The settings, group by group" },
  { "id", "A queue id: 13 letters and digits" },
  { "items", "What was looked at, one by one" },
  { "keys", "DKIM keys, each with its record" },
  { "kind", "rsa or ed25519" },
  { "level", "The least important that is told: error, warning, info or debug" },
  { "lifted", "How many bans" },
  { "limit", "So many at most" },
  { "lines", "What was said, line by line" },
  { "listeners", "Names of the listeners that show it" },
  { "login", "Who logs in" },
  { "lookups", "Look-ups that the SPF record causes" },
  { "lookups-needed", "Look-ups that the needed record would cause" },
  { "messages", "Messages, or how many" },
  { "methods", "What may be asked, and by which role" },
  { "missed", "Events that were forgotten before they could be told" },
  { "more", "true: there are more than those told" },
  { "name", "What it is called" },
  { "names", "The names it is for" },
  { "needed", "What should stand there" },
  { "next", "Cursor for the next question; missing: there is no more" },
  { "next-hop", "Name of a [smarthost] or [route], or of a host" },
  { "offset", "Position of the first row, from 0" },
  { "order", "accepted, sender, recipient, subject, size, state, next or device" },
  { "password", "In clear; never answered unless it was generated" },
  { "peer", "Who is at the other end" },
  { "priority", "-9 (last) to 9 (first)" },
  { "problem", "What somebody should see to" },
  { "reason", "The result in words; of an order: what the sender is told" },
  { "recipients", "How many recipients" },
  { "record", "Name of the record" },
  { "recorded", "Sessions recorded so far" },
  { "records", "Records, or how many" },
  { "recoverable", "true: the password is kept so that CRAM-MD5 works" },
  { "release", "true: what was held of it goes on" },
  { "removed", "How many were removed" },
  { "reply", "What SMTP would have answered" },
  { "report", "true: the sender gets a report that it was refused" },
  { "restart", "Settings that count after a restart only" },
  { "result", "What came of it, one word" },
  { "role", "viewer, reader, operator, auditor or admin" },
  { "roll", "Which list: named again, positions are the same; a list is forgotten after two minutes" },
  { "route", "Name of a [route] section; its conditions need not hold" },
  { "seconds", "How long it waits for sessions to begin" },
  { "secret", "The secret; it is never answered" },
  { "secrets", "How many were set" },
  { "selector", "Selector of the key" },
  { "self-signed", "true: nobody but itself vouches for it" },
  { "sessions", "Sessions, or how many" },
  { "set", "Changes: {group, name, key, value}; a value of null takes a setting out" },
  { "size", "Octets, at the most" },
  { "smarthost", "Name of a [smarthost] section" },
  { "span", "10m, 24h or 30d" },
  { "state", "A state of recipients, or of what is under way" },
  { "step", "Seconds from value to value" },
  { "steps", "What was done, step by step, each with its advice" },
  { "subject", "Which of its alerts: a file, a device or an account; empty where there is only one" },
  { "text", "A part of the text, in any case; of the settings: the whole file" },
  { "time", "When" },
  { "to", "An address of a recipient" },
  { "token", "Shown once" },
  { "tokens", "Tokens, or how many" },
  { "total", "Rows of the list; while it is not complete, as far as is known" },
  { "type", "Of the record" },
  { "unknown", "true: only those that may not relay" },
  { "until", "When it ends" },
  { "url", "An address for a browser or a client" },
  { "users", "Who may log in" },
  { "verdict", "ok, none (and none is needed), unknown, warning, missing or wrong" },
  { "version", "Number of a former version; missing: the last" },
  { "versions", "Former versions of the settings file" },
  { "wait", "Seconds to wait for something new" },
  { "wanted", "Sessions that are to be recorded" },
  { "what", "What it is about" },
  { "who", "Only what this one did" },
  { "why", "What went wrong" },
};

const char *
clr_openapi_explain (const char *name)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (words[i].name, name))
      return words[i].help;
  return NULL;
}

/* One word of a declaration. */
typedef struct
{
  char *name;
  const char *type;
  gboolean is_optional, is_list;
} Member;

/* @member: its name is to be freed. */
static void
read_member (const char *word, Member *member)
{
  const char *colon = strchr (word, ':');
  size_t size = colon ? (size_t)(colon - word) : strlen (word);

  member->is_optional = size > 0 && word[size - 1] == '?';
  member->name = g_strndup (word, size - member->is_optional);
  member->type = colon ? colon + 1 : "text";
  member->is_list = g_str_has_suffix (member->type, "[]");
}

gboolean
clr_openapi_has (const char *members, const char *name)
{
  g_auto (GStrv) list = g_strsplit (members ? members : "", " ", -1);

  for (unsigned i = 0; list[i]; i++)
    {
      Member member;

      read_member (list[i], &member);
      gboolean found = g_str_equal (member.name, name);
      g_free (member.name);
      if (found)
        return TRUE;
    }
  return FALSE;
}

static JsonObject *
simple (const char *type, const char *help)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "type", type);
  if (help)
    json_object_set_string_member (object, "description", help);
  return object;
}

static JsonObject *
reference (const char *model)
{
  JsonObject *object = json_object_new ();
  g_autofree char *path = g_strconcat ("#/components/schemas/", model, NULL);

  json_object_set_string_member (object, "$ref", path);
  return object;
}

static JsonObject *
list_of (JsonObject *items, const char *help)
{
  JsonObject *object = simple ("array", help);

  json_object_set_object_member (object, "items", items);
  return object;
}

/* @type: without []. */
static JsonObject *
schema_of (const char *type, size_t size, const char *help)
{
  static const struct
  {
    const char *word, *type;
  } types[]
      = { { "text", "string" }, { "number", "integer" }, { "boolean", "boolean" }, { "object", "object" } };
  g_autofree char *name = g_strndup (type, size);

  for (unsigned i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_str_equal (name, types[i].word))
      return simple (types[i].type, help);
  return g_str_equal (name, "any") ? json_object_new () : reference (name);
}

static JsonObject *
schema_of_member (const Member *member)
{
  const char *help = clr_openapi_explain (member->name);
  size_t size = strlen (member->type);

  return member->is_list ? list_of (schema_of (member->type, size - 2, NULL), help)
                         : schema_of (member->type, size, help);
}

static JsonObject *
schema_of_members (const char *members)
{
  JsonObject *schema = simple ("object", NULL), *properties = json_object_new ();
  JsonArray *required = json_array_new ();
  g_auto (GStrv) list = g_strsplit (members ? members : "", " ", -1);
  gboolean open = FALSE;

  for (unsigned i = 0; list[i]; i++)
    {
      Member member;

      if (g_str_equal (list[i], "*"))
        open = TRUE;
      if (g_str_equal (list[i], "*") || *list[i] == 0)
        continue;
      read_member (list[i], &member);
      json_object_set_object_member (properties, member.name, schema_of_member (&member));
      if (!member.is_optional)
        json_array_add_string_element (required, member.name);
      g_free (member.name);
    }
  json_object_set_object_member (schema, "properties", properties);
  if (json_array_get_length (required) > 0)
    json_object_set_array_member (schema, "required", required);
  else
    json_array_unref (required);
  json_object_set_boolean_member (schema, "additionalProperties", open);
  return schema;
}

/* "=TYPE/SUBTYPE", "=Model" or members, as the content of a request or reply. */
static JsonObject *
content_of (const char *declared)
{
  JsonObject *content = json_object_new (), *entry = json_object_new (), *schema;
  gboolean is_whole = *declared == '=';
  const char *type = is_whole && strchr (declared, '/') ? declared + 1 : "application/json";

  if (is_whole && strchr (declared, '/'))
    {
      schema = simple ("string", NULL);
      json_object_set_string_member (schema, "format", "binary");
    }
  else
    schema = is_whole ? reference (declared + 1) : schema_of_members (declared);
  json_object_set_object_member (entry, "schema", schema);
  json_object_set_object_member (content, type, entry);
  return content;
}

static void
add_parameter (JsonArray *parameters, const char *where, const char *name, JsonObject *schema,
               gboolean required, const char *help)
{
  JsonObject *parameter = json_object_new ();

  json_object_set_string_member (parameter, "name", name);
  json_object_set_string_member (parameter, "in", where);
  json_object_set_boolean_member (parameter, "required", required);
  if (help)
    json_object_set_string_member (parameter, "description", help);
  json_object_set_object_member (parameter, "schema", schema);
  json_array_add_object_element (parameters, parameter);
}

static JsonArray *
parameters_of (const ClrMethodRow *row)
{
  JsonArray *parameters = json_array_new ();
  g_auto (GStrv) list = g_strsplit (row->query ? row->query : "", " ", -1);

  if (g_str_has_suffix (row->path, "/") || strstr (row->path, CLR_METHODS_NAME))
    add_parameter (parameters, "path", "name", simple ("string", NULL), TRUE, "Which one");
  for (unsigned i = 0; list[i]; i++)
    {
      Member member;

      if (*list[i] == 0)
        continue;
      read_member (list[i], &member);
      add_parameter (parameters, "query", member.name, schema_of (member.type, strlen (member.type), NULL),
                     FALSE, clr_openapi_explain (member.name));
      g_free (member.name);
    }
  if (g_str_equal (row->path, CLR_API_SUBMISSIONS))
    add_parameter (parameters, "header", CLR_API_ENVELOPE, simple ("string", NULL), TRUE,
                   "The envelope as JSON: {\"from\": \"...\", \"to\": [\"...\"]}");
  return parameters;
}

static JsonObject *
answer_of (const char *help, const char *declared)
{
  JsonObject *answer = json_object_new ();

  json_object_set_string_member (answer, "description", help);
  json_object_set_object_member (answer, "content", content_of (declared));
  return answer;
}

/* (transfer full) */
static char *
make_operation_id (const ClrMethodRow *row)
{
  g_autofree char *verb = g_ascii_strdown (row->method, -1);
  char *id = g_strconcat (verb, row->path, g_str_has_suffix (row->path, "/") ? "one" : NULL, NULL);

  g_strdelimit (id, "/-.", '_');
  /* {name} in the middle is no part of an identifier. */
  for (char *p = id; *p;)
    if (strchr ("{}", *p))
      memmove (p, p + 1, strlen (p));
    else
      p++;
  return id;
}

static JsonObject *
operation_of (const ClrMethodRow *row)
{
  JsonObject *operation = json_object_new (), *answers = json_object_new ();
  JsonArray *roles = json_array_new ();
  g_autofree char *id = make_operation_id (row);

  json_object_set_string_member (operation, "operationId", id);
  json_object_set_string_member (operation, "summary", row->summary);
  for (unsigned role = CLR_ROLE_VIEWER; role <= CLR_ROLE_READER; role <<= 1)
    if (row->roles & role)
      json_array_add_string_element (roles, clr_role_to_text (role));
  json_object_set_array_member (operation, "x-roles", roles);
  json_object_set_array_member (operation, "parameters", parameters_of (row));
  if (row->body)
    {
      JsonObject *body = json_object_new ();

      json_object_set_boolean_member (body, "required", TRUE);
      json_object_set_object_member (body, "content", content_of (row->body));
      json_object_set_object_member (operation, "requestBody", body);
    }
  json_object_set_object_member (answers, "200", answer_of ("Done", row->answer));
  json_object_set_object_member (answers, "default", answer_of ("Refused, in words", "=Error"));
  json_object_set_object_member (operation, "responses", answers);
  return operation;
}

static JsonObject *
schema_of_model (GType type)
{
  g_autoptr (GTypeClass) klass = g_type_class_ref (type);
  JsonObject *schema = simple ("object", NULL), *properties = json_object_new ();
  unsigned n;
  g_autofree GParamSpec **pspecs = g_object_class_list_properties (G_OBJECT_CLASS (klass), &n);

  for (unsigned i = 0; i < n; i++)
    {
      GType item = clr_model_get_item_type (pspecs[i]);
      const char *help = g_param_spec_get_blurb (pspecs[i]);
      JsonObject *property;

      if (item != G_TYPE_INVALID)
        {
          const char *name = g_type_name (item) + strlen ("Clr");
          g_autofree char *model = g_strndup (name, strlen (name) - strlen ("Info"));
          property = list_of (reference (model), help);
        }
      else if (pspecs[i]->value_type == G_TYPE_STRV)
        property = list_of (simple ("string", NULL), help);
      else
        property = simple (pspecs[i]->value_type == G_TYPE_STRING ? "string" : "integer", help);
      json_object_set_object_member (properties, pspecs[i]->name, property);
    }
  json_object_set_object_member (schema, "properties", properties);
  json_object_set_boolean_member (schema, "additionalProperties", FALSE);
  return schema;
}

static JsonObject *
list_schemas (void)
{
  const struct
  {
    const char *name;
    GType type;
  } models[] = {
    { "Status", CLR_TYPE_STATUS_INFO },   { "Lane", CLR_TYPE_LANE_INFO },
    { "Message", CLR_TYPE_MESSAGE_INFO }, { "Recipient", CLR_TYPE_RECIPIENT_INFO },
    { "Attempt", CLR_TYPE_ATTEMPT_INFO }, { "User", CLR_TYPE_USER_INFO },
    { "Ban", CLR_TYPE_BAN_INFO },         { "Client", CLR_TYPE_CLIENT_INFO },
    { "Alert", CLR_TYPE_ALERT_INFO },     { "Device", CLR_TYPE_DEVICE_INFO },
    { "Session", CLR_TYPE_SESSION_INFO },
  };
  JsonObject *schemas = json_object_new (), *error = schema_of_members ("error");

  for (unsigned i = 0; i < G_N_ELEMENTS (models); i++)
    json_object_set_object_member (schemas, models[i].name, schema_of_model (models[i].type));
  json_object_set_object_member (schemas, "Error", error);
  json_object_set_object_member (schemas, "AuditEntry",
                                 schema_of_members ("number:number time who what detail?"));
  json_object_set_object_member (schemas, "Event",
                                 schema_of_members ("number:number time level event text fields?:object *"));
  json_object_set_object_member (schemas, "Certificate",
                                 schema_of_members ("name file listeners:text[] subject names:text[] expires "
                                                    "days:number self-signed:boolean problem?"));
  json_object_set_object_member (schemas, "DnsItem",
                                 schema_of_members ("what verdict text name? type? needed? found?:text[] "
                                                    "lookups?:number lookups-needed?:number"));
  json_object_set_object_member (
      schemas, "Record",
      schema_of_members (
          "record what name who begun until state wanted:number recorded:number content:boolean "
          "sessions?:RecordedSession[]"));
  json_object_set_object_member (
      schemas, "RecordedSession",
      schema_of_members ("id direction peer? ended:boolean cut:boolean lines:RecordedLine[]"));
  json_object_set_object_member (schemas, "RecordedLine", schema_of_members ("time from text"));
  json_object_set_object_member (schemas, "Token",
                                 schema_of_members ("name role created:number expires:number"));
  json_object_set_object_member (schemas, "Method", schema_of_members ("method path roles:text[]"));
  return schemas;
}

static JsonObject *
describe_components (void)
{
  JsonObject *components = json_object_new (), *ways = json_object_new (), *bearer = simple ("http", NULL);

  json_object_set_string_member (bearer, "scheme", "bearer");
  json_object_set_string_member (bearer, "description",
                                 "Over TCP: clrelay token add. Over the local socket the peer is known.");
  json_object_set_object_member (ways, "token", bearer);
  json_object_set_object_member (components, "schemas", list_schemas ());
  json_object_set_object_member (components, "securitySchemes", ways);
  return components;
}

JsonNode *
clr_openapi_describe (const ClrMethodRow *rows, unsigned n)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *document = json_object_new (), *info = json_object_new (), *paths = json_object_new ();

  json_object_set_string_member (document, "openapi", "3.0.3");
  json_object_set_string_member (info, "title", "Cl Mail Relay");
  json_object_set_string_member (info, "version", CLR_VERSION);
  json_object_set_object_member (document, "info", info);
  for (unsigned i = 0; i < n; i++)
    {
      gboolean is_prefix = g_str_has_suffix (rows[i].path, "/");
      g_autofree char *path = g_strconcat (rows[i].path, is_prefix ? "{name}" : NULL, NULL);
      g_autofree char *verb = g_ascii_strdown (rows[i].method, -1);

      if (!json_object_has_member (paths, path))
        json_object_set_object_member (paths, path, json_object_new ());
      json_object_set_object_member (json_object_get_object_member (paths, path), verb,
                                     operation_of (&rows[i]));
    }
  json_object_set_object_member (document, "paths", paths);
  json_object_set_object_member (document, "components", describe_components ());
  json_node_take_object (node, document);
  return node;
}
