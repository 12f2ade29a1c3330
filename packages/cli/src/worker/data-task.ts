import { dataFolder, findParts, openData, type Surroundings } from '@limbeck/compose';
import { openConfig, openHost } from '../config/open-config.js';

export interface DataRequest extends Surroundings {
  readonly config: string;
  readonly set: readonly string[];
}

/** What a run would learn from. */
export interface DataFacts {
  readonly id: string;
  readonly classes: number;
  readonly trainImages: number;
  readonly testImages: number;
}

/** Opens the data of a configuration. @throws LimbeckError NOT_FOUND, BAD_DATA */
export async function dataTask(request: DataRequest): Promise<DataFacts> {
  const opened = await openConfig(request, request.cwd);
  const host = await openHost(opened);
  try {
    const { config } = opened;
    const parts = findParts(config, host);
    const found = await openData(config, parts, dataFolder(config.data.dir, request));
    await found.loading?.dispose();
    return {
      id: parts.dataset.contribution.id,
      classes: found.classes,
      trainImages: found.train?.length ?? 0,
      testImages: found.test.length,
    };
  } finally {
    await host.dispose();
  }
}
