import type { Output } from './io.js';

/**
 * A stream of the process as an output that may fail: a closed terminal (EIO), a full disk (ENOSPC), a reader that has gone (EPIPE). The
 * work goes on; what follows goes nowhere.
 */
export function guardedOutput(stream: NodeJS.WriteStream): Output {
  let open = true;
  // the listener stays: whoever else writes to the stream must not end the process either
  stream.on('error', () => {
    open = false;
  });
  return {
    write(text) {
      if (!open) return;
      try {
        stream.write(text);
      } catch {
        open = false;
      }
    },
    get isTTY() {
      return open && stream.isTTY === true;
    },
    get columns() {
      return stream.columns;
    },
  };
}
