import type { ThemeOptions } from '../../widget/theme/theme-options.ts';

interface Preset {
  readonly name: string;
  readonly theme: ThemeOptions;
}

/** Where a theme may begin. */
export const PRESETS: readonly Preset[] = [
  { name: 'Pagehand', theme: {} },
  {
    name: 'Moss',
    theme: {
      tokens: {
        accent: { light: '#2f6b3c', dark: '#93cf9d' },
        'on-accent': { light: '#ffffff', dark: '#10240f' },
        surface: { light: '#fdfdf9', dark: '#181b17' },
        sunken: { light: '#f1f3ea', dark: '#232822' },
        bubble: { light: '#e4eddc', dark: '#2c3829' },
      },
      radius: '18px',
    },
  },
  {
    name: 'Ink',
    theme: {
      tokens: {
        accent: { light: '#111111', dark: '#f2f2f2' },
        'on-accent': { light: '#ffffff', dark: '#111111' },
        text: { light: '#111111', dark: '#f2f2f2' },
        line: { light: '#cfcfcf', dark: '#454545' },
        'line-strong': { light: '#555555', dark: '#a8a8a8' },
        font: 'Georgia, "Times New Roman", serif',
      },
      radius: '2px',
    },
  },
  {
    name: 'Coral',
    theme: {
      tokens: {
        accent: { light: '#b3402a', dark: '#f5a38f' },
        'on-accent': { light: '#ffffff', dark: '#341007' },
        bubble: { light: '#b3402a', dark: '#f5a38f' },
        'on-bubble': { light: '#ffffff', dark: '#341007' },
        sunken: { light: '#f7f2f0', dark: '#2b2524' },
      },
      radius: '20px',
      density: 'roomy',
    },
  },
  {
    name: 'Violet',
    theme: {
      tokens: {
        accent: { light: '#5b3fc4', dark: '#b8a6ff' },
        'on-accent': { light: '#ffffff', dark: '#1c1140' },
        bubble: { light: '#ece8fb', dark: '#332c4f' },
      },
    },
  },
  {
    name: 'Contrast',
    theme: {
      tokens: {
        text: { light: '#000000', dark: '#ffffff' },
        muted: { light: '#333333', dark: '#d8d8d8' },
        surface: { light: '#ffffff', dark: '#000000' },
        sunken: { light: '#efefef', dark: '#1f1f1f' },
        line: { light: '#555555', dark: '#9a9a9a' },
        'line-strong': { light: '#000000', dark: '#ffffff' },
        accent: { light: '#0034a8', dark: '#a8c7ff' },
        'on-accent': { light: '#ffffff', dark: '#000000' },
      },
    },
  },
  {
    name: 'Dense',
    theme: {
      tokens: { 'font-size': '14px', 'launcher-size': '48px', width: '24em' },
      radius: '6px',
      density: 'compact',
    },
  },
];
