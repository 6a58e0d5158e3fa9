import type { EarlyMessages } from '../../messages.ts';

/** Ukrainian. */
export const messages: EarlyMessages = {
  'launcher.open': 'Відкрити чат',
  'panel.title': 'Чат',
  'panel.close': 'Закрити',
  'panel.maximise': 'Розгорнути',
  'panel.restore': 'Відновити розмір',
  'panel.more': 'Більше',
  'panel.width': 'Ширина чату',

  'phase.idle': 'Готовий',
  'phase.thinking': 'Думає…',
  'phase.answering': 'Відповідає…',
  'phase.acting': 'Виконує дію…',
  'phase.waiting': 'Чекає на вас',
  'phase.reconnecting': 'Відновлення з’єднання…',
  'phase.failed': 'Щось пішло не так',
  'phase.actingInPage': 'Працює на цій сторінці…',
  'phase.offline': 'Не в мережі',
  'phase.waitingElsewhere': 'Чекає на вас в іншій вкладці',
  'phase.waitingToRetry': 'Невдовзі спробує ще раз…',

  'thread.name': 'Розмова',
  'thread.visitorSaid': 'Ваше повідомлення',
  'thread.chatSaid': 'Відповідь',
  'thread.suggestions': 'Підказки',
  'thread.jumpToLatest': 'До останніх повідомлень',
  'thread.newBelow': 'Нижче є нове.',

  'composer.message': 'Повідомлення',
  'composer.placeholder': 'Напишіть повідомлення…',
  'composer.attach': 'Прикріпити файли',
  'composer.send': 'Надіслати',
  'composer.stop': 'Зупинити',

  'wait.offline': 'Ви не в мережі. Відповідь продовжиться, коли з’єднання відновиться.',
  retry: 'Повторити',
  kept: 'Ваше повідомлення збережено.',

  'failure.not_loaded': 'Частина чату не завантажилася.',
  'failure.offline': 'Ви не в мережі.',
  'failure.unreachable': 'Немає зв’язку із сервером чату.',
  'failure.timed_out': 'Сервер чату не відповів вчасно.',
  'failure.internal': 'На сервері чату виникла проблема.',
  'failure.invalid_client_token': 'Цей чат не налаштовано для цієї сторінки.',
  'failure.origin_not_allowed': 'Цей чат не налаштовано для цієї сторінки.',
  'advice.connection': 'Ваш текст збережено. Перевірте з’єднання та натисніть «Повторити».',

  'history.open': 'Попередні розмови',
  'history.new': 'Новий чат',

  'approval.region': 'Потрібне ваше рішення',
};
