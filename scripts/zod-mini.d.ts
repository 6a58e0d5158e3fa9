/**
 * The part of `zod/mini` that the declared types of the protocol name. It goes into the package `pagehand` in its place:
 * that package has no dependencies, and without it every event would silently be `any`.
 */
interface ZodType<Output> {
  readonly output: Output;
}
type Output<Type> = Type extends ZodType<infer Value> ? Value : never;
type OptionalKeys<Shape> = {
  [Key in keyof Shape]: Shape[Key] extends ZodMiniOptional<unknown> ? Key : never;
}[keyof Shape];
type Flat<Type> = { [Key in keyof Type]: Type[Key] };

export type { Output as infer };
export interface ZodMiniString<Value> extends ZodType<Value> {}
export interface ZodMiniNumber<Value> extends ZodType<Value> {}
export interface ZodMiniBoolean<Value> extends ZodType<Value> {}
export interface ZodMiniUnknown extends ZodType<unknown> {}
export interface ZodMiniLiteral<Value> extends ZodType<Value> {}
export interface ZodMiniEnum<Values> extends ZodType<Values[keyof Values]> {}
export interface ZodMiniOptional<Type> extends ZodType<Output<Type> | undefined> {
  readonly isOptional: true;
}
export interface ZodMiniArray<Type> extends ZodType<Output<Type>[]> {}
export interface ZodMiniRecord<Key extends ZodType<string>, Type>
  extends ZodType<Record<Key['output'], Output<Type>>> {}
export interface ZodMiniUnion<Types extends readonly unknown[]> extends ZodType<Output<Types[number]>> {}
export interface ZodMiniDiscriminatedUnion<Types extends readonly unknown[], _Key>
  extends ZodType<Output<Types[number]>> {}
export interface ZodMiniObject<Shape, _Config>
  extends ZodType<
    Flat<
      { [Key in Exclude<keyof Shape, OptionalKeys<Shape>>]: Output<Shape[Key]> } & {
        [Key in OptionalKeys<Shape>]?: Output<Shape[Key]>;
      }
    >
  > {}
export interface ZodMiniNullable<Type> extends ZodType<Output<Type> | null> {}
export namespace core {
  export type $strip = unknown;
}
