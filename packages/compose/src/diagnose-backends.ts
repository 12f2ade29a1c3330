import type { Capabilities, Device, Precision, Role } from '@limbeck/core/backend';
import type { Host } from '@limbeck/core/host';
import { askBackends } from './backend.js';

/** A device of a backend: that it works, or why it does not and what would change that. */
export interface DeviceDiagnosis {
  readonly backend: string;
  /** Absent where the backend as a whole does not work. */
  readonly device?: Device;
  readonly works: boolean;
  readonly runtime?: string;
  readonly reason?: string;
  readonly remedy?: string;
}

/** What `backend: 'auto'` takes here for one kind of program. */
export interface AutoDiagnosis {
  readonly role: 'student' | 'teacher';
  readonly precision: Precision;
  readonly choice?: { readonly backend: string; readonly device: Device };
  /** Why nothing can be chosen. */
  readonly reason?: string;
  /** Why each of the others is not chosen, by backend. */
  readonly others: Readonly<Record<string, string>>;
}

/** What computes here, what does not, and what `auto` makes of it. */
export interface BackendDiagnosis {
  readonly backends: readonly ({ readonly id: string; readonly description: string } & Capabilities)[];
  readonly devices: readonly DeviceDiagnosis[];
  readonly auto: readonly AutoDiagnosis[];
}

const questions: readonly { role: AutoDiagnosis['role']; precision: Precision }[] = [
  { role: 'student', precision: 'float32' },
  { role: 'student', precision: 'bfloat16' },
  { role: 'teacher', precision: 'float32' },
  { role: 'teacher', precision: 'bfloat16' },
  { role: 'teacher', precision: 'int8' },
];

const roles: Readonly<Record<AutoDiagnosis['role'], Role>> = { student: 'training', teacher: 'inference' };

/** Asks every backend what it can do, and what it would offer. */
export async function diagnoseBackends(host: Host): Promise<BackendDiagnosis> {
  const backends: BackendDiagnosis['backends'][number][] = [];
  for (const { id, description } of host.list('backends'))
    backends.push({ id, description, ...(await host.get('backends', id).capabilities()) });
  const auto: AutoDiagnosis[] = [];
  for (const question of questions) auto.push(await choose(host, question));
  return { backends, devices: backends.flatMap(devicesOf), auto };
}

function devicesOf(backend: BackendDiagnosis['backends'][number]): DeviceDiagnosis[] {
  const { id } = backend;
  if (!backend.available) {
    const { reason, remedy } = backend;
    return [{ backend: id, works: false, reason, remedy }];
  }
  const { devices, precisions, precisionsOn = {}, runtime, unavailable = {}, remedies = {} } = backend;
  const shown = (device: Device) => `${runtime}, in ${(precisionsOn[device] ?? precisions).join(', ')}`;
  return [
    ...devices.map((device) => ({ backend: id, device, works: true, runtime: shown(device) })),
    ...(Object.entries(unavailable) as [Device, string][]).map(([device, reason]) => ({
      backend: id,
      device,
      works: false,
      reason,
      remedy: remedies[device],
    })),
  ];
}

async function choose(
  host: Host,
  { role, precision }: Pick<AutoDiagnosis, 'role' | 'precision'>,
): Promise<AutoDiagnosis> {
  const [best, ...rest] = await askBackends(host, { precision, role: roles[role] });
  const others = Object.fromEntries(
    rest.map(({ id, offer }) => [id, offer.available ? `works, '${best?.id}' is preferred` : offer.reason]),
  );
  if (best?.offer.available)
    return { role, precision, choice: { backend: best.id, device: best.offer.device }, others };
  const all = {
    ...(best === undefined || best.offer.available ? {} : { [best.id]: best.offer.reason }),
    ...others,
  };
  const reasons = Object.entries(all).map(([id, reason]) => `${id}: ${reason}`);
  return { role, precision, reason: reasons.join('; ') || 'there is no backend', others: all };
}
