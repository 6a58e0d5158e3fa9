import type { EarlyMessages } from '../../messages.ts';

/** Hebrew. */
export const messages: EarlyMessages = {
  'launcher.open': 'פתיחת הצ׳אט',
  'panel.title': 'צ׳אט',
  'panel.close': 'סגירה',
  'panel.maximise': 'הגדלה',
  'panel.restore': 'חזרה לגודל הרגיל',
  'panel.more': 'עוד',
  'panel.width': 'רוחב הצ׳אט',

  'phase.idle': 'מוכן',
  'phase.thinking': 'חושב…',
  'phase.answering': 'משיב…',
  'phase.acting': 'מבצע…',
  'phase.waiting': 'בהמתנה לתגובתך',
  'phase.reconnecting': 'מתחבר מחדש…',
  'phase.failed': 'משהו השתבש',
  'phase.actingInPage': 'מבצע פעולה בדף הזה…',
  'phase.offline': 'אין חיבור לאינטרנט',
  'phase.waitingElsewhere': 'בהמתנה לתגובתך בכרטיסייה אחרת',
  'phase.waitingToRetry': 'תכף יהיה ניסיון נוסף…',

  'thread.name': 'שיחה',
  'thread.visitorSaid': 'ההודעה שלך',
  'thread.chatSaid': 'תשובה',
  'thread.suggestions': 'הצעות',
  'thread.jumpToLatest': 'מעבר לחדש ביותר',
  'thread.newBelow': 'יש תוכן חדש למטה.',

  'composer.message': 'הודעה',
  'composer.placeholder': 'כתיבת הודעה…',
  'composer.attach': 'צירוף קבצים',
  'composer.send': 'שליחה',
  'composer.stop': 'עצירה',

  'wait.offline': 'אין חיבור לאינטרנט. התשובה תימשך כשהחיבור יחזור.',
  retry: 'ניסיון חוזר',
  kept: 'ההודעה שלך נשמרה.',

  'failure.not_loaded': 'חלק מהצ׳אט לא נטען.',
  'failure.offline': 'אין חיבור לאינטרנט.',
  'failure.unreachable': 'אי אפשר להגיע לשרת הצ׳אט.',
  'failure.timed_out': 'שרת הצ׳אט לא השיב בזמן.',
  'failure.internal': 'יש בעיה בשרת הצ׳אט.',
  'failure.invalid_client_token': 'הצ׳אט לא הוגדר לדף הזה.',
  'failure.origin_not_allowed': 'הצ׳אט לא הוגדר לדף הזה.',
  'advice.connection': 'מה שנכתב נשמר. כדאי לבדוק את החיבור וללחוץ על ”ניסיון חוזר”.',

  'history.open': 'שיחות קודמות',
  'history.new': 'צ׳אט חדש',

  'approval.region': 'נדרשת החלטה שלך',
};
