/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mail/clr-report-words.h"

#include "system/clr-local-time.h"

typedef const char *Translated[CLR_LANGUAGE_LAST];

static const Translated words_table[CLR_WORDS_LAST] = {
  [CLR_WORDS_SUBJECT_FAILED] = { "Undeliverable: ", "Unzustellbar: " },
  [CLR_WORDS_SUBJECT_DELAYED] = { "Delayed: ", "Verzögert: " },
  [CLR_WORDS_SUBJECT_DELIVERED] = { "Delivered: ", "Zugestellt: " },
  [CLR_WORDS_SUBJECT_RELAYED] = { "Relayed: ", "Weitergeleitet: " },
  [CLR_WORDS_NO_SUBJECT] = { "your message", "Ihre Nachricht" },
  [CLR_WORDS_FAILED_ONE] = { "Your message could not be delivered to this address:",
                             "Ihre Nachricht konnte an diese Adresse nicht zugestellt werden:" },
  [CLR_WORDS_FAILED_MANY] = { "Your message could not be delivered to these addresses:",
                              "Ihre Nachricht konnte an diese Adressen nicht zugestellt werden:" },
  [CLR_WORDS_DELAYED_ONE] = { "Your message has not yet been delivered to this address:",
                              "Ihre Nachricht konnte an diese Adresse noch nicht zugestellt werden:" },
  [CLR_WORDS_DELAYED_MANY] = { "Your message has not yet been delivered to these addresses:",
                               "Ihre Nachricht konnte an diese Adressen noch nicht zugestellt werden:" },
  [CLR_WORDS_DELIVERED_ONE] = { "Your message has been delivered to this address:",
                                "Ihre Nachricht wurde an diese Adresse zugestellt:" },
  [CLR_WORDS_DELIVERED_MANY] = { "Your message has been delivered to these addresses:",
                                 "Ihre Nachricht wurde an diese Adressen zugestellt:" },
  [CLR_WORDS_RELAYED_ONE]
  = { "Your message has been handed over to the mail server in charge of this address:",
      "Ihre Nachricht wurde an den zuständigen Mailserver dieser Adresse übergeben:" },
  [CLR_WORDS_RELAYED_MANY]
  = { "Your message has been handed over to the mail server in charge of these addresses:",
      "Ihre Nachricht wurde an den zuständigen Mailserver dieser Adressen übergeben:" },
  [CLR_WORDS_EXPANDED_ONE]
  = { "Your message has been delivered to this address, which passed it on to several others:",
      "Ihre Nachricht wurde an diese Adresse zugestellt und von dort an mehrere andere weitergegeben:" },
  [CLR_WORDS_EXPANDED_MANY]
  = { "Your message has been delivered to these addresses, which passed it on to several others:",
      "Ihre Nachricht wurde an diese Adressen zugestellt und von dort an mehrere andere weitergegeben:" },
  [CLR_WORDS_NULL_SENDER]
  = { "This message for the postmaster is about a message without a sender's address (mostly an automatic "
      "answer or a report such as this one). There is nobody else to tell.",
      "Diese Mitteilung an den Postmaster betrifft eine Nachricht ohne Absenderadresse (meist eine "
      "automatische Antwort oder ein Bericht wie dieser). Sonst kann niemand benachrichtigt werden." },
  [CLR_WORDS_AND_MORE] = { "and %u further addresses; the attached report names all of them",
                           "und %u weitere Adressen; der angehängte Bericht nennt alle" },
  [CLR_WORDS_NO_MORE] = { "The relay will not try again.", "Es wird kein weiterer Versuch unternommen." },
  [CLR_WORDS_TRIED_FOR]
  = { "The relay has tried for %s. Now it has given up; it will not try again.",
      "Die Zustellung wurde %s lang versucht. Nun ist die Zeit abgelaufen; es wird kein weiterer Versuch "
      "unternommen." },
  [CLR_WORDS_RETRIED_UNTIL]
  = { "You need not do anything, and please do not send it again: the relay keeps trying until %s. Should it "
      "not succeed by then, you will be told.",
      "Sie müssen nichts tun, und bitte senden Sie die Nachricht nicht noch einmal: Die Zustellung wird bis "
      "%s weiter versucht. Gelingt sie bis dahin nicht, erhalten Sie eine weitere Mitteilung." },
  [CLR_WORDS_RETRIED]
  = { "You need not do anything, and please do not send it again: the relay keeps trying.",
      "Sie müssen nichts tun, und bitte senden Sie die Nachricht nicht noch einmal: Die Zustellung wird "
      "weiter versucht." },
  [CLR_WORDS_DELIVERED_NOTE]
  = { "You get this message because your program had asked for a confirmation.",
      "Sie erhalten diese Mitteilung, weil Ihr Programm um eine Bestätigung gebeten "
      "hatte." },
  [CLR_WORDS_RELAYED_NOTE]
  = { "That server sends no confirmations itself, so this is the last one: whether the message reached the "
      "mailbox, and whether it was read, is not known. You get this message because your program had asked "
      "for a confirmation.",
      "Jener Server verschickt selbst keine Bestätigungen; dies ist daher die letzte: Ob die Nachricht im "
      "Postfach angekommen ist und ob sie gelesen wurde, ist nicht bekannt. Sie erhalten diese Mitteilung, "
      "weil Ihr Programm um eine Bestätigung gebeten hatte." },
  [CLR_WORDS_OTHERS] = { "Other recipients of the message are not affected by this.",
                         "Andere Empfänger der Nachricht sind davon nicht betroffen." },
  [CLR_WORDS_YOUR_MESSAGE] = { "The message it is about:", "Um diese Nachricht geht es:" },
  [CLR_WORDS_SUBJECT] = { "Subject: ", "Betreff: " },
  [CLR_WORDS_ACCEPTED] = { "Sent: ", "Gesendet: " },
  [CLR_WORDS_MESSAGE_ID] = { "Message-ID: ", "Message-ID: " },
  [CLR_WORDS_RETURNED_ALL] = { "It is attached.", "Sie ist angehängt." },
  [CLR_WORDS_RETURNED_HEADERS] = { "Its header lines are attached.", "Ihre Kopfzeilen sind angehängt." },
  [CLR_WORDS_SIGNED]
  = { "This message was written automatically by the mail relay %s. Questions are answered "
      "by %s; please name the number %s.",
      "Diese Mitteilung wurde automatisch vom Mail-Relay %s erstellt. Fragen beantwortet %s; "
      "bitte nennen Sie dabei die Nummer %s." },
  [CLR_WORDS_TECHNICAL]
  = { "Technical details for your administrator", "Technische Angaben für Ihren Administrator" },
  [CLR_WORDS_ANSWER_OF] = { "Answer of %s, %s:", "Antwort von %s, %s:" },
  [CLR_WORDS_HAPPENED] = { "What happened, %s:", "Was geschah, %s:" },
  [CLR_WORDS_DAY] = { "1 day", "1 Tag" },
  [CLR_WORDS_DAYS] = { "%d days", "%d Tage" },
  [CLR_WORDS_HOUR] = { "1 hour", "1 Stunde" },
  [CLR_WORDS_HOURS] = { "%d hours", "%d Stunden" },
  [CLR_WORDS_MINUTE] = { "1 minute", "1 Minute" },
  [CLR_WORDS_MINUTES] = { "%d minutes", "%d Minuten" },
  [CLR_WORDS_SECOND] = { "1 second", "1 Sekunde" },
  [CLR_WORDS_SECONDS] = { "%d seconds", "%d Sekunden" },
};

