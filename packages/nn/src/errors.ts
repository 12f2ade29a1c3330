/** A model definition that contradicts itself: a name used for two shapes, a tap declared twice, an option that cannot be. */
export class NnError extends Error {
  readonly code = 'NN_INVALID';
  /** Exit status for commands: the definition is at fault. */
  readonly exitCode = 2;

  constructor(message: string) {
    super(message);
    this.name = 'NnError';
    // lets `isLimbeckError` of @limbeck/core know it, whose arrow points the other way
    Object.defineProperty(this, Symbol.for('limbeck.error'), { value: true });
  }
}
