import type { DeviceDiagnosis } from '@limbeck/compose';
import { table } from './table.js';

/** Every device of every backend: what it is run by, or why it does not work and what would change that. */
export const backendTable = (devices: readonly DeviceDiagnosis[]): string =>
  table(
    [{ head: 'backend' }, { head: 'device' }, { head: 'works' }, { head: '' }],
    devices.map(({ backend, device = '', works, runtime = '', reason = '', remedy }) => [
      backend,
      device,
      works ? 'yes' : 'no',
      works ? runtime : `${reason}${remedy === undefined ? '' : `\n-> ${remedy}`}`,
    ]),
  );
