import { expect, test } from 'vitest';
import { searchProducts } from '../../../demo/shop/search.ts';

const names = (query: string) => searchProducts({ query }).map((product) => product.name);

test.each([
  ['two blue mugs', ['Blue mug']],
  ['mugs blue', ['Blue mug']],
  ['Add two BLUE mugs to my cart, please', ['Blue mug']],
  ['a mug in blue', ['Blue mug']],
  ['navy cups', ['Blue mug']],
  ['gray dishes', ['Grey plate']],
  ['bleu mug', ['Blue mug']],
  ['vasse rust', ['Rust vase']],
  ['rust', ['Rust bowl', 'Rust vase']],
  ['plates', ['White plate', 'Green plate', 'Grey plate']],
])('“%s” finds %j', (query, found) => {
  expect(names(query)).toEqual(found);
});

test('words that no product knows do not hide those that one does', () => {
  expect(names('handmade blue mug from Japan')).toEqual(['Blue mug']);
});

test('nothing is found where no word is known', () => {
  expect(names('submarine')).toEqual([]);
});

test('without words everything is offered', () => {
  expect(names('')).toHaveLength(12);
});

test('category and price narrow what the words find', () => {
  expect(searchProducts({ query: 'blue', category: 'bowls' }).map(({ id }) => id)).toEqual(['bowl-blue']);
  expect(searchProducts({ query: 'blue', maxPrice: 24 }).map(({ id }) => id)).toEqual([
    'mug-blue',
    'bowl-blue',
  ]);
});
