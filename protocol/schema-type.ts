/** What a JSON Schema admits, as far as types can say it. Where they cannot, `unknown`. */
export type FromSchema<Schema> = Schema extends { readonly const: infer Value }
  ? Value
  : Schema extends { readonly enum: readonly (infer Value)[] }
    ? Value
    : Schema extends { readonly type: infer Type }
      ? FromType<Type extends readonly (infer Each)[] ? Each : Type, Schema>
      : unknown;

type FromType<Type, Schema> = Type extends 'string'
  ? string
  : Type extends 'number' | 'integer'
    ? number
    : Type extends 'boolean'
      ? boolean
      : Type extends 'null'
        ? null
        : Type extends 'array'
          ? readonly FromSchema<Schema extends { readonly items: infer Items } ? Items : unknown>[]
          : Type extends 'object'
            ? FromProperties<Schema>
            : unknown;

/** The same of an object schema, whether it says that it is one or not. */
export type FromProperties<Schema> = Schema extends { readonly properties: infer Properties }
  ? Flat<
      {
        readonly [Name in keyof Properties as Name extends Required<Schema> ? Name : never]: FromSchema<
          Properties[Name]
        >;
      } & {
        readonly [Name in keyof Properties as Name extends Required<Schema> ? never : Name]?: FromSchema<
          Properties[Name]
        >;
      }
    >
  : Readonly<Record<string, unknown>>;

type Required<Schema> = Schema extends { readonly required: readonly (infer Name)[] } ? Name : never;

/** One object type instead of an intersection, for whoever reads it in an editor. */
type Flat<Type> = { [Name in keyof Type]: Type[Name] };
