import { Lexer } from 'yaml';

/** Deeper indentation, and more levels on one line, than any configuration has. */
const mostSpaces = 512;
const mostLevels = 64;
/** Scalars and aliases. */
const mostScalars = 50_000;
const mostAliases = 1000;

/** What the lexer writes before the text of a scalar. */
const scalar = '\u001f';

/**
 * Looks through the tokens of a YAML file, which takes no recursion, for what the parser of its structure would spend too much on.
 *
 * @returns what is wrong, if anything is
 */
export function yamlExcess(content: string): string | undefined {
  const count = { flow: 0, line: 0, scalars: 0, aliases: 0 };
  let isText = false;
  let isLineStart = true;
  for (const token of new Lexer().lex(content)) {
    if (!isText) {
      if (isLineStart && token.length > mostSpaces && /^ +$/.test(token)) count.line = mostLevels + 1;
      else counted(token, count);
      const excess = excessOf(count);
      if (excess !== undefined) return excess;
    }
    isText = !isText && token === scalar;
    isLineStart = token.endsWith('\n');
  }
  return undefined;
}

/** What was seen so far: open brackets, levels begun on this line, values. */
interface Count {
  flow: number;
  line: number;
  scalars: number;
  aliases: number;
}

function counted(token: string, count: Count): void {
  const [first] = token;
  if (token === '[' || token === '{') count.flow++;
  else if (token === ']' || token === '}') count.flow--;
  else if (token === '-' || token === '?') count.line++;
  else if (token === scalar || first === '"' || first === "'") count.scalars++;
  else if (first === '*') count.aliases++;
  else if (token.endsWith('\n')) count.line = 0;
}

function excessOf({ flow, line, scalars, aliases }: Count): string | undefined {
  if (flow > mostLevels || line > mostLevels) return `is nested too deeply, over ${mostLevels} levels`;
  if (scalars > mostScalars) return `holds over ${mostScalars} values`;
  return aliases > mostAliases ? `holds over ${mostAliases} aliases` : undefined;
}
