/** Code with spaces in place of all that is only said in it: comments, texts and patterns. Every place stays where it is. */
export function blankOut(code: string): string {
  // In this order at each place: what begins first, ends first. Within `${…}` of a template, code goes on.
  const said = new RegExp(
    [
      String.raw`\/\/[^\n]*`,
      String.raw`\/\*[\s\S]*?(?:\*\/|$)`,
      String.raw`'(?:\\[\s\S]|[^'\\\n])*'?`,
      String.raw`"(?:\\[\s\S]|[^"\\\n])*"?`,
      // A slash opens a pattern where a value is awaited. Patterns are taken for short: what is read is anybody's.
      String.raw`\/(?<=(?:^|[(,=:[!&|?{};+*%~^<>-]|\breturn)\s*\/)(?:\\.|\[(?:\\.|[^\]\\\n]){0,200}\]|[^/\\\n[]){1,500}\/[a-z]*`,
      '[`{}]',
    ].join('|'),
    'g',
  );
  const templates: number[] = [];
  let depth = 0;
  let result = '';
  let at = 0;
  for (;;) {
    said.lastIndex = at;
    const match = said.exec(code);
    if (match === null) return result + code.slice(at);
    const [text] = match;
    result += code.slice(at, match.index);
    at = match.index;
    if (text === '{') depth += 1;
    const closesTemplate = text === '}' && templates.at(-1) === depth;
    if (text === '}' && !closesTemplate) depth -= 1;
    if (text === '`' || closesTemplate) {
      const end = endOfText(code, at + 1);
      if (closesTemplate) templates.pop();
      if (code[end] === '{') templates.push(depth);
      result += blank(code.slice(at, end + 1));
      at = end + 1;
    } else {
      result += text === '{' || text === '}' ? text : blank(text);
      at += text.length;
    }
  }
}

/** Where the text of a template ends: at its last backtick, or at the bracket that opens an expression. */
function endOfText(code: string, from: number): number {
  for (let at = from; at < code.length; at++) {
    if (code[at] === '\\') at += 1;
    else if (code[at] === '`') return at;
    else if (code[at] === '$' && code[at + 1] === '{') return at + 1;
  }
  return code.length;
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}
