/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrModel: what can be seen of a relay, as GObjects whose properties are the facts. The service fills them
 * in, JSON carries them, lists and pages show them. Each kind is a list of properties (clr-models.c),
 * declared once.
 */
#pragma once

#include <glib-object.h>
#include <stdint.h>

G_BEGIN_DECLS

#define CLR_TYPE_MODEL (clr_model_get_type ())
G_DECLARE_DERIVABLE_TYPE (ClrModel, clr_model, CLR, MODEL, GObject)

struct _ClrModelClass
{
  GObjectClass parent_class;
  unsigned n_properties;
};

/* For class_init. */
void clr_model_class_declare (ClrModelClass *klass, GParamSpec *pspec);
/* A property that is a #GListStore of @item_type. */
void clr_model_class_declare_list (ClrModelClass *klass, const char *name, const char *help, GType item_type);
/* Returns: what the list @pspec holds, %G_TYPE_INVALID when it is none. */
GType clr_model_get_item_type (GParamSpec *pspec);

#define CLR_DECLARE_MODEL(Name, name, NAME)                                                                  \
  G_DECLARE_FINAL_TYPE (Clr##Name##Info, clr_##name##_info, CLR, NAME##_INFO, ClrModel)

CLR_DECLARE_MODEL (Status, status, STATUS)
CLR_DECLARE_MODEL (Lane, lane, LANE)
CLR_DECLARE_MODEL (Message, message, MESSAGE)
CLR_DECLARE_MODEL (Recipient, recipient, RECIPIENT)
CLR_DECLARE_MODEL (Attempt, attempt, ATTEMPT)
CLR_DECLARE_MODEL (User, user, USER)
CLR_DECLARE_MODEL (Ban, ban, BAN)
CLR_DECLARE_MODEL (Use, use, USE)
CLR_DECLARE_MODEL (Client, client, CLIENT)
CLR_DECLARE_MODEL (Device, device, DEVICE)
CLR_DECLARE_MODEL (Session, session, SESSION)
CLR_DECLARE_MODEL (Alert, alert, ALERT)
CLR_DECLARE_MODEL (LogLine, log_line, LOG_LINE)

#define CLR_TYPE_STATUS_INFO    (clr_status_info_get_type ())
#define CLR_TYPE_LANE_INFO      (clr_lane_info_get_type ())
#define CLR_TYPE_MESSAGE_INFO   (clr_message_info_get_type ())
#define CLR_TYPE_RECIPIENT_INFO (clr_recipient_info_get_type ())
#define CLR_TYPE_ATTEMPT_INFO   (clr_attempt_info_get_type ())
#define CLR_TYPE_USER_INFO      (clr_user_info_get_type ())
#define CLR_TYPE_BAN_INFO       (clr_ban_info_get_type ())
#define CLR_TYPE_USE_INFO       (clr_use_info_get_type ())
#define CLR_TYPE_CLIENT_INFO    (clr_client_info_get_type ())
#define CLR_TYPE_DEVICE_INFO    (clr_device_info_get_type ())
#define CLR_TYPE_SESSION_INFO   (clr_session_info_get_type ())
#define CLR_TYPE_ALERT_INFO     (clr_alert_info_get_type ())
#define CLR_TYPE_LOG_LINE_INFO  (clr_log_line_info_get_type ())

G_END_DECLS
