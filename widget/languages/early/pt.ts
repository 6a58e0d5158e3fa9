import type { EarlyMessages } from '../../messages.ts';

/** Portuguese. */
export const messages: EarlyMessages = {
  'launcher.open': 'Abrir o chat',
  'panel.title': 'Chat',
  'panel.close': 'Fechar',
  'panel.maximise': 'Maximizar',
  'panel.restore': 'Restaurar tamanho',
  'panel.more': 'Mais',
  'panel.width': 'Largura do chat',

  'phase.idle': 'Pronto',
  'phase.thinking': 'Pensando…',
  'phase.answering': 'Respondendo…',
  'phase.acting': 'Trabalhando nisso…',
  'phase.waiting': 'Aguardando você',
  'phase.reconnecting': 'Reconectando…',
  'phase.failed': 'Algo deu errado',
  'phase.actingInPage': 'Trabalhando nesta página…',
  'phase.offline': 'Offline',
  'phase.waitingElsewhere': 'Aguardando você em outra aba',
  'phase.waitingToRetry': 'Nova tentativa em instantes…',

  'thread.name': 'Conversa',
  'thread.visitorSaid': 'Sua mensagem',
  'thread.chatSaid': 'Resposta',
  'thread.suggestions': 'Sugestões',
  'thread.jumpToLatest': 'Ir para o mais recente',
  'thread.newBelow': 'Há novidades abaixo.',

  'composer.message': 'Mensagem',
  'composer.placeholder': 'Escreva uma mensagem…',
  'composer.attach': 'Anexar arquivos',
  'composer.send': 'Enviar',
  'composer.stop': 'Parar',

  'wait.offline': 'Você está offline. A resposta continua quando a conexão voltar.',
  retry: 'Tentar novamente',
  kept: 'Sua mensagem foi mantida.',

  'failure.not_loaded': 'Uma parte do chat não foi carregada.',
  'failure.offline': 'Você está offline.',
  'failure.unreachable': 'Não foi possível acessar o servidor do chat.',
  'failure.timed_out': 'O servidor do chat não respondeu a tempo.',
  'failure.internal': 'O servidor do chat está com um problema.',
  'failure.invalid_client_token': 'Este chat não está configurado para esta página.',
  'failure.origin_not_allowed': 'Este chat não está configurado para esta página.',
  'advice.connection':
    'O que você escreveu foi mantido. Verifique sua conexão e selecione “Tentar novamente”.',

  'history.open': 'Conversas anteriores',
  'history.new': 'Nova conversa',

  'approval.region': 'Precisa da sua decisão',
};
