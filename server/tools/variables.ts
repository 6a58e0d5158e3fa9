/** What placeholders of a definition stand for, beside the parameters of the call. */
export interface Variables {
  /** `{{secrets.key}}`: of this dispatch. `undefined`: there is none, or it is gone. */
  secret(key: string): string | undefined;
  /** `{{secret:KEY}}`: kept by the server. Rejects with `ToolError` `unresolved_variable`. */
  managedSecret(name: string): Promise<string>;
  /** `{{_record.field}}`. */
  readonly record: Readonly<Record<string, unknown>>;
  /** `{{_flow.id}}`. */
  readonly flow: Readonly<Record<string, unknown>>;
  /** `{{_user.id}}`. */
  readonly user: Readonly<Record<string, unknown>>;
  /** Takes the values of secrets out of what a call gave: no model, person or record gets them. */
  scrub<Value>(value: Value): Value;
}
