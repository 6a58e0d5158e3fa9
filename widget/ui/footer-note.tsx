import { useView } from './context.ts';
import styles from './footer-note.css?inline';
import { useSheet } from './sheet.ts';

const LINK = /\[([^\]]+)\]\(((?:https?:\/\/|mailto:|\/)[^\s)]+)\)/;

/** The site owner's last line, with links as `[text](https://…)`. */
export function footerNote(text: string) {
  // Three pieces for each link: what stands before it, its words, its address.
  const pieces = text.split(new RegExp(LINK, 'g'));
  return function FooterNote() {
    useSheet(styles);
    const { words } = useView();
    return (
      <p class="footer-note" part="footer" lang={words.locale} dir="auto">
        {pieces.map((piece, index) => {
          if (index % 3 === 2) return null;
          const href = pieces[index + 1];
          if (index % 3 === 0 || href === undefined) return piece;
          return (
            <a key={href} href={href} target="_blank" rel="noopener noreferrer">
              {piece}
            </a>
          );
        })}
      </p>
    );
  };
}
