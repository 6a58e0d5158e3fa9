import type { EarlyMessages } from '../../messages.ts';

/** Chinese in traditional script. */
export const messages: EarlyMessages = {
  'launcher.open': '開啟聊天',
  'panel.title': '聊天',
  'panel.close': '關閉',
  'panel.maximise': '最大化',
  'panel.restore': '還原大小',
  'panel.more': '更多',
  'panel.width': '聊天視窗寬度',

  'phase.idle': '已就緒',
  'phase.thinking': '思考中…',
  'phase.answering': '回答中…',
  'phase.acting': '處理中…',
  'phase.waiting': '等待確認',
  'phase.reconnecting': '正在重新連線…',
  'phase.failed': '發生問題',
  'phase.actingInPage': '正在此頁面中處理…',
  'phase.offline': '離線',
  'phase.waitingElsewhere': '在另一個分頁中等待確認',
  'phase.waitingToRetry': '稍後將重試…',

  'thread.name': '對話',
  'thread.visitorSaid': '你說',
  'thread.chatSaid': '回答',
  'thread.suggestions': '建議',
  'thread.jumpToLatest': '跳到最新',
  'thread.newBelow': '下方有新內容。',

  'composer.message': '訊息',
  'composer.placeholder': '輸入訊息…',
  'composer.attach': '附加檔案',
  'composer.send': '傳送',
  'composer.stop': '停止',

  'wait.offline': '目前處於離線狀態。恢復連線後會繼續回答。',
  retry: '重試',
  kept: '訊息已保留。',

  'failure.not_loaded': '聊天的部分內容無法載入。',
  'failure.offline': '目前處於離線狀態。',
  'failure.unreachable': '無法連線到聊天伺服器。',
  'failure.timed_out': '聊天伺服器未及時回應。',
  'failure.internal': '聊天伺服器發生問題。',
  'failure.invalid_client_token': '此聊天尚未針對此頁面完成設定。',
  'failure.origin_not_allowed': '此聊天尚未針對此頁面完成設定。',
  'advice.connection': '輸入的內容已保留。請檢查網路連線，然後按「重試」。',

  'history.open': '先前的對話',
  'history.new': '新聊天',

  'approval.region': '需要確認',
};
