/** Splits by the words that files and folders of them are called with, in lower case. */
export const splitNames: Readonly<Record<string, string>> = {
  train: 'train',
  val: 'validation',
  valid: 'validation',
  validation: 'validation',
  test: 'test',
};
