import type { EarlyMessages } from '../../messages.ts';

/** Russian. */
export const messages: EarlyMessages = {
  'launcher.open': 'Открыть чат',
  'panel.title': 'Чат',
  'panel.close': 'Закрыть',
  'panel.maximise': 'Развернуть',
  'panel.restore': 'Восстановить размер',
  'panel.more': 'Ещё',
  'panel.width': 'Ширина чата',

  'phase.idle': 'Готов',
  'phase.thinking': 'Думает…',
  'phase.answering': 'Отвечает…',
  'phase.acting': 'Выполняет действие…',
  'phase.waiting': 'Ждёт вас',
  'phase.reconnecting': 'Восстановление соединения…',
  'phase.failed': 'Что-то пошло не так',
  'phase.actingInPage': 'Работает на этой странице…',
  'phase.offline': 'Не в сети',
  'phase.waitingElsewhere': 'Ждёт вас в другой вкладке',
  'phase.waitingToRetry': 'Скоро повторит попытку…',

  'thread.name': 'Диалог',
  'thread.visitorSaid': 'Ваше сообщение',
  'thread.chatSaid': 'Ответ',
  'thread.suggestions': 'Подсказки',
  'thread.jumpToLatest': 'К последним сообщениям',
  'thread.newBelow': 'Ниже есть новое.',

  'composer.message': 'Сообщение',
  'composer.placeholder': 'Напишите сообщение…',
  'composer.attach': 'Прикрепить файлы',
  'composer.send': 'Отправить',
  'composer.stop': 'Остановить',

  'wait.offline': 'Вы не в сети. Ответ продолжится, когда соединение восстановится.',
  retry: 'Повторить',
  kept: 'Ваше сообщение сохранено.',

  'failure.not_loaded': 'Часть чата не загрузилась.',
  'failure.offline': 'Вы не в сети.',
  'failure.unreachable': 'Нет связи с сервером чата.',
  'failure.timed_out': 'Сервер чата не ответил вовремя.',
  'failure.internal': 'На сервере чата возникла проблема.',
  'failure.invalid_client_token': 'Этот чат не настроен для этой страницы.',
  'failure.origin_not_allowed': 'Этот чат не настроен для этой страницы.',
  'advice.connection': 'Ваш текст сохранён. Проверьте соединение и нажмите «Повторить».',

  'history.open': 'Прошлые диалоги',
  'history.new': 'Новый чат',

  'approval.region': 'Нужно ваше решение',
};
