import { isLimbeckError } from '@limbeck/core';
import type { Host } from '@limbeck/core/host';

/** A data set and whether it can be opened. */
export interface DatasetListing {
  readonly id: string;
  readonly description: string;
  readonly found: boolean;
  /** Why it cannot be opened. */
  readonly reason?: string;
  readonly remedy?: string;
  /** Bytes to download; 0 for bundled data. */
  readonly size: number;
}

/** Opens every data set with its default options to see whether it is there. */
export async function findDatasets(host: Host, dataDir: string): Promise<DatasetListing[]> {
  const listings: DatasetListing[] = [];
  for (const { id, description } of host.list('datasets')) {
    const files = host.get('datasets', id).files;
    const size = files.reduce((sum, file) => sum + file.size, 0);
    listings.push({ id, description, size, ...(await tryOpening(host, id, dataDir)) });
  }
  return listings;
}

async function tryOpening(
  host: Host,
  id: string,
  dataDir: string,
): Promise<Pick<DatasetListing, 'found' | 'reason' | 'remedy'>> {
  try {
    const { contribution, options } = host.use('datasets', id);
    await contribution.open(options, { dataDir });
    return { found: true };
  } catch (error) {
    if (!isLimbeckError(error)) throw error;
    return {
      found: false,
      reason: error.message,
      remedy: error.hint,
    };
  }
}
