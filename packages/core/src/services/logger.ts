/** Where plugins say what they do. A message is one line; `facts` are for programs. */
export interface Logger {
  debug(message: string, facts?: Readonly<Record<string, unknown>>): void;
  info(message: string, facts?: Readonly<Record<string, unknown>>): void;
  warn(message: string, facts?: Readonly<Record<string, unknown>>): void;
}

const ignore = (): undefined => undefined;

/** Says nothing: what a host without a logger uses. */
export const silentLogger: Logger = Object.freeze({ debug: ignore, info: ignore, warn: ignore });
