import { useLayoutEffect } from 'preact/hooks';
import { useView } from './context.ts';

/** Adopts the styles of a part that came late, for as long as the part is drawn. */
export function useSheet(styles: string): void {
  const { root } = useView();
  useLayoutEffect(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
    // Before the last one, which overrules every part.
    root.adoptedStyleSheets = [
      ...root.adoptedStyleSheets.slice(0, -1),
      sheet,
      ...root.adoptedStyleSheets.slice(-1),
    ];
    return () => {
      root.adoptedStyleSheets = root.adoptedStyleSheets.filter((other) => other !== sheet);
    };
  }, []);
}
