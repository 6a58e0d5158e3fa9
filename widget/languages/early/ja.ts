import type { EarlyMessages } from '../../messages.ts';

/** Japanese. */
export const messages: EarlyMessages = {
  'launcher.open': 'チャットを開く',
  'panel.title': 'チャット',
  'panel.close': '閉じる',
  'panel.maximise': '最大化',
  'panel.restore': '元のサイズに戻す',
  'panel.more': 'その他',
  'panel.width': 'チャットの幅',

  'phase.idle': '準備完了',
  'phase.thinking': '考えています…',
  'phase.answering': '回答しています…',
  'phase.acting': '作業しています…',
  'phase.waiting': '確認をお待ちしています',
  'phase.reconnecting': '再接続しています…',
  'phase.failed': '問題が発生しました',
  'phase.actingInPage': 'このページで作業しています…',
  'phase.offline': 'オフライン',
  'phase.waitingElsewhere': '別のタブで確認をお待ちしています',
  'phase.waitingToRetry': 'まもなく再試行します…',

  'thread.name': '会話',
  'thread.visitorSaid': 'あなた',
  'thread.chatSaid': '回答',
  'thread.suggestions': '候補',
  'thread.jumpToLatest': '最新へ移動',
  'thread.newBelow': '下に新しい内容があります。',

  'composer.message': 'メッセージ',
  'composer.placeholder': 'メッセージを入力…',
  'composer.attach': 'ファイルを添付',
  'composer.send': '送信',
  'composer.stop': '停止',

  'wait.offline': 'オフラインです。接続が戻ると回答が再開します。',
  retry: '再試行',
  kept: 'メッセージは保持されています。',

  'failure.not_loaded': 'チャットの一部を読み込めませんでした。',
  'failure.offline': 'オフラインです。',
  'failure.unreachable': 'チャットサーバーに接続できません。',
  'failure.timed_out': 'チャットサーバーから時間内に応答がありませんでした。',
  'failure.internal': 'チャットサーバーで問題が発生しています。',
  'failure.invalid_client_token': 'このチャットは、このページで使えるように設定されていません。',
  'failure.origin_not_allowed': 'このチャットは、このページで使えるように設定されていません。',
  'advice.connection': '入力した内容は保持されています。接続を確認して「再試行」を押してください。',

  'history.open': '以前の会話',
  'history.new': '新しいチャット',

  'approval.region': '確認が必要です',
};
