import type { EarlyMessages } from '../../messages.ts';

/** Korean. */
export const messages: EarlyMessages = {
  'launcher.open': '채팅 열기',
  'panel.title': '채팅',
  'panel.close': '닫기',
  'panel.maximise': '최대화',
  'panel.restore': '원래 크기로',
  'panel.more': '더보기',
  'panel.width': '채팅 너비',

  'phase.idle': '준비됨',
  'phase.thinking': '생각 중…',
  'phase.answering': '답변 중…',
  'phase.acting': '작업 중…',
  'phase.waiting': '확인을 기다리고 있어요',
  'phase.reconnecting': '다시 연결 중…',
  'phase.failed': '문제가 생겼어요',
  'phase.actingInPage': '이 페이지에서 작업 중…',
  'phase.offline': '오프라인',
  'phase.waitingElsewhere': '다른 탭에서 확인을 기다리고 있어요',
  'phase.waitingToRetry': '곧 다시 시도해요…',

  'thread.name': '대화',
  'thread.visitorSaid': '내 메시지',
  'thread.chatSaid': '답변',
  'thread.suggestions': '추천',
  'thread.jumpToLatest': '최신 내용으로 이동',
  'thread.newBelow': '아래에 새 내용이 있어요.',

  'composer.message': '메시지',
  'composer.placeholder': '메시지 입력…',
  'composer.attach': '파일 첨부',
  'composer.send': '보내기',
  'composer.stop': '중지',

  'wait.offline': '오프라인 상태예요. 다시 연결되면 답변이 이어져요.',
  retry: '다시 시도',
  kept: '메시지는 그대로 남아 있어요.',

  'failure.not_loaded': '채팅의 일부를 불러오지 못했어요.',
  'failure.offline': '오프라인 상태예요.',
  'failure.unreachable': '채팅 서버에 연결할 수 없어요.',
  'failure.timed_out': '채팅 서버가 제시간에 응답하지 않았어요.',
  'failure.internal': '채팅 서버에 문제가 있어요.',
  'failure.invalid_client_token': '이 채팅은 이 페이지에서 사용하도록 설정되어 있지 않아요.',
  'failure.origin_not_allowed': '이 채팅은 이 페이지에서 사용하도록 설정되어 있지 않아요.',
  'advice.connection': '작성한 내용은 그대로 남아 있어요. 연결을 확인하고 ‘다시 시도’를 눌러 주세요.',

  'history.open': '이전 대화',
  'history.new': '새 채팅',

  'approval.region': '확인이 필요해요',
};
