import { expect, test } from 'vitest';
import type { ArtifactPart } from '../../../widget/chat/state.ts';
import { fileName } from '../../../widget/ui/answer/artifact-kind.ts';

function named(path: string): ArtifactPart {
  return {
    kind: 'artifact',
    id: 'a',
    artifactType: 'markdown',
    title: '',
    text: '',
    streaming: false,
    file: { path, mimeType: '', language: '' },
  };
}

test('what an answer brings along is saved under its own name, without its folders', () => {
  expect(fileName(named('../../etc/report.csv'))).toBe('report.csv');
  expect(fileName(named('C:\\Users\\ada\\page.html'))).toBe('page.html');
});

test('what runs when it is merely opened is saved as text', () => {
  expect(['update.bat', 'Invoice.PDF.HTA', 'x.ps1'].map((path) => fileName(named(path)))).toEqual([
    'update.bat.txt',
    'Invoice.PDF.HTA.txt',
    'x.ps1.txt',
  ]);
});
