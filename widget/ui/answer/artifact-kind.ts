import type { ArtifactPart } from '../../chat/state.ts';

export type ArtifactKind = 'markdown' | 'html' | 'svg' | 'code' | 'text' | 'component';

const ENDINGS: Readonly<Record<string, ArtifactKind>> = {
  md: 'markdown',
  markdown: 'markdown',
  html: 'html',
  htm: 'html',
  svg: 'svg',
  txt: 'text',
  csv: 'text',
  log: 'text',
};

/** What it is drawn as. */
export function kindOf({ artifactType, file }: ArtifactPart): ArtifactKind {
  if (artifactType === 'component') return 'component';
  if (file === undefined) return artifactType === 'markdown' ? 'markdown' : 'text';
  const { mimeType, path, language } = file;
  if (mimeType === 'text/html') return 'html';
  if (mimeType === 'image/svg+xml') return 'svg';
  if (mimeType === 'text/markdown') return 'markdown';
  const known = ENDINGS[endingOf(path)];
  if (known !== undefined) return known;
  return language !== '' || endingOf(path) !== '' ? 'code' : 'text';
}

/** What its code is highlighted as. */
export function languageOf({ file }: ArtifactPart): string {
  return file === undefined ? '' : file.language || endingOf(file.path);
}

/** What a system runs when somebody merely opens it. */
const RUNS_WHEN_OPENED =
  /\.(?:bat|cmd|com|command|desktop|exe|hta|jar|jse|lnk|msi|ps1|reg|scr|url|vbe|vbs|wsf|wsh)$/i;

/** Without a folder, without what no system takes in a name, and nothing that runs when it is opened. */
export function fileName(part: ArtifactPart): string {
  const named = part.file?.path.split(/[\\/]/).at(-1) ?? part.title;
  const name =
    named
      .replace(/[^\p{L}\p{N}._ -]/gu, '')
      .trim()
      .slice(0, 80) || 'artifact';
  if (part.file !== undefined) return RUNS_WHEN_OPENED.test(name) ? `${name}.txt` : name;
  return `${name}.${kindOf(part) === 'markdown' ? 'md' : 'txt'}`;
}

function endingOf(path: string): string {
  return /\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
}
