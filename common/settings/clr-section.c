/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings/clr-section.h"

typedef struct
{
  char *name;
  GHashTable *values; /* property name -> GValue*; only what was set */
} ClrSectionPrivate;

enum
{
  PROP_NAME = 1,
  FIRST_SETTING,
};

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (ClrSection, clr_section, G_TYPE_OBJECT)

static void
value_free (void *data)
{
  g_value_unset (data);
  g_free (data);
}

static void
clr_section_init (ClrSection *self)
{
  ClrSectionPrivate *priv = clr_section_get_instance_private (self);

  priv->values = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, value_free);
}

static void
clr_section_finalize (GObject *object)
{
  ClrSectionPrivate *priv = clr_section_get_instance_private (CLR_SECTION (object));

  g_free (priv->name);
  g_hash_table_unref (priv->values);
  G_OBJECT_CLASS (clr_section_parent_class)->finalize (object);
}

static void
clr_section_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ClrSectionPrivate *priv = clr_section_get_instance_private (CLR_SECTION (object));

  if (id == PROP_NAME)
    {
      g_value_set_string (value, priv->name);
      return;
    }
  GValue *set = g_hash_table_lookup (priv->values, pspec->name);
  if (set)
    g_value_copy (set, value);
  else
    g_param_value_set_default (pspec, value);
}

static void
clr_section_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ClrSectionPrivate *priv = clr_section_get_instance_private (CLR_SECTION (object));

  if (id == PROP_NAME)
    {
      priv->name = g_value_dup_string (value);
      return;
    }
  GValue *copy = g_new0 (GValue, 1);
  g_value_init (copy, pspec->value_type);
  g_value_copy (value, copy);
  g_hash_table_replace (priv->values, (void *)pspec->name, copy);
}

static void
clr_section_class_init (ClrSectionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = clr_section_finalize;
  object_class->get_property = clr_section_get_property;
  object_class->set_property = clr_section_set_property;
  g_object_class_install_property (
      object_class, PROP_NAME,
      g_param_spec_string ("section-name", NULL, NULL, NULL,
                           G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS));
}

void
clr_section_class_declare (ClrSectionClass *klass, ClrValueKind kind, GParamSpec *pspec)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  /* GObject does not let a class inherit these two. */
  object_class->get_property = clr_section_get_property;
  object_class->set_property = clr_section_set_property;
  clr_value_set_kind (pspec, kind, clr_value_get_choices (pspec));
  g_object_class_install_property (object_class, FIRST_SETTING + klass->n_settings++, pspec);
}

void
clr_section_class_declare_choice (ClrSectionClass *klass, const char *choices, GParamSpec *pspec)
{
  clr_value_set_kind (pspec, CLR_VALUE_CHOICE, choices);
  clr_section_class_declare (klass, CLR_VALUE_CHOICE, pspec);
}

const char *
clr_section_get_name (ClrSection *self)
{
  ClrSectionPrivate *priv = clr_section_get_instance_private (self);

  return priv->name;
}

gboolean
clr_section_is_set (ClrSection *self, const char *key)
{
  ClrSectionPrivate *priv = clr_section_get_instance_private (self);

  return g_hash_table_contains (priv->values, key);
}

/* The value or its default, without a copy. */
static const GValue *
peek (ClrSection *self, const char *key)
{
  ClrSectionPrivate *priv = clr_section_get_instance_private (self);
  const GValue *value = g_hash_table_lookup (priv->values, key);

  if (value)
    return value;
  GParamSpec *pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (self), key);
  g_assert (pspec != NULL);
  return g_param_spec_get_default_value (pspec);
}

gboolean
clr_section_get_boolean (ClrSection *self, const char *key)
{
  return g_value_get_boolean (peek (self, key));
}

gint64
clr_section_get_number (ClrSection *self, const char *key)
{
  return g_value_get_int64 (peek (self, key));
}

const char *
clr_section_get_text (ClrSection *self, const char *key)
{
  return g_value_get_string (peek (self, key));
}

const char *const *
clr_section_get_list (ClrSection *self, const char *key)
{
  static const char *const empty[] = { NULL };
  const char *const *list = g_value_get_boxed (peek (self, key));

  return list ? list : empty;
}
