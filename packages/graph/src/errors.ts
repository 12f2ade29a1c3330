/** What a tensor graph rejects: `GRAPH_SHAPE` for shapes and element types that do not fit, `GRAPH_INVALID` for anything else. */
export type GraphErrorCode = 'GRAPH_SHAPE' | 'GRAPH_INVALID';

/**
 * A graph that cannot be built or run. Raised when the offending node is made, never later; the message names the
 * operation, the scope it was made in and every shape involved.
 */
export class GraphError extends Error {
  readonly code: GraphErrorCode;
  /** Scope path of the node, e.g. `student.layer1.0.conv1`; empty at the top. */
  readonly scope: string;
  /** Exit status for commands: the definition is at fault. */
  readonly exitCode = 2;

  constructor(code: GraphErrorCode, message: string, scope = '') {
    super(scope === '' ? message : `${message} (at ${scope})`);
    this.name = 'GraphError';
    this.code = code;
    this.scope = scope;
    // lets `isLimbeckError` of @limbeck/core know it, whose arrow points the other way
    Object.defineProperty(this, Symbol.for('limbeck.error'), { value: true });
  }
}
