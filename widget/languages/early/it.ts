import type { EarlyMessages } from '../../messages.ts';

/** Italian. */
export const messages: EarlyMessages = {
  'launcher.open': 'Apri la chat',
  'panel.title': 'Chat',
  'panel.close': 'Chiudi',
  'panel.maximise': 'Ingrandisci',
  'panel.restore': 'Ripristina dimensioni',
  'panel.more': 'Altro',
  'panel.width': 'Larghezza della chat',

  'phase.idle': 'Chat pronta',
  'phase.thinking': 'Sta pensando…',
  'phase.answering': 'Sta rispondendo…',
  'phase.acting': 'Al lavoro…',
  'phase.waiting': 'In attesa di una tua risposta',
  'phase.reconnecting': 'Riconnessione…',
  'phase.failed': 'Si è verificato un problema',
  'phase.actingInPage': 'Al lavoro in questa pagina…',
  'phase.offline': 'Offline',
  'phase.waitingElsewhere': 'In attesa di una tua risposta in un’altra scheda',
  'phase.waitingToRetry': 'Nuovo tentativo a breve…',

  'thread.name': 'Conversazione',
  'thread.visitorSaid': 'Il tuo messaggio',
  'thread.chatSaid': 'Risposta',
  'thread.suggestions': 'Suggerimenti',
  'thread.jumpToLatest': 'Vai al più recente',
  'thread.newBelow': 'Novità più in basso.',

  'composer.message': 'Messaggio',
  'composer.placeholder': 'Scrivi un messaggio…',
  'composer.attach': 'Allega file',
  'composer.send': 'Invia',
  'composer.stop': 'Interrompi',

  'wait.offline': 'Sei offline. La risposta continuerà quando tornerà la connessione.',
  retry: 'Riprova',
  kept: 'Il tuo messaggio è stato conservato.',

  'failure.not_loaded': 'Una parte della chat non è stata caricata.',
  'failure.offline': 'Sei offline.',
  'failure.unreachable': 'Il server della chat non è raggiungibile.',
  'failure.timed_out': 'Il server della chat non ha risposto in tempo.',
  'failure.internal': 'Il server della chat ha un problema.',
  'failure.invalid_client_token': 'Questa chat non è configurata per questa pagina.',
  'failure.origin_not_allowed': 'Questa chat non è configurata per questa pagina.',
  'advice.connection': 'Il testo scritto è stato conservato. Controlla la connessione e premi «Riprova».',

  'history.open': 'Conversazioni precedenti',
  'history.new': 'Nuova conversazione',

  'approval.region': 'Serve una tua decisione',
};
