export const CATEGORIES = ['mugs', 'bowls', 'plates', 'vases'] as const;
export type Category = (typeof CATEGORIES)[number];

export interface Product {
  readonly id: string;
  readonly name: string;
  readonly category: Category;
  readonly color: string;
  /** In euros. */
  readonly price: number;
  /** Pieces on the shelf. */
  readonly stock: number;
  /** The glaze, as a CSS colour. */
  readonly glaze: string;
}

export const PRODUCTS: readonly Product[] = [
  {
    id: 'mug-blue',
    name: 'Blue mug',
    category: 'mugs',
    color: 'blue',
    price: 18,
    stock: 24,
    glaze: '#4f7cac',
  },
  {
    id: 'mug-green',
    name: 'Green mug',
    category: 'mugs',
    color: 'green',
    price: 18,
    stock: 9,
    glaze: '#6f8f72',
  },
  {
    id: 'mug-sand',
    name: 'Sand mug',
    category: 'mugs',
    color: 'sand',
    price: 16,
    stock: 31,
    glaze: '#d3b98f',
  },
  {
    id: 'bowl-white',
    name: 'White bowl',
    category: 'bowls',
    color: 'white',
    price: 22,
    stock: 14,
    glaze: '#e9e4da',
  },
  {
    id: 'bowl-blue',
    name: 'Blue bowl',
    category: 'bowls',
    color: 'blue',
    price: 24,
    stock: 6,
    glaze: '#35587f',
  },
  {
    id: 'bowl-rust',
    name: 'Rust bowl',
    category: 'bowls',
    color: 'rust',
    price: 26,
    stock: 3,
    glaze: '#b5623f',
  },
  {
    id: 'plate-white',
    name: 'White plate',
    category: 'plates',
    color: 'white',
    price: 19,
    stock: 40,
    glaze: '#efeae1',
  },
  {
    id: 'plate-green',
    name: 'Green plate',
    category: 'plates',
    color: 'green',
    price: 21,
    stock: 12,
    glaze: '#8ba888',
  },
  {
    id: 'plate-grey',
    name: 'Grey plate',
    category: 'plates',
    color: 'grey',
    price: 21,
    stock: 18,
    glaze: '#8d9299',
  },
  {
    id: 'vase-blue',
    name: 'Blue vase',
    category: 'vases',
    color: 'blue',
    price: 48,
    stock: 4,
    glaze: '#7da3c4',
  },
  {
    id: 'vase-rust',
    name: 'Rust vase',
    category: 'vases',
    color: 'rust',
    price: 54,
    stock: 2,
    glaze: '#a34f32',
  },
  {
    id: 'vase-black',
    name: 'Black vase',
    category: 'vases',
    color: 'black',
    price: 62,
    stock: 0,
    glaze: '#3d3b3c',
  },
];

export function productById(id: string): Product | undefined {
  return PRODUCTS.find((product) => product.id === id);
}
