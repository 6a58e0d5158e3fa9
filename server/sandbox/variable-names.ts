/** Words that strict code cannot use as names, and those that mean something to it already. */
const TAKEN = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends ' +
    'false finally for function if implements import in instanceof interface let new null package private protected ' +
    'public return static super switch this throw true try typeof var void while with yield ' +
    'parameters undefined NaN Infinity globalThis console'
  ).split(' '),
);

/** Whether code can have a variable of this name, beside those of the host. */
export function isVariableName(name: string): boolean {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) && !TAKEN.has(name);
}
