import { drawingElement } from '../element.ts';
import type { Category, Product } from './products.ts';

/** Outlines on a 120 × 120 square: first what is glazed, then what lies in the shade. */
const SHAPES: Readonly<
  Record<Category, readonly { readonly d: string; readonly shade?: true; readonly line?: true }[]>
> = {
  mugs: [
    { d: 'M80 52c16-3 24 4 23 15-1 12-12 19-25 18', line: true },
    { d: 'M30 40h52v34c0 13-8 20-20 20H50c-12 0-20-7-20-20z' },
    { d: 'M66 40h16v34c0 13-8 20-20 20h-4c6-4 8-11 8-20z', shade: true },
    { d: 'M30 40a26 6 0 0 0 52 0a26 6 0 0 0-52 0z', shade: true },
  ],
  bowls: [
    { d: 'M20 52h80c0 22-14 36-32 38v4H52v-4C34 88 20 74 20 52z' },
    { d: 'M76 52h24c0 22-14 36-32 38v4h-8c12-8 16-24 16-42z', shade: true },
    { d: 'M20 52a40 8 0 0 0 80 0a40 8 0 0 0-80 0z', shade: true },
  ],
  plates: [
    { d: 'M60 22a40 40 0 1 0 0 80a40 40 0 1 0 0-80z' },
    { d: 'M60 22a40 40 0 0 1 0 80a54 54 0 0 0 0-80z', shade: true },
    { d: 'M60 38a24 24 0 1 0 0 48a24 24 0 1 0 0-48z', shade: true },
  ],
  vases: [
    { d: 'M50 20h20c0 16 18 26 18 48c0 16-10 30-22 30H54c-12 0-22-14-22-30c0-22 18-32 18-48z' },
    { d: 'M62 20h8c0 16 18 26 18 48c0 16-10 30-22 30h-6c10-6 14-18 14-30c0-20-12-32-12-48z', shade: true },
    { d: 'M50 20a10 3 0 0 0 20 0a10 3 0 0 0-20 0z', shade: true },
  ],
};

/** The product, drawn. Decoration only: its name stands beside it. */
export function drawing(product: Product): SVGElement {
  return drawingElement(
    'svg',
    { viewBox: '0 0 120 120', 'aria-hidden': 'true', class: 'shop-drawing' },
    drawingElement('ellipse', { cx: '60', cy: '101', rx: '38', ry: '5', class: 'shop-drawing-shadow' }),
    ...SHAPES[product.category].map((shape) =>
      drawingElement('path', {
        d: shape.d,
        fill: shape.line ? 'none' : shape.shade ? '#00000024' : product.glaze,
        ...(shape.line ? { stroke: product.glaze, 'stroke-width': '9', 'stroke-linecap': 'round' } : {}),
      }),
    ),
  );
}
