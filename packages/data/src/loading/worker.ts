import { parentPort } from 'node:worker_threads';
import { imageSize } from '../buffers.js';
import { loadItems } from './load-items.js';
import type { Answer, Order } from './messages.js';
import { received } from './recipe.js';
import { createSampleLoader, type SampleLoader } from './sample-loader.js';

/** A thread that decodes samples and brings them into shape. It does its orders one after another. */
const loaders = new Map<number, { readonly loader: SampleLoader; readonly size: number }>();
const answer = (message: Answer) => parentPort!.postMessage(message);
let last: Promise<void> = Promise.resolve();

async function follow(order: Order): Promise<void> {
  if (order.type === 'recipe') {
    const recipe = await received(order.recipe);
    loaders.set(order.id, { loader: createSampleLoader(recipe), size: imageSize(recipe.imageShape) });
    return;
  }
  const { job, draw, images, items } = order;
  const { loader, size } = loaders.get(order.recipe)!;
  answer({ type: 'loaded', job, failures: await loadItems(loader, items, { draw, images, size }) });
}

parentPort!.on('message', (order: Order) => {
  last = last
    .then(() => follow(order))
    .catch((error: Error) => {
      const job = order.type === 'load' ? order.job : -1;
      answer({ type: 'broken', job, message: error.message });
    });
});
