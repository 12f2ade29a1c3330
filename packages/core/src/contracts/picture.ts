import type { ImageShape } from './backbone.js';

/** Which bytes of a file are a picture; left out, the whole file is. */
export interface FilePart {
  /** First byte. Default 0. */
  readonly offset?: number;
  /** Number of bytes as they lie in the file. Default: up to its end. */
  readonly length?: number;
  /** Bytes they unpack to, where they are packed by deflate without a header, as in zip archives. */
  readonly inflated?: number;
}

/**
 * One picture of a data set, of any size. Loading decodes it and brings it into shape; where threads load, a file is read
 * by the thread that decodes it.
 */
export type Sample =
  /** An encoded picture in a file: JPEG, PNG, WebP, GIF, BMP or TIFF, told apart by its first bytes. */
  | ({ readonly file: string } & FilePart)
  /** An encoded picture in memory; `name` is what messages call it. */
  | { readonly bytes: Uint8Array; readonly name: string }
  /** Pixels in memory as bytes (0-255), channel-major. */
  | { readonly pixels: Uint8Array; readonly shape: ImageShape };
