import type { EarlyMessages } from '../../messages.ts';

/** Arabic. */
export const messages: EarlyMessages = {
  'launcher.open': 'فتح الدردشة',
  'panel.title': 'الدردشة',
  'panel.close': 'إغلاق',
  'panel.maximise': 'تكبير',
  'panel.restore': 'استعادة الحجم',
  'panel.more': 'المزيد',
  'panel.width': 'عرض الدردشة',

  'phase.idle': 'جاهز',
  'phase.thinking': 'جارٍ التفكير…',
  'phase.answering': 'جارٍ كتابة الإجابة…',
  'phase.acting': 'جارٍ العمل…',
  'phase.waiting': 'بانتظار ردّك',
  'phase.reconnecting': 'جارٍ إعادة الاتصال…',
  'phase.failed': 'حدث خطأ ما',
  'phase.actingInPage': 'جارٍ العمل في هذه الصفحة…',
  'phase.offline': 'غير متصل بالإنترنت',
  'phase.waitingElsewhere': 'بانتظار ردّك في علامة تبويب أخرى',
  'phase.waitingToRetry': 'ستُعاد المحاولة بعد قليل…',

  'thread.name': 'المحادثة',
  'thread.visitorSaid': 'رسالتك',
  'thread.chatSaid': 'الإجابة',
  'thread.suggestions': 'اقتراحات',
  'thread.jumpToLatest': 'الانتقال إلى الأحدث',
  'thread.newBelow': 'يوجد جديد في الأسفل.',

  'composer.message': 'الرسالة',
  'composer.placeholder': 'كتابة رسالة…',
  'composer.attach': 'إرفاق ملفات',
  'composer.send': 'إرسال',
  'composer.stop': 'إيقاف',

  'wait.offline': 'لا يوجد اتصال بالإنترنت. ستُستأنف الإجابة عند عودة الاتصال.',
  retry: 'إعادة المحاولة',
  kept: 'تم الاحتفاظ برسالتك.',

  'failure.not_loaded': 'تعذّر تحميل جزء من الدردشة.',
  'failure.offline': 'لا يوجد اتصال بالإنترنت.',
  'failure.unreachable': 'يتعذّر الوصول إلى خادم الدردشة.',
  'failure.timed_out': 'لم يستجب خادم الدردشة في الوقت المحدّد.',
  'failure.internal': 'هناك مشكلة في خادم الدردشة.',
  'failure.invalid_client_token': 'لم يتم إعداد هذه الدردشة لهذه الصفحة.',
  'failure.origin_not_allowed': 'لم يتم إعداد هذه الدردشة لهذه الصفحة.',
  'advice.connection': 'تم الاحتفاظ بما كُتب. يُرجى التحقّق من الاتصال ثم الضغط على «إعادة المحاولة».',

  'history.open': 'المحادثات السابقة',
  'history.new': 'دردشة جديدة',

  'approval.region': 'قرارك مطلوب',
};
