import type { EarlyMessages } from '../../messages.ts';

/** French. */
export const messages: EarlyMessages = {
  'launcher.open': 'Ouvrir le chat',
  'panel.title': 'Chat',
  'panel.close': 'Fermer',
  'panel.maximise': 'Agrandir',
  'panel.restore': 'Rétablir la taille',
  'panel.more': 'Plus',
  'panel.width': 'Largeur du chat',

  'phase.idle': 'Prêt',
  'phase.thinking': 'Réflexion…',
  'phase.answering': 'Réponse en cours…',
  'phase.acting': 'Traitement en cours…',
  'phase.waiting': 'En attente de votre réponse',
  'phase.reconnecting': 'Reconnexion…',
  'phase.failed': 'Un problème est survenu',
  'phase.actingInPage': 'Action en cours sur cette page…',
  'phase.offline': 'Hors ligne',
  'phase.waitingElsewhere': 'En attente de votre réponse dans un autre onglet',
  'phase.waitingToRetry': 'Nouvelle tentative imminente…',

  'thread.name': 'Conversation',
  'thread.visitorSaid': 'Votre message',
  'thread.chatSaid': 'Réponse',
  'thread.suggestions': 'Suggestions',
  'thread.jumpToLatest': 'Aller au plus récent',
  'thread.newBelow': 'Du nouveau plus bas.',

  'composer.message': 'Message',
  'composer.placeholder': 'Écrire un message…',
  'composer.attach': 'Joindre des fichiers',
  'composer.send': 'Envoyer',
  'composer.stop': 'Arrêter',

  'wait.offline': 'Vous êtes hors ligne. La réponse reprendra une fois la connexion rétablie.',
  retry: 'Réessayer',
  kept: 'Votre message est conservé.',

  'failure.not_loaded': 'Une partie du chat n’a pas pu être chargée.',
  'failure.offline': 'Vous êtes hors ligne.',
  'failure.unreachable': 'Le serveur du chat est injoignable.',
  'failure.timed_out': 'Le serveur du chat n’a pas répondu à temps.',
  'failure.internal': 'Le serveur du chat rencontre un problème.',
  'failure.invalid_client_token': 'Ce chat n’est pas configuré pour cette page.',
  'failure.origin_not_allowed': 'Ce chat n’est pas configuré pour cette page.',
  'advice.connection':
    'Ce que vous avez écrit est conservé. Vérifiez votre connexion, puis appuyez sur « Réessayer ».',

  'history.open': 'Conversations précédentes',
  'history.new': 'Nouvelle conversation',

  'approval.region': 'Votre décision est requise',
};
