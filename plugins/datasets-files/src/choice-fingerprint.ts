import { createHash } from 'node:crypto';

/**
 * The fingerprint of a data set of which a choice was made: of labels, columns, or the order of axes. Where everything is left at
 * its default, it is that of the data.
 *
 * @param choice undefined entries are defaults
 */
export function choiceFingerprint(fingerprint: string, choice: Readonly<Record<string, unknown>>): string {
  if (Object.values(choice).every((value) => value === undefined)) return fingerprint;
  return `sha256:${createHash('sha256')
    .update(JSON.stringify([fingerprint, choice]))
    .digest('hex')}`;
}
