import type { EarlyMessages } from '../../messages.ts';

/** Polish. */
export const messages: EarlyMessages = {
  'launcher.open': 'Otwórz czat',
  'panel.title': 'Czat',
  'panel.close': 'Zamknij',
  'panel.maximise': 'Maksymalizuj',
  'panel.restore': 'Przywróć rozmiar',
  'panel.more': 'Więcej',
  'panel.width': 'Szerokość czatu',

  'phase.idle': 'Gotowy',
  'phase.thinking': 'Myśli…',
  'phase.answering': 'Odpowiada…',
  'phase.acting': 'Pracuje nad tym…',
  'phase.waiting': 'Czeka na Ciebie',
  'phase.reconnecting': 'Ponowne łączenie…',
  'phase.failed': 'Coś poszło nie tak',
  'phase.actingInPage': 'Działa na tej stronie…',
  'phase.offline': 'Offline',
  'phase.waitingElsewhere': 'Czeka na Ciebie w innej karcie',
  'phase.waitingToRetry': 'Za chwilę kolejna próba…',

  'thread.name': 'Rozmowa',
  'thread.visitorSaid': 'Twoja wiadomość',
  'thread.chatSaid': 'Odpowiedź',
  'thread.suggestions': 'Sugestie',
  'thread.jumpToLatest': 'Przejdź do najnowszych',
  'thread.newBelow': 'Poniżej jest coś nowego.',

  'composer.message': 'Wiadomość',
  'composer.placeholder': 'Napisz wiadomość…',
  'composer.attach': 'Dołącz pliki',
  'composer.send': 'Wyślij',
  'composer.stop': 'Zatrzymaj',

  'wait.offline': 'Brak połączenia z internetem. Odpowiedź będzie kontynuowana, gdy połączenie wróci.',
  retry: 'Spróbuj ponownie',
  kept: 'Wiadomość została zachowana.',

  'failure.not_loaded': 'Część czatu się nie wczytała.',
  'failure.offline': 'Brak połączenia z internetem.',
  'failure.unreachable': 'Nie można połączyć się z serwerem czatu.',
  'failure.timed_out': 'Serwer czatu nie odpowiedział na czas.',
  'failure.internal': 'Wystąpił problem z serwerem czatu.',
  'failure.invalid_client_token': 'Ten czat nie jest skonfigurowany dla tej strony.',
  'failure.origin_not_allowed': 'Ten czat nie jest skonfigurowany dla tej strony.',
  'advice.connection': 'Napisany tekst został zachowany. Sprawdź połączenie i naciśnij „Spróbuj ponownie”.',

  'history.open': 'Wcześniejsze rozmowy',
  'history.new': 'Nowy czat',

  'approval.region': 'Wymaga Twojej decyzji',
};
