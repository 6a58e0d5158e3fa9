import { useState } from 'preact/hooks';

const SHOWN_MS = 1_500;

export function CopyButton({ label = 'Copy', text }: { readonly label?: string; text(): string }) {
  const [said, setSaid] = useState<string | undefined>(undefined);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      setSaid('Copied');
    } catch {
      // The browser asks, and people may say no.
      setSaid('The browser did not allow it');
    }
    setTimeout(() => setSaid(undefined), SHOWN_MS);
  };
  return (
    <button type="button" class="plain" onClick={copy}>
      <span aria-live="polite">{said ?? label}</span>
    </button>
  );
}
