import { availableParallelism } from 'node:os';
import { median } from '@limbeck/trainer';
import { bareSharp, type LoaderContestant, ours, pytorch } from './contestants.js';
import { makePictures } from './pictures.js';

export interface LoaderBenchOptions {
  readonly rounds: number;
  /** Pictures there are. */
  readonly pictures: number;
  readonly workers?: number | undefined;
  /** Python with PyTorch and torchvision; left out, it does not take part. */
  readonly python?: string | undefined;
  readonly progress: (line: string) => void;
}

/** Medians over all rounds, images a second. */
export interface LoaderReport {
  readonly pictures: number;
  readonly workers: number;
  readonly imagesPerSecond: Readonly<Record<string, number>>;
  /** Our speed as a multiple of each other's. */
  readonly ratios: Readonly<Record<string, number>>;
}

/**
 * Measures the loader alone, from JPEG files of 500 x 375 pixels to 224 x 224, against what else does the same. All take turns,
 * so that a busy moment of the machine hits all alike.
 */
export async function benchLoader({
  rounds,
  pictures,
  workers = availableParallelism(),
  python,
  progress,
}: LoaderBenchOptions): Promise<LoaderReport> {
  progress(`making ${pictures} pictures`);
  const made = await makePictures(pictures);
  const contestants: LoaderContestant[] = [
    ours(made.files, workers),
    bareSharp(made.files, workers),
    ...(python === undefined ? [] : [pytorch(python, made.folder, workers)]),
  ];
  const speeds = new Map(contestants.map(({ name }) => [name, [] as number[]]));
  try {
    for (let round = 0; round <= rounds; round++) {
      progress(round === 0 ? 'warming up' : `round ${round} of ${rounds}`);
      for (const contestant of contestants) {
        const speed = await contestant.measure();
        if (round > 0) speeds.get(contestant.name)!.push(speed);
      }
    }
  } finally {
    for (const contestant of contestants) await contestant.stop();
    await made.remove();
  }
  const medians = [...speeds].map(([name, values]) => [name, median(values)] as const);
  const own = medians.find(([name]) => name === 'limbeck')![1];
  return {
    ...{ pictures, workers },
    imagesPerSecond: Object.fromEntries(medians),
    ratios: Object.fromEntries(
      medians.filter(([name]) => name !== 'limbeck').map(([name, speed]) => [name, own / speed]),
    ),
  };
}

/** The report in lines. */
export function printLoaderReport({ pictures, workers, imagesPerSecond, ratios }: LoaderReport): string {
  const rows = Object.entries(imagesPerSecond).map(([name, speed]) => {
    const ratio = ratios[name];
    return `${name.padEnd(8)} ${speed.toFixed(0).padStart(6)} images/s${ratio === undefined ? '' : `   limbeck has ${ratio.toFixed(2)} of it`}\n`;
  });
  return `${pictures} JPEG files of 500 x 375 to 224 x 224, ${workers} workers\n${rows.join('')}`;
}
