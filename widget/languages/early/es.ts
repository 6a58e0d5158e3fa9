import type { EarlyMessages } from '../../messages.ts';

/** Spanish. */
export const messages: EarlyMessages = {
  'launcher.open': 'Abrir el chat',
  'panel.title': 'Chat',
  'panel.close': 'Cerrar',
  'panel.maximise': 'Maximizar',
  'panel.restore': 'Restaurar tamaño',
  'panel.more': 'Más',
  'panel.width': 'Anchura del chat',

  'phase.idle': 'Listo',
  'phase.thinking': 'Pensando…',
  'phase.answering': 'Respondiendo…',
  'phase.acting': 'Trabajando en ello…',
  'phase.waiting': 'A la espera de su respuesta',
  'phase.reconnecting': 'Conectando de nuevo…',
  'phase.failed': 'Se ha producido un problema',
  'phase.actingInPage': 'Trabajando en esta página…',
  'phase.offline': 'Sin conexión',
  'phase.waitingElsewhere': 'A la espera de su respuesta en otra pestaña',
  'phase.waitingToRetry': 'Nuevo intento en breve…',

  'thread.name': 'Conversación',
  'thread.visitorSaid': 'Su mensaje',
  'thread.chatSaid': 'Respuesta',
  'thread.suggestions': 'Sugerencias',
  'thread.jumpToLatest': 'Ir a lo más reciente',
  'thread.newBelow': 'Hay novedades más abajo.',

  'composer.message': 'Mensaje',
  'composer.placeholder': 'Escriba un mensaje…',
  'composer.attach': 'Adjuntar archivos',
  'composer.send': 'Enviar',
  'composer.stop': 'Detener',

  'wait.offline': 'No hay conexión. La respuesta continuará cuando se restablezca.',
  retry: 'Reintentar',
  kept: 'Su mensaje se ha conservado.',

  'failure.not_loaded': 'Una parte del chat no se ha cargado.',
  'failure.offline': 'No hay conexión.',
  'failure.unreachable': 'No se puede acceder al servidor del chat.',
  'failure.timed_out': 'El servidor del chat no ha respondido a tiempo.',
  'failure.internal': 'El servidor del chat tiene un problema.',
  'failure.invalid_client_token': 'Este chat no está configurado para esta página.',
  'failure.origin_not_allowed': 'Este chat no está configurado para esta página.',
  'advice.connection': 'Lo que ha escrito se ha conservado. Compruebe la conexión y pulse «Reintentar».',

  'history.open': 'Conversaciones anteriores',
  'history.new': 'Nueva conversación',

  'approval.region': 'Se necesita su decisión',
};
