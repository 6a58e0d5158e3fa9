import type { EarlyMessages } from '../../messages.ts';

/** Dutch. */
export const messages: EarlyMessages = {
  'launcher.open': 'Chat openen',
  'panel.title': 'Chat',
  'panel.close': 'Sluiten',
  'panel.maximise': 'Maximaliseren',
  'panel.restore': 'Vorig formaat',
  'panel.more': 'Meer',
  'panel.width': 'Breedte van de chat',

  'phase.idle': 'Gereed',
  'phase.thinking': 'Denkt na…',
  'phase.answering': 'Antwoordt…',
  'phase.acting': 'Is bezig…',
  'phase.waiting': 'Wacht op jou',
  'phase.reconnecting': 'Opnieuw verbinden…',
  'phase.failed': 'Er ging iets mis',
  'phase.actingInPage': 'Is bezig op deze pagina…',
  'phase.offline': 'Offline',
  'phase.waitingElsewhere': 'Wacht op jou in een ander tabblad',
  'phase.waitingToRetry': 'Probeert het zo opnieuw…',

  'thread.name': 'Gesprek',
  'thread.visitorSaid': 'Jouw bericht',
  'thread.chatSaid': 'Antwoord',
  'thread.suggestions': 'Suggesties',
  'thread.jumpToLatest': 'Naar het nieuwste bericht',
  'thread.newBelow': 'Nieuw hieronder.',

  'composer.message': 'Bericht',
  'composer.placeholder': 'Schrijf een bericht…',
  'composer.attach': 'Bestanden bijvoegen',
  'composer.send': 'Versturen',
  'composer.stop': 'Stoppen',

  'wait.offline': 'Je bent offline. Het antwoord gaat verder zodra je weer verbinding hebt.',
  retry: 'Opnieuw proberen',
  kept: 'Je bericht is bewaard.',

  'failure.not_loaded': 'Een deel van de chat is niet geladen.',
  'failure.offline': 'Je bent offline.',
  'failure.unreachable': 'De chatserver is niet bereikbaar.',
  'failure.timed_out': 'De chatserver heeft niet op tijd geantwoord.',
  'failure.internal': 'Er is een probleem met de chatserver.',
  'failure.invalid_client_token': 'Deze chat is niet ingesteld voor deze pagina.',
  'failure.origin_not_allowed': 'Deze chat is niet ingesteld voor deze pagina.',
  'advice.connection':
    'Wat je hebt geschreven, is bewaard. Controleer je verbinding en kies ‘Opnieuw proberen’.',

  'history.open': 'Eerdere gesprekken',
  'history.new': 'Nieuwe chat',

  'approval.region': 'Vraagt om je beslissing',
};
