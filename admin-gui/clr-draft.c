/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-draft.h"

#include "control/clr-json.h"

struct ClrGroups
{
  JsonObject *answer;
  JsonArray *groups; /* of @answer; objects */
};

ClrGroups *
clr_groups_new (JsonObject *answer)
{
  JsonNode *node = answer ? json_object_get_member (answer, "groups") : NULL;
  ClrGroups *self;

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return NULL;
  for (guint i = 0; i < json_array_get_length (json_node_get_array (node)); i++)
    if (!JSON_NODE_HOLDS_OBJECT (json_array_get_element (json_node_get_array (node), i)))
      return NULL;
  self = g_new0 (ClrGroups, 1);
  self->answer = json_object_ref (answer);
  self->groups = json_node_get_array (node);
  return self;
}

void
clr_groups_free (ClrGroups *self)
{
  json_object_unref (self->answer);
  g_free (self);
}

const char *
clr_groups_get_etag (ClrGroups *self)
{
  return clr_json_get_text (self->answer, "etag");
}

GPtrArray *
clr_groups_list (ClrGroups *self, const char *group)
{
  GPtrArray *names = g_ptr_array_new ();

  for (guint i = 0; i < json_array_get_length (self->groups); i++)
    {
      JsonObject *object = json_array_get_object_element (self->groups, i);
      const char *name = clr_json_get_text (object, "name");

      if (name && g_strcmp0 (clr_json_get_text (object, "group"), group) == 0)
        g_ptr_array_add (names, (char *)name);
    }
  return names;
}

JsonObject *
clr_groups_find (ClrGroups *self, const char *group, const char *name)
{
  for (guint i = 0; i < json_array_get_length (self->groups); i++)
    {
      JsonObject *object = json_array_get_object_element (self->groups, i);
      JsonNode *settings = json_object_get_member (object, "settings");

      if (g_strcmp0 (clr_json_get_text (object, "group"), group) == 0
          && (name == NULL || g_strcmp0 (clr_json_get_text (object, "name"), name) == 0) && settings
          && JSON_NODE_HOLDS_OBJECT (settings))
        return json_node_get_object (settings);
    }
  return NULL;
}

const char *
clr_groups_get (ClrGroups *self, const char *group, const char *name, const char *key)
{
  JsonObject *values = clr_groups_find (self, group, name);

  return values ? clr_json_get_text (values, key) : NULL;
}

struct ClrDraft
{
  JsonArray *changes;
};

ClrDraft *
clr_draft_new (void)
{
  ClrDraft *self = g_new0 (ClrDraft, 1);

  self->changes = json_array_new ();
  return self;
}

void
clr_draft_free (ClrDraft *self)
{
  json_array_unref (self->changes);
  g_free (self);
}

guint
clr_draft_get_n (ClrDraft *self)
{
  return json_array_get_length (self->changes);
}

static JsonObject *
add_change (ClrDraft *self, const char *group, const char *name)
{
  JsonObject *change = json_object_new ();

  json_object_set_string_member (change, "group", group);
  if (name)
    json_object_set_string_member (change, "name", name);
  json_array_add_object_element (self->changes, change);
  return change;
}

void
clr_draft_set (ClrDraft *self, const char *group, const char *name, const char *key, const char *value)
{
  JsonObject *change = add_change (self, group, name);

  json_object_set_string_member (change, "key", key);
  if (value)
    json_object_set_string_member (change, "value", value);
  else
    json_object_set_null_member (change, "value");
}

void
clr_draft_remove (ClrDraft *self, const char *group, const char *name)
{
  json_object_set_null_member (add_change (self, group, name), "value");
}

void
clr_draft_move (ClrDraft *self, const char *group, const char *name, const char *before)
{
  json_object_set_string_member (add_change (self, group, name), "before", before);
}

JsonObject *
clr_draft_to_body (ClrDraft *self, const char *etag)
{
  JsonObject *body = json_object_new ();

  json_object_set_array_member (body, "set", json_array_ref (self->changes));
  if (etag)
    json_object_set_string_member (body, "etag", etag);
  return body;
}
