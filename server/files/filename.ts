const MAX_NAME_CHARS = 120;
const NAMELESS = 'file';

/** Names that a system gives to devices, whatever comes after the dot. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)$/i;

/** Endings that a system runs or a browser renders when the file is opened. */
const ACTIVE =
  /^(?:html?|xhtml?|xht|shtml|svgz?|xml|xslt?|m?js|cjs|css|swf|hta|exe|com|scr|pif|bat|cmd|ps1|vbs?|wsf|lnk|url|jar|app|command|sh|desktop|reg|msi|dll|chm|php)$/i;

/**
 * A name without its path, and without what hides in names: control characters, marks that turn the reading
 * direction around, trailing dots and spaces. At most 120 characters, never empty.
 */
export function cleanName(name: string): string {
  const last =
    name
      .replace(/\p{Cs}/gu, '')
      .normalize('NFC')
      .split(/[/\\]/)
      .at(-1) ?? '';
  const visible = last
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}\ufffd]/gu, '')
    .replace(/[<>:"|?*]/g, '_')
    .replace(/\s+/g, ' ')
    .replace(/^[\s.]+|[\s.]+$/g, '');
  const { stem, ending } = split(visible);
  const safe = DEVICE.test(stem) || stem === '' ? `${NAMELESS}${stem === '' ? '' : `-${stem}`}` : stem;
  if (ending === '') return cut(safe, MAX_NAME_CHARS);
  return `${cut(safe, MAX_NAME_CHARS - ending.length - 1)}.${ending}`;
}

/** The name with an ending that fits what the file is: `photo.png` that is a PDF becomes `photo.png.pdf`. */
export function fittingName(name: string, endings: readonly string[]): string {
  const { ending } = split(name);
  const [usual = ''] = endings;
  const isText = usual === 'txt';
  if (endings.includes(ending.toLowerCase()) || (isText && !ACTIVE.test(ending))) return name;
  return usual === '' ? name : `${cut(name, MAX_NAME_CHARS - usual.length - 1)}.${usual}`;
}

export function endingOf(name: string): string {
  return split(name).ending.toLowerCase();
}

function split(name: string): { readonly stem: string; readonly ending: string } {
  const match = /^(.*)\.([A-Za-z0-9]{1,12})$/su.exec(name);
  return { stem: match?.[1] ?? name, ending: match?.[2] ?? '' };
}

function cut(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  return text.slice(0, maxChars).replace(/[\p{Cs}\s.]+$/u, '');
}
