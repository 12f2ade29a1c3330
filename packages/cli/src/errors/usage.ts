import { LimbeckError } from '@limbeck/core';

/** What the command line's parser says, as an error of ours. Its suggestions become the hint. */
export function usageError(code: string, message: string): LimbeckError {
  if (code === 'commander.help') {
    return new LimbeckError('USAGE', 'a command is missing', { hint: 'the commands are listed above' });
  }
  const [said = '', ...rest] = message.replace(/^error: /, '').split('\n');
  const suggestion = rest.join(' ').match(/\(Did you mean (.+)\?\)/i)?.[1];
  const hint =
    suggestion === undefined ? "'limbeck --help' lists what there is" : `did you mean ${quoted(suggestion)}?`;
  return new LimbeckError('USAGE', said, { hint });
}

/** `one of train, export` and `train` with the names in quotes. */
function quoted(suggestion: string): string {
  const names = suggestion.replace(/^one of /, '').split(', ');
  return names.map((name) => `'${name}'`).join(' or ');
}
