import type { EarlyMessages } from '../../messages.ts';

/** Chinese in simplified script. */
export const messages: EarlyMessages = {
  'launcher.open': '打开聊天',
  'panel.title': '聊天',
  'panel.close': '关闭',
  'panel.maximise': '最大化',
  'panel.restore': '恢复大小',
  'panel.more': '更多',
  'panel.width': '聊天窗口宽度',

  'phase.idle': '已就绪',
  'phase.thinking': '正在思考…',
  'phase.answering': '正在回答…',
  'phase.acting': '正在处理…',
  'phase.waiting': '等待确认',
  'phase.reconnecting': '正在重新连接…',
  'phase.failed': '出了点问题',
  'phase.actingInPage': '正在此页面中处理…',
  'phase.offline': '离线',
  'phase.waitingElsewhere': '在另一个标签页中等待确认',
  'phase.waitingToRetry': '稍后将重试…',

  'thread.name': '对话',
  'thread.visitorSaid': '你说',
  'thread.chatSaid': '回答',
  'thread.suggestions': '建议',
  'thread.jumpToLatest': '跳到最新',
  'thread.newBelow': '下方有新内容。',

  'composer.message': '消息',
  'composer.placeholder': '输入消息…',
  'composer.attach': '添加附件',
  'composer.send': '发送',
  'composer.stop': '停止',

  'wait.offline': '当前处于离线状态。恢复连接后将继续回答。',
  retry: '重试',
  kept: '消息已保留。',

  'failure.not_loaded': '聊天的部分内容未能加载。',
  'failure.offline': '当前处于离线状态。',
  'failure.unreachable': '无法连接聊天服务器。',
  'failure.timed_out': '聊天服务器未及时响应。',
  'failure.internal': '聊天服务器出现问题。',
  'failure.invalid_client_token': '此聊天尚未针对此页面进行设置。',
  'failure.origin_not_allowed': '此聊天尚未针对此页面进行设置。',
  'advice.connection': '输入的内容已保留。请检查网络连接，然后点按“重试”。',

  'history.open': '历史对话',
  'history.new': '新聊天',

  'approval.region': '需要确认',
};
