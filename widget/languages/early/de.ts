import type { EarlyMessages } from '../../messages.ts';

/** German. */
export const messages: EarlyMessages = {
  'launcher.open': 'Chat öffnen',
  'panel.title': 'Chat',
  'panel.close': 'Schließen',
  'panel.maximise': 'Maximieren',
  'panel.restore': 'Größe wiederherstellen',
  'panel.more': 'Mehr',
  'panel.width': 'Breite des Chats',

  'phase.idle': 'Bereit',
  'phase.thinking': 'Denkt nach…',
  'phase.answering': 'Antwortet…',
  'phase.acting': 'In Arbeit…',
  'phase.waiting': 'Wartet auf Sie',
  'phase.reconnecting': 'Verbindet neu…',
  'phase.failed': 'Etwas ist schiefgegangen',
  'phase.actingInPage': 'Arbeitet auf dieser Seite…',
  'phase.offline': 'Offline',
  'phase.waitingElsewhere': 'Wartet in einem anderen Tab auf Sie',
  'phase.waitingToRetry': 'Neuer Versuch in Kürze…',

  'thread.name': 'Unterhaltung',
  'thread.visitorSaid': 'Ihre Nachricht',
  'thread.chatSaid': 'Antwort',
  'thread.suggestions': 'Vorschläge',
  'thread.jumpToLatest': 'Zum Neuesten',
  'thread.newBelow': 'Neues weiter unten.',

  'composer.message': 'Nachricht',
  'composer.placeholder': 'Nachricht schreiben…',
  'composer.attach': 'Dateien anhängen',
  'composer.send': 'Senden',
  'composer.stop': 'Stoppen',

  'wait.offline': 'Sie sind offline. Die Antwort geht weiter, sobald Sie wieder verbunden sind.',
  retry: 'Erneut versuchen',
  kept: 'Ihre Nachricht bleibt erhalten.',

  'failure.not_loaded': 'Ein Teil des Chats wurde nicht geladen.',
  'failure.offline': 'Sie sind offline.',
  'failure.unreachable': 'Der Chat-Server ist nicht erreichbar.',
  'failure.timed_out': 'Der Chat-Server hat nicht rechtzeitig geantwortet.',
  'failure.internal': 'Beim Chat-Server ist ein Problem aufgetreten.',
  'failure.invalid_client_token': 'Dieser Chat ist für diese Seite nicht eingerichtet.',
  'failure.origin_not_allowed': 'Dieser Chat ist für diese Seite nicht eingerichtet.',
  'advice.connection':
    'Was Sie geschrieben haben, bleibt erhalten. Prüfen Sie Ihre Verbindung und wählen Sie „Erneut versuchen“.',

  'history.open': 'Frühere Unterhaltungen',
  'history.new': 'Neue Unterhaltung',

  'approval.region': 'Ihre Entscheidung ist gefragt',
};
