import { type TensorData, tensorData } from '@limbeck/graph';

/** What a model takes and gives for other programs. */
export interface ExportForm {
  /** It normalises by itself, and takes pixels from 0 to 255. Default false: it takes what the network sees. */
  readonly normalize?: boolean | undefined;
  /** Order of the axes of its images. Default NCHW. */
  readonly layout?: 'NCHW' | 'NHWC' | undefined;
  /** It is the encoder alone, which gives embeddings [N, D]. Default false: it gives logits. */
  readonly embedding?: boolean | undefined;
}

/** Images as the network sees them, [N, C, H, W], in the form that an exported model takes them in. */
export function inForm(
  images: TensorData,
  { normalize = false, layout = 'NCHW' }: ExportForm,
  { mean, std }: { readonly mean: readonly number[]; readonly std: readonly number[] },
): TensorData {
  if (!normalize && layout === 'NCHW') return images;
  const [n, c, h, w] = images.shape as [number, number, number, number];
  const data = new Float32Array(images.data.length);
  const area = h * w;
  for (let image = 0; image < n; image++) {
    for (let channel = 0; channel < c; channel++) {
      for (let i = 0; i < area; i++) {
        const from = (image * c + channel) * area + i;
        const value = images.data[from] as number;
        data[layout === 'NCHW' ? from : (image * area + i) * c + channel] = normalize
          ? 255 * (value * std[channel]! + mean[channel]!)
          : value;
      }
    }
  }
  return tensorData('float32', layout === 'NCHW' ? images.shape : [n, h, w, c], data);
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
