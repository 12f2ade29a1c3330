/** What a model takes and gives for other programs. */
export interface ExportForm {
  /** It normalises by itself, and takes pixels from 0 to 255. Default false: it takes what the network sees. */
  readonly normalize?: boolean | undefined;
  /** Order of the axes of its images. Default NCHW. */
  readonly layout?: 'NCHW' | 'NHWC' | undefined;
  /** It is the encoder alone, which gives embeddings [N, D]. Default false: it gives logits. */
  readonly embedding?: boolean | undefined;
}

/** The form as entries of a file's metadata. */
export const describeForm = ({
  normalize = false,
  layout = 'NCHW',
  embedding = false,
}: ExportForm): Record<string, string> => ({
  'limbeck.input': `${normalize ? 'pixels from 0 to 255' : 'pixels from 0 to 1, normalized'}, ${layout}`,
  'limbeck.output': embedding ? 'embedding' : 'logits',
});
