import type { JsonSchema } from '../../protocol/tool.ts';
import type { Implementation } from './page-tools.ts';
import type { RawTool } from './webmcp.ts';

/** Controls whose value a visitor should never have to hand to a model. */
const SECRET_CONTROL = ['password', 'one-time-code', 'cc-number', 'cc-csc']
  .map((token) => `[autocomplete*="${token}" i]`)
  .concat('[type="password" i]')
  .map((selector) => `${selector}[name]`)
  .join();

const SECRET_NAME = /passw|passcode|cvc|cvv/i;

/**
 * Whether a form stands behind a tool, and whether it asks for secrets. Nothing in the list says so. A form in the
 * document is found by its `toolname`; one in a shadow root shows in Chromium only by what every form tool has in
 * common: no annotations, and a schema of exactly `type`, `properties` and `required`. Script tools may look the same.
 * Taken for a form, they lose the overlap of their own calls, and one with a parameter named as a secret is refused.
 */
export function formOf(
  name: string,
  handle: RawTool,
  schema: JsonSchema | undefined,
  implementation: Implementation,
): { readonly isForm: boolean; readonly isSensitive: boolean } {
  if (implementation === 'pagehand') return { isForm: false, isSensitive: false };
  const form = document.querySelector<HTMLFormElement>(`form[toolname="${name}"]`);
  if (form !== null) {
    return {
      isForm: true,
      isSensitive: [...form.elements].some((control) => control.matches(SECRET_CONTROL)),
    };
  }
  const isForm =
    implementation === 'native' &&
    handle.annotations === undefined &&
    Object.keys(schema ?? {}).join() === 'type,properties,required';
  return {
    isForm,
    isSensitive: isForm && Object.keys(schema?.properties ?? {}).some((key) => SECRET_NAME.test(key)),
  };
}
