import type { Signal } from '@preact/signals';

/** Puts a text into the field, with the caret at its end or where it is said. */
export function writeField(
  field: HTMLTextAreaElement,
  draft: Signal<string>,
  text: string,
  caret = text.length,
): void {
  draft.value = text;
  // Now, not with the next drawing: the caret has to stand in the new text.
  field.value = text;
  field.setSelectionRange(caret, caret);
}

/** Whether a key belongs to who composes a character of several keys. */
export function isComposing(event: KeyboardEvent): boolean {
  // Safari ends a composition before the key that ended it arrives; 229 still marks that key.
  return event.isComposing || event.keyCode === 229;
}

/** A key that was used up here: neither the composer, nor the panel, nor the page sees it. */
export function take(event: KeyboardEvent): void {
  event.preventDefault();
  event.stopImmediatePropagation();
}
