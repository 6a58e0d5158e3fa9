import type { EarlyMessages } from '../../messages.ts';

/** Turkish. */
export const messages: EarlyMessages = {
  'launcher.open': 'Sohbeti aç',
  'panel.title': 'Sohbet',
  'panel.close': 'Kapat',
  'panel.maximise': 'Ekranı kapla',
  'panel.restore': 'Önceki boyuta dön',
  'panel.more': 'Diğer',
  'panel.width': 'Sohbet genişliği',

  'phase.idle': 'Hazır',
  'phase.thinking': 'Düşünüyor…',
  'phase.answering': 'Yanıtlıyor…',
  'phase.acting': 'Üzerinde çalışıyor…',
  'phase.waiting': 'Sizi bekliyor',
  'phase.reconnecting': 'Yeniden bağlanıyor…',
  'phase.failed': 'Bir sorun oluştu',
  'phase.actingInPage': 'Bu sayfada çalışıyor…',
  'phase.offline': 'Çevrimdışı',
  'phase.waitingElsewhere': 'Başka bir sekmede sizi bekliyor',
  'phase.waitingToRetry': 'Birazdan tekrar deneyecek…',

  'thread.name': 'Konuşma',
  'thread.visitorSaid': 'Mesajınız',
  'thread.chatSaid': 'Yanıt',
  'thread.suggestions': 'Öneriler',
  'thread.jumpToLatest': 'En yeniye git',
  'thread.newBelow': 'Aşağıda yeni içerik var.',

  'composer.message': 'Mesaj',
  'composer.placeholder': 'Mesaj yazın…',
  'composer.attach': 'Dosya ekle',
  'composer.send': 'Gönder',
  'composer.stop': 'Durdur',

  'wait.offline': 'Çevrimdışısınız. Bağlantı kurulunca yanıt devam edecek.',
  retry: 'Tekrar dene',
  kept: 'Mesajınız saklandı.',

  'failure.not_loaded': 'Sohbetin bir bölümü yüklenemedi.',
  'failure.offline': 'Çevrimdışısınız.',
  'failure.unreachable': 'Sohbet sunucusuna ulaşılamıyor.',
  'failure.timed_out': 'Sohbet sunucusu zamanında yanıt vermedi.',
  'failure.internal': 'Sohbet sunucusunda bir sorun var.',
  'failure.invalid_client_token': 'Bu sohbet bu sayfa için ayarlanmamış.',
  'failure.origin_not_allowed': 'Bu sohbet bu sayfa için ayarlanmamış.',
  'advice.connection': 'Yazdıklarınız saklandı. Bağlantınızı kontrol edip “Tekrar dene” düğmesine basın.',

  'history.open': 'Önceki konuşmalar',
  'history.new': 'Yeni sohbet',

  'approval.region': 'Kararınız gerekiyor',
};