/* Why, and what to do now; read by people who have never seen a report. */
static const struct
{
  Translated why, advice;
} reasons[CLR_REASON_LAST] = {
  [CLR_REASON_UNKNOWN]
  = { { "The recipient's mail server did not accept the message.",
        "Der Mailserver des Empfängers hat die Nachricht nicht angenommen." },
      { "What it answered stands below. If that does not help you, show this message to your administrator.",
        "Seine Antwort steht weiter unten. Wenn sie Ihnen nicht weiterhilft, zeigen Sie diese Mitteilung "
        "bitte "
        "Ihrem Administrator." } },
  [CLR_REASON_NO_USER]
  = { { "This address does not exist there.", "Diese Adresse gibt es dort nicht." },
      { "Please check it for typing errors, or ask the recipient by another way for the right one.",
        "Bitte prüfen Sie die Schreibweise, oder fragen Sie den Empfänger auf anderem Weg nach der richtigen "
        "Adresse." } },
  [CLR_REASON_DISABLED] = { { "The mailbox is switched off and takes no messages.",
                              "Das Postfach ist abgeschaltet und nimmt keine Nachrichten an." },
                            { "Please ask the recipient for another address.",
                              "Bitte fragen Sie den Empfänger nach einer anderen Adresse." } },
  [CLR_REASON_MOVED]
  = { { "The recipient does not use this address any more.",
        "Der Empfänger benutzt diese Adresse nicht mehr." },
      { "The answer of the mail server, below, may name the new one; otherwise please ask the recipient.",
        "Vielleicht nennt die Antwort des Mailservers weiter unten die neue; sonst fragen Sie bitte den "
        "Empfänger." } },
  [CLR_REASON_FULL]
  = { { "The recipient's mailbox is full.", "Das Postfach des Empfängers ist voll." },
      { "Please tell the recipient by another way, and send the message again later.",
        "Bitte geben Sie dem Empfänger auf anderem Weg Bescheid, und senden Sie die Nachricht später noch "
        "einmal." } },
  [CLR_REASON_TOO_LARGE]
  = { { "The message is larger than the recipient's mail server accepts.",
        "Die Nachricht ist größer, als der Mailserver des Empfängers annimmt." },
      { "Please send it with smaller or fewer attachments, or share the files in another way.",
        "Bitte senden Sie sie mit kleineren oder weniger Anhängen, oder geben Sie die Dateien auf anderem "
        "Weg "
        "weiter." } },
  [CLR_REASON_NO_DOMAIN]
  = { { "The domain of the address (what stands behind the @) does not exist.",
        "Die Domain der Adresse (der Teil hinter dem @) gibt es nicht." },
      { "Please check the address for typing errors.", "Bitte prüfen Sie die Schreibweise der Adresse." } },
  [CLR_REASON_NO_MAIL]
  = { { "The domain of the address (what stands behind the @) accepts no mail.",
        "Die Domain der Adresse (der Teil hinter dem @) nimmt keine E-Mail an." },
      { "Please check the address for typing errors, or ask the recipient for another one.",
        "Bitte prüfen Sie die Schreibweise, oder fragen Sie den Empfänger nach einer anderen Adresse." } },
  [CLR_REASON_UNREACHABLE]
  = { { "The recipient's mail server could not be reached.",
        "Der Mailserver des Empfängers war nicht erreichbar." },
      { "Please send the message again later, or tell the recipient by another way.",
        "Bitte senden Sie die Nachricht später noch einmal, oder geben Sie dem Empfänger auf anderem Weg "
        "Bescheid." } },
  [CLR_REASON_EXPIRED]
  = { { "The recipient's mail server did not accept the message in time.",
        "Der Mailserver des Empfängers hat die Nachricht nicht rechtzeitig angenommen." },
      { "Please send the message again later, or tell the recipient by another way.",
        "Bitte senden Sie die Nachricht später noch einmal, oder geben Sie dem Empfänger auf anderem Weg "
        "Bescheid." } },
  [CLR_REASON_BUSY]
  = { { "The recipient's mail server asks to come again later.",
        "Der Mailserver des Empfängers bittet darum, es später noch einmal zu versuchen." },
      { "Please send the message again later.", "Bitte senden Sie die Nachricht später noch einmal." } },
  [CLR_REASON_TROUBLE]
  = { { "The recipient's mail server has a problem of its own.",
        "Der Mailserver des Empfängers ist gestört." },
      { "Please send the message again later, or tell the recipient by another way.",
        "Bitte senden Sie die Nachricht später noch einmal, oder geben Sie dem Empfänger auf anderem Weg "
        "Bescheid." } },
  [CLR_REASON_SPAM] = { { "The recipient's mail server takes the message for spam.",
                          "Der Mailserver des Empfängers hält die Nachricht für Spam." },
                        { "Please word it differently and leave out links and attachments, or tell the "
                          "recipient by another way. "
                          "If it happens often, show this message to your administrator.",
                          "Bitte formulieren Sie sie anders und lassen Sie Links und Anhänge weg, oder geben "
                          "Sie dem Empfänger auf "
                          "anderem Weg Bescheid. Wenn es öfter geschieht, zeigen Sie diese Mitteilung bitte "
                          "Ihrem Administrator." } },
  [CLR_REASON_VIRUS]
  = { { "The recipient's mail server takes the message, or a file attached to it, for dangerous.",
        "Der Mailserver des Empfängers hält die Nachricht oder einen Anhang für gefährlich." },
      { "Please look at the attached files with a virus scanner, and share them in another way.",
        "Bitte prüfen Sie die Anhänge mit einem Virenscanner, und geben Sie die Dateien auf anderem Weg "
        "weiter." } },
  [CLR_REASON_BLOCKED]
  = { { "The recipient's mail server accepts no mail from the server that sent it. The address itself may "
        "well be "
        "right.",
        "Der Mailserver des Empfängers nimmt vom sendenden Server keine E-Mail an. Die Adresse selbst kann "
        "durchaus richtig sein." },
      { "Please show this message to your administrator.",
        "Bitte zeigen Sie diese Mitteilung Ihrem Administrator." } },
  [CLR_REASON_AUTHENTICATION]
  = { { "The recipient's mail server could not verify that the message really comes from your domain.",
        "Der Mailserver des Empfängers konnte nicht feststellen, dass die Nachricht wirklich aus Ihrer "
        "Domain "
        "stammt." },
      { "Please show this message to your administrator, who can check SPF, DKIM and DMARC of the domain.",
        "Bitte zeigen Sie diese Mitteilung Ihrem Administrator, der SPF, DKIM und DMARC der Domain prüfen "
        "kann." } },
  [CLR_REASON_POLICY] = { { "A rule of the recipient's mail server forbids the message.",
                            "Eine Regel des Mailservers des Empfängers lässt die Nachricht nicht zu." },
                          { "What it answered stands below. Please ask the recipient, or show this message "
                            "to your administrator.",
                            "Seine Antwort steht weiter unten. Bitte fragen Sie den Empfänger, oder zeigen "
                            "Sie diese Mitteilung Ihrem "
                            "Administrator." } },
  [CLR_REASON_RELAYING] = { { "The mail server that was asked is not in charge of this address.",
                              "Der angesprochene Mailserver ist für diese Adresse nicht zuständig." },
                            { "Please check the address for typing errors. If it is right, show this message "
                              "to your administrator.",
                              "Bitte prüfen Sie die Schreibweise. Wenn sie stimmt, zeigen Sie diese "
                              "Mitteilung Ihrem Administrator." } },
  [CLR_REASON_SENDER] = { { "The recipient's mail server does not accept your address as the sender.",
                            "Der Mailserver des Empfängers nimmt Ihre Adresse als Absender nicht an." },
                          { "Please make sure that you sent with your usual address, and show this message "
                            "to your administrator.",
                            "Bitte prüfen Sie, ob Sie mit Ihrer üblichen Adresse gesendet haben, und zeigen "
                            "Sie diese Mitteilung Ihrem "
                            "Administrator." } },
  [CLR_REASON_SECURITY]
  = { { "The mail servers could not agree on an encrypted connection or on a log-in.",
        "Die Mailserver konnten sich nicht auf eine verschlüsselte Verbindung oder Anmeldung einigen." },
      { "Please show this message to your administrator.",
        "Bitte zeigen Sie diese Mitteilung Ihrem Administrator." } },
  [CLR_REASON_LOOP] = { { "The message was going round in circles between mail servers.",
                          "Die Nachricht wurde zwischen Mailservern im Kreis geschickt." },
                        { "Please show this message to your administrator.",
                          "Bitte zeigen Sie diese Mitteilung Ihrem Administrator." } },
  [CLR_REASON_CONTENT]
  = { { "The recipient's mail server does not accept the form of the message.",
        "Der Mailserver des Empfängers nimmt die Form der Nachricht nicht an." },
      { "Please show this message to the administrator of the program or device that wrote it.",
        "Bitte zeigen Sie diese Mitteilung dem Administrator des Programms oder Geräts, das sie geschrieben "
        "hat." } },
  [CLR_REASON_ADDRESS]
  = { { "The address is not written correctly.", "Die Adresse ist nicht richtig geschrieben." },
      { "Please correct it, and send the message again.",
        "Bitte berichtigen Sie sie, und senden Sie die Nachricht noch einmal." } },
  [CLR_REASON_MANY_RECIPIENTS]
  = { { "The message has more recipients than the mail server accepts at once.",
        "Die Nachricht hat mehr Empfänger, als der Mailserver auf einmal annimmt." },
      { "Please send it to fewer recipients at a time.",
        "Bitte senden Sie sie an weniger Empfänger auf einmal." } },
  [CLR_REASON_INTERNATIONAL]
  = { { "The recipient's mail server cannot handle the letters with accents or of other scripts in an "
        "address or "
        "in the message.",
        "Der Mailserver des Empfängers kann mit Umlauten oder Zeichen anderer Schriften in einer Adresse "
        "oder in "
        "der Nachricht nicht umgehen." },
      { "Please use an address without such letters, or ask the recipient for another one.",
        "Bitte verwenden Sie eine Adresse ohne solche Zeichen, oder fragen Sie den Empfänger nach einer "
        "anderen." } },
};

