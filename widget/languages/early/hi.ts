import type { EarlyMessages } from '../../messages.ts';

/** Hindi. */
export const messages: EarlyMessages = {
  'launcher.open': 'चैट खोलें',
  'panel.title': 'चैट',
  'panel.close': 'बंद करें',
  'panel.maximise': 'बड़ा करें',
  'panel.restore': 'पहले जैसा आकार करें',
  'panel.more': 'ज़्यादा विकल्प',
  'panel.width': 'चैट की चौड़ाई',

  'phase.idle': 'तैयार',
  'phase.thinking': 'सोचा जा रहा है…',
  'phase.answering': 'जवाब दिया जा रहा है…',
  'phase.acting': 'काम चल रहा है…',
  'phase.waiting': 'आपका इंतज़ार है',
  'phase.reconnecting': 'फिर से कनेक्ट हो रहा है…',
  'phase.failed': 'कोई समस्या हुई',
  'phase.actingInPage': 'इस पेज पर काम चल रहा है…',
  'phase.offline': 'ऑफ़लाइन',
  'phase.waitingElsewhere': 'दूसरे टैब में आपका इंतज़ार है',
  'phase.waitingToRetry': 'थोड़ी देर में फिर से कोशिश होगी…',

  'thread.name': 'बातचीत',
  'thread.visitorSaid': 'आपका संदेश',
  'thread.chatSaid': 'जवाब',
  'thread.suggestions': 'सुझाव',
  'thread.jumpToLatest': 'सबसे नए पर जाएँ',
  'thread.newBelow': 'नीचे कुछ नया है।',

  'composer.message': 'संदेश',
  'composer.placeholder': 'संदेश लिखें…',
  'composer.attach': 'फ़ाइलें जोड़ें',
  'composer.send': 'भेजें',
  'composer.stop': 'रोकें',

  'wait.offline': 'आप ऑफ़लाइन हैं। कनेक्शन लौटने पर जवाब आगे बढ़ेगा।',
  retry: 'फिर से कोशिश करें',
  kept: 'आपका संदेश सुरक्षित है।',

  'failure.not_loaded': 'चैट का एक हिस्सा लोड नहीं हुआ।',
  'failure.offline': 'आप ऑफ़लाइन हैं।',
  'failure.unreachable': 'चैट सर्वर से संपर्क नहीं हो पा रहा है।',
  'failure.timed_out': 'चैट सर्वर ने समय पर जवाब नहीं दिया।',
  'failure.internal': 'चैट सर्वर में कोई समस्या है।',
  'failure.invalid_client_token': 'यह चैट इस पेज के लिए सेट नहीं है।',
  'failure.origin_not_allowed': 'यह चैट इस पेज के लिए सेट नहीं है।',
  'advice.connection': 'आपने जो लिखा, वह सुरक्षित है। अपना कनेक्शन जाँचें और “फिर से कोशिश करें” दबाएँ।',

  'history.open': 'पिछली बातचीत',
  'history.new': 'नई चैट',

  'approval.region': 'आपका फ़ैसला चाहिए',
};
