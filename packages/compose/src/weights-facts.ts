import { LimbeckError } from '@limbeck/core';
import type { RunDataset } from '@limbeck/data';
import type { PictureFacts, Weights } from '@limbeck/trainer';
import { z } from 'zod';

/** What must be known of a model besides its weights. */
export interface ModelFacts extends Pick<RunDataset, 'classes' | 'imageShape' | 'normalization'> {
  /** Id of the backbone. */
  readonly backbone?: string;
  /** The backbone's options, not yet checked by it; none in files from before they were noted down. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** What turns pictures into predictions; none in files from before it was noted down. */
  readonly pictures?: PictureFacts | undefined;
}

const json = <T extends z.ZodType>(schema: T) =>
  z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: 'expected JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);

const size = z
  .int()
  .min(1)
  .max(1 << 20);

const pictures = z.object({
  classNames: z.array(z.string()).min(1),
  decoded: z.object({
    channels: size,
    size: z.object({ height: size, width: size }).optional(),
  }),
  evaluation: z.array(z.looseObject({ use: z.string() })),
  task: z.string(),
});

const metadata = z.object({
  'limbeck.backbone': z.string(),
  'limbeck.options': json(z.record(z.string(), z.unknown())).optional(),
  'limbeck.classes': z.coerce.number().pipe(size),
  'limbeck.imageShape': json(z.tuple([size, size, size])),
  'limbeck.pictures': json(pictures).optional(),
  'limbeck.normalization': json(z.object({ mean: z.array(z.number()), std: z.array(z.number().positive()) })),
});

/**
 * What a file of weights says about its model; nothing where it is not one of ours.
 *
 * @throws LimbeckError BAD_FILE where what it says makes no sense
 */
export function readFacts({
  source,
  metadata: said = {},
}: Pick<Weights, 'source' | 'metadata'>): ModelFacts | undefined {
  if (said['limbeck.backbone'] === undefined) return undefined;
  const { data, error } = metadata.safeParse(said);
  if (data === undefined) {
    const [issue] = error.issues;
    throw new LimbeckError('BAD_FILE', `${source}: its entry '${issue?.path.join('.')}': ${issue?.message}`, {
      hint: 'export the weights again',
      details: { path: source },
    });
  }
  return {
    backbone: data['limbeck.backbone'],
    options: data['limbeck.options'] ?? {},
    classes: data['limbeck.classes'],
    imageShape: data['limbeck.imageShape'],
    normalization: data['limbeck.normalization'],
    pictures: data['limbeck.pictures'],
  };
}