ClrLanguage
clr_language_from_text (const char *text)
{
  return g_strcmp0 (text, "de") == 0 ? CLR_LANGUAGE_GERMAN : CLR_LANGUAGE_ENGLISH;
}

const char *
clr_language_get_tag (ClrLanguage language)
{
  static const Translated tags = { "en", "de" };

  return tags[language];
}

const char *
clr_words_get (ClrLanguage language, ClrWords words)
{
  return words_table[words][language];
}

const char *
clr_words_get_reason (ClrLanguage language, ClrReason reason)
{
  return reasons[reason].why[language];
}

const char *
clr_words_get_advice (ClrLanguage language, ClrReason reason)
{
  return reasons[reason].advice[language];
}

char *
clr_words_dup_date (ClrLanguage language, int64_t time_us)
{
  static const char *const days[][7] = {
    { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" },
    { "Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag" },
  };
  static const char *const months[][12] = {
    { "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
      "November", "December" },
    { "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
      "November", "Dezember" },
  };
  struct tm tm;
  char zone[16] = "UTC";

  int offset = clr_local_time (time_us / G_USEC_PER_SEC, &tm), minutes = ABS (offset);

  if (minutes % 60)
    g_snprintf (zone, sizeof zone, "UTC%c%d:%02d", offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
  else if (minutes)
    g_snprintf (zone, sizeof zone, "UTC%c%d", offset < 0 ? '-' : '+', minutes / 60);
  if (language == CLR_LANGUAGE_GERMAN)
    return g_strdup_printf ("%s, %d. %s %d, %02d:%02d Uhr (%s)", days[language][tm.tm_wday], tm.tm_mday,
                            months[language][tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, zone);
  return g_strdup_printf ("%s, %d %s %d, %02d:%02d (%s)", days[language][tm.tm_wday], tm.tm_mday,
                          months[language][tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, zone);
}

char *
clr_words_dup_duration (ClrLanguage language, int64_t duration_us)
{
  static const struct
  {
    int64_t seconds;
    ClrWords one, many;
  } units[] = {
    { 86400, CLR_WORDS_DAY, CLR_WORDS_DAYS },
    { 3600, CLR_WORDS_HOUR, CLR_WORDS_HOURS },
    { 60, CLR_WORDS_MINUTE, CLR_WORDS_MINUTES },
    { 1, CLR_WORDS_SECOND, CLR_WORDS_SECONDS },
  };
  int64_t seconds = MAX (duration_us / G_USEC_PER_SEC, 1);
  unsigned unit = 0;

  /* One of a unit is told in the next smaller one up to two: "30 hours", but "5 days". */
  while (unit + 1 < G_N_ELEMENTS (units) && seconds < 2 * units[unit].seconds
         && seconds != units[unit].seconds)
    unit++;
  int n = seconds / units[unit].seconds;
  if (n == 1)
    return g_strdup (clr_words_get (language, units[unit].one));
  GString *text = g_string_new (clr_words_get (language, units[unit].many));
  char number[16];
  g_snprintf (number, sizeof number, "%d", n);
  g_string_replace (text, "%d", number, 1);
  return g_string_free (text, FALSE);
}
